"""Judging: is a candidate good enough to take the place of the version that serves?

                     oldest ────────────────────────────────────────────────────────────────────────── newest
    every other device      ├───────────────────────────── fitted to ─────────────────────────────────────┤
    held-out devices        ├──────── fitted to ────────┤◄─ gap: H + grace ─►├───────── hold-out ─────────┤
                                                                                └─ of it, what the present version
                                                                                   has not seen

What is published is fitted to everything up to now, so a candidate that knew nothing of the newest days would be judged
for an age that it will not have: after a drift all of them would be rejected. So every second device is held out, and
only its newest examples: the candidate knows these days of other devices, and of the held-out ones nothing that reaches
into them. Both are scored on held-out examples that neither has been trained on. See ADR 0014.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from msgspec import Struct

from service.contracts.checkpoints import Difference, HeldOut
from service.evaluation.bootstrap import device_draws
from service.evaluation.metrics import Steps, brier, log_loss, pr_auc, recall_at_far, threshold_at_far
from service.jobs.training.examples import Examples, Flags, Ints
from service.jobs.training.fit import Fitted, fit, risks_of
from service.jobs.training.pool import Floats, Pool, pooled
from service.labels.sampling import unit_hashes

_ENOUGH_DEVICES = 5
"""Failing devices without which a hold-out decides nothing."""
_HELD_DEVICES = 0.5
"""Share of the devices that are held out. With fewer too few failures would be left to decide anything."""
_RESAMPLES = 400
_INTERVAL = (0.05, 0.95)


class Verdict(Struct, frozen=True, kw_only=True):
    """What is held of a candidate; the qualities and the difference as in `TrainingResult`.

    Attributes:
        candidate: What was judged, and what it was fitted to; None where nothing could be.
    """

    candidate: tuple[Fitted, Pool] | None = None
    rejected: bool = False
    reason: str
    quality: HeldOut | None = None
    unseen_quality: HeldOut | None = None
    present_quality: HeldOut | None = None
    difference: Difference | None = None


class Gate(Struct, frozen=True, kw_only=True):
    """By which rule is judged; see `TrainingOrder`.

    Attributes:
        gap_us: Horizon and grace together.
    """

    holdout_share: float
    gap_us: int
    margin: float
    confidence: float
    seed: int
    must_win: bool = False


class _Newest(Struct, frozen=True, kw_only=True):
    """The newest examples of held-out devices that matured after an event."""

    cut_us: int
    seed: int
    after_seq: int = -1

    def holds(self, ts: Ints, at_seq: Ints, device: Ints) -> Flags:
        return (ts >= self.cut_us) & (at_seq > self.after_seq) & is_held_out(device, self.seed)


class _Rest(Struct, frozen=True, kw_only=True):
    """All examples of other devices, and of held-out ones those from before the gap."""

    cut_us: int
    gap_us: int
    seed: int

    def holds(self, ts: Ints, at_seq: Ints, device: Ints) -> Flags:
        return (ts < self.cut_us - self.gap_us) | ~is_held_out(device, self.seed)


def is_held_out(device: Ints, seed: int) -> Flags:
    """Which devices of a home type, (n,), are held out, as drawn by a hash of the seed and their numbers; (n,)."""
    return unit_hashes(seed, 0, device.astype(np.int32)) < _HELD_DEVICES


def judge(parts: Sequence[Examples], gate: Gate, present: Fitted | None, trained_to_seq: int) -> Verdict:
    """Fit a candidate to some home types without their held-out examples and hold it against the version that serves.

    Args:
        parts: The examples of each home type.
        gate: The rule.
        present: The version that serves, None if there is none.
        trained_to_seq: It was trained on nothing that matured after this event.
    """
    cuts = [_cut(part, gate.holdout_share, trained_to_seq if present is not None else 0) for part in parts]
    rest = pooled(parts, [_Rest(cut_us=cut, gap_us=gate.gap_us, seed=gate.seed) for cut in cuts])
    if not rest.two_sided:
        return Verdict(reason="too little to judge by: nothing is left to train on beside the hold-out")
    candidate = fit(rest, gate.seed)
    newest = pooled(parts, [_Newest(cut_us=cut, seed=gate.seed) for cut in cuts])
    quality = held_out(newest, risks_of(candidate, newest))
    if present is None:
        return Verdict(
            candidate=(candidate, rest), reason="there is no present version to compare with", quality=quality
        )
    unseen = pooled(parts, [_Newest(cut_us=cut, seed=gate.seed, after_seq=trained_to_seq) for cut in cuts])
    ours, theirs = risks_of(candidate, unseen), risks_of(present, unseen)
    verdict = Verdict(
        candidate=(candidate, rest),
        rejected=gate.must_win,
        reason=f"too little to judge by: {unseen.failing_devices} failing devices in the hold-out",
        quality=quality,
        unseen_quality=held_out(unseen, ours),
        present_quality=held_out(unseen, theirs),
    )
    if unseen.failing_devices < _ENOUGH_DEVICES or not unseen.two_sided:
        return verdict
    difference = compare(unseen, ours, theirs, margin=gate.margin, seed=gate.seed)
    figures = f"PR-AUC {difference.point:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})"
    if gate.must_win:
        rejected = difference.better < gate.confidence
        word = "not surely better" if rejected else "better"
        reason = f"{word} than the global version: {figures}; better with a probability of {difference.better:.0%}"
    else:
        rejected = difference.worse > gate.confidence
        word = "worse" if rejected else "not worse"
        chance = f"worse by more than {gate.margin:g} with a probability of {difference.worse:.0%}"
        reason = f"{word} than the present version: {figures}; {chance}"
    return msgspec.structs.replace(verdict, rejected=rejected, reason=reason, difference=difference)


def _cut(part: Examples, share: float, trained_to_seq: int) -> int:
    """The instant at which the newest share of a home type's examples begins, or, later, what nobody has learned from.

    A candidate that had to leave out more than that would be judged for its age.
    """
    ts = np.sort(part.all_ts)
    if not len(ts):
        return 0
    cut = int(ts[int((1.0 - share) * len(ts))])
    unseen = part.ts[part.at_seq > trained_to_seq]
    return max(cut, int(unseen.min())) if len(unseen) and len(unseen) < len(part.ts) else cut


def held_out(pool: Pool, risks: Floats) -> HeldOut:
    """The quality of risks, (k,), of the rows of a pool."""
    threshold = threshold_at_far(pool.labels, risks, weights=pool.weights)
    modes = np.array(pool.modes, np.str_)
    recall = {}
    if threshold is not None:
        for mode in np.unique(modes[pool.labels]).tolist():
            if mode:
                recall[mode] = float(np.mean(risks[pool.labels & (modes == mode)] >= threshold))
    return HeldOut(
        examples=len(pool),
        positives=pool.positives,
        failing_devices=pool.failing_devices,
        base_rate=pool.base_rate,
        pr_auc=pr_auc(pool.labels, risks, pool.weights),
        recall_at_1pct_far=recall_at_far(pool.labels, risks, weights=pool.weights),
        brier=brier(pool.labels, risks, pool.weights),
        log_loss=log_loss(pool.labels, risks, pool.weights),
        mode_recall=recall,
    )


def compare(pool: Pool, ours: Floats, theirs: Floats, *, margin: float, seed: int) -> Difference:
    """PR-AUC of one set of risks minus that of another, and how sure that is, by a paired bootstrap over devices."""
    mine, other = Steps(pool.labels, ours), Steps(pool.labels, theirs)
    drawn: list[float] = []
    for times in device_draws(pool.device, seed=seed, resamples=_RESAMPLES):
        weights = pool.weights * times
        one, two = mine.pr_auc(weights), other.pr_auc(weights)
        if one is not None and two is not None:
            drawn.append(one - two)
    low, high = np.quantile(drawn, _INTERVAL)
    return Difference(
        point=(mine.pr_auc(pool.weights) or 0.0) - (other.pr_auc(pool.weights) or 0.0),
        low=float(low),
        high=float(high),
        worse=float(np.mean(np.array(drawn) < -margin)),
        better=float(np.mean(np.array(drawn) > 0.0)),
    )
