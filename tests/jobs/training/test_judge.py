"""The gate: what may take the place of the version that serves."""

import msgspec
import numpy as np
import pytest

from service.contracts.ports import MaturedExamples
from service.evaluation.metrics import pr_auc
from service.jobs.training.examples import Examples, Flags, read_examples
from service.jobs.training.fit import Fitted, fit, risks_of
from service.jobs.training.judge import Gate, compare, held_out, is_held_out, judge
from service.jobs.training.pool import Span, pooled
from service.storage.memory import MemoryExampleStore
from tests.jobs.training.stores import COLUMNS, GRACE_US, HORIZON_US, HOUR_US, START_US, lived

GATE = Gate(holdout_share=0.2, gap_us=HORIZON_US + GRACE_US, margin=0.02, confidence=0.8, seed=1)
HOURS = 240
CUT = HOURS * 4 // 5
"""The hour at which the hold-out begins."""


def examples(blocks: list[MaturedExamples]) -> Examples:
    store = MemoryExampleStore()
    store.put(blocks)
    return read_examples(store, blocks[0].home_type, COLUMNS, window=10**6, up_to_seq=10**6)


def changed(part: Examples, **changes: object) -> Examples:
    return Examples(**{name: getattr(part, name) for name in part.__struct_fields__} | changes)


def spoilt(part: Examples) -> Examples:
    """With labels drawn by chance, but for the newest examples of held-out devices."""
    kept = is_held_out(part.device, GATE.seed) & (part.at_seq > CUT)
    labels = part.labels.copy()
    labels[~kept] = np.random.default_rng(1).permutation(labels[~kept])
    return changed(part, labels=labels)


GOOD = examples(lived("villa", seed=1))
HELD = {device for device in range(24) if is_held_out(np.array([device]), GATE.seed)[0]}
FAILING = {device for device in HELD if device % 2 == 0}
PRESENT = fit(pooled([examples(lived("villa", seed=2))]), 1)


def test_as_good_as_the_present_version() -> None:
    """It passes, with both qualities and their difference."""
    verdict = judge([GOOD], GATE, PRESENT, 0)

    assert not verdict.rejected
    assert verdict.reason.startswith("not worse than the present version: PR-AUC ")
    assert verdict.difference is not None
    assert verdict.difference.low <= verdict.difference.point <= verdict.difference.high
    assert abs(verdict.difference.point) < 0.2
    for quality in (verdict.quality, verdict.unseen_quality, verdict.present_quality):
        assert quality is not None
        assert (quality.pr_auc or 0.0) > 0.5
        assert len(FAILING) == quality.failing_devices
        assert {"battery", "heat"} == quality.mode_recall.keys()


def test_worse_than_the_present_version() -> None:
    """A candidate whose labels were chance is rejected, and the reason says by how much it is worse."""
    verdict = judge([spoilt(GOOD)], GATE, PRESENT, 0)

    assert verdict.rejected
    assert verdict.reason.startswith("worse than the present version: PR-AUC -")
    assert verdict.difference is not None
    assert verdict.difference.worse > 0.95


def test_a_wide_margin_lets_it_pass() -> None:
    """Margin and confidence are the operator's."""
    part = spoilt(GOOD)
    assert not judge([part], msgspec.structs.replace(GATE, margin=1.0), PRESENT, 0).rejected
    assert not judge([part], msgspec.structs.replace(GATE, confidence=1.0), PRESENT, 0).rejected


def test_a_better_one_passes() -> None:
    """The present version knows nothing."""
    poor = fit(pooled([examples(lived("villa", seed=2, chance_until=HOURS))]), 1)
    verdict = judge([GOOD], GATE, poor, 0)

    assert not verdict.rejected
    assert verdict.difference is not None
    assert verdict.difference.low > 0.1


def test_without_a_present_version() -> None:
    """There is nothing to compare with; the quality is told all the same."""
    verdict = judge([GOOD], GATE, None, 0)

    assert (False, "there is no present version to compare with") == (verdict.rejected, verdict.reason)
    assert verdict.quality is not None
    assert (None, None, None) == (verdict.unseen_quality, verdict.present_quality, verdict.difference)


def test_only_what_the_present_version_has_not_seen() -> None:
    """It is judged on what matured since it was trained; if that is too little, it is not judged."""
    late = judge([GOOD], GATE, PRESENT, 220)
    assert late.unseen_quality is not None
    assert late.quality is not None
    assert late.present_quality is not None
    unseen = (GOOD.at_seq > 220) & is_held_out(GOOD.device, GATE.seed)
    matured = (GOOD.all_at_seq > 220) & is_held_out(GOOD.all_device, GATE.seed)
    assert late.unseen_quality.examples == int(unseen.sum()) == late.quality.examples
    assert late.unseen_quality.base_rate == late.present_quality.base_rate == GOOD.all_labels[matured].mean()

    none = judge([spoilt(GOOD)], GATE, PRESENT, HOURS)
    assert (False, "too little to judge by: 0 failing devices in the hold-out") == (none.rejected, none.reason)
    assert none.difference is None


def test_few_failing_devices_decide_nothing() -> None:
    """However many examples they have."""
    few = examples(lived("villa", devices=8, hours=480))
    failing = sum(device % 2 == 0 for device in HELD if device < 8)
    verdict = judge([spoilt(few)], GATE, PRESENT, 0)

    assert failing < 5
    expected = f"too little to judge by: {failing} failing devices in the hold-out"
    assert (False, expected) == (verdict.rejected, verdict.reason)


def test_nothing_is_left_to_train_on() -> None:
    """Of devices that are all held out, a history shorter than hold-out and gap."""
    part = examples(lived("villa", hours=7))
    alone = min(HELD)
    only = changed(part, device=np.full_like(part.device, alone), all_device=np.full_like(part.all_device, alone))
    verdict = judge([only], GATE, PRESENT, 0)

    assert (False, None) == (verdict.rejected, verdict.quality)
    assert "nothing is left to train on" in verdict.reason


def test_what_lies_in_the_gap_is_not_learned() -> None:
    """Whatever features held-out devices have there, the candidate is the same; those of others it has learned."""
    hour = (GOOD.ts - START_US) // HOUR_US
    held = is_held_out(GOOD.device, GATE.seed)

    def changing(where: Flags) -> float | None:
        rows = GOOD.rows.copy()
        rows[where] = 0.0
        verdict = judge([changed(GOOD, rows=rows)], GATE, None, 0)
        return verdict.quality.log_loss if verdict.quality is not None else None

    gap = (hour >= CUT - 6) & (hour < CUT)
    untouched = changing(np.zeros_like(held))
    assert untouched == changing(gap & held)
    assert untouched != changing(gap & ~held)
    assert untouched != changing((hour >= CUT - 9) & (hour < CUT - 7) & held)


def test_the_newest_days_of_other_devices_are_learned() -> None:
    """After a drift a candidate that knows it takes the place of a version that cannot, on the first day."""
    turned = GOOD.at_seq > CUT
    rows = np.where(turned[:, None], -GOOD.rows, GOOD.rows)
    present = fit(pooled([changed(GOOD, rows=rows)], [Span(before_us=START_US + CUT * HOUR_US)]), 1)
    verdict = judge([changed(GOOD, rows=rows)], GATE, present, CUT)

    assert not verdict.rejected
    assert verdict.difference is not None
    assert verdict.difference.low > 0.0


def test_each_home_type_has_its_own_newest_examples() -> None:
    """Home types whose time lies years apart all are in the hold-out."""
    other = examples(lived("studio", seed=3))
    ancient = changed(other, ts=other.ts - 10**15, all_ts=other.all_ts - 10**15)
    verdict = judge([GOOD, ancient], GATE, PRESENT, 0)

    assert verdict.quality is not None
    assert 2 * len(FAILING) == verdict.quality.failing_devices


def test_quality_is_that_of_all_that_matured() -> None:
    """From a quarter of the negatives nearly the quality on all of them; without their weights it would look better."""
    full, part = lived("villa", hours=400, seed=4), examples(lived("villa", hours=400, seed=4))
    everything = examples([unsampled(block) for block in full])
    sampled, whole = pooled([part]), pooled([everything])
    found, truth = held_out(sampled, risks_of(PRESENT, sampled)), held_out(whole, risks_of(PRESENT, whole))

    assert found.pr_auc is not None
    assert truth.pr_auc is not None
    assert truth.pr_auc == pytest.approx(found.pr_auc, abs=0.02)
    assert (pr_auc(sampled.labels, risks_of(PRESENT, sampled)) or 0.0) > truth.pr_auc + 0.05
    assert truth.base_rate == found.base_rate
    assert truth.log_loss == pytest.approx(found.log_loss, rel=0.1)


def unsampled(block: MaturedExamples) -> MaturedExamples:
    """The same block with all negatives, those that were not kept having the rows of others."""
    chosen = np.frombuffer(block.chosen, np.int32)
    rows = np.frombuffer(block.features, np.float32).reshape(-1, block.columns)
    labels = np.frombuffer(block.label, np.int8)
    negatives = np.flatnonzero(labels[chosen] == 0)
    place = {int(device): n for n, device in enumerate(chosen)}
    if not len(negatives):
        return block
    take = [place.get(device, int(negatives[device % len(negatives)])) for device in range(len(labels))]
    return msgspec.structs.replace(
        block,
        chosen=np.arange(len(labels), dtype=np.int32).tobytes(),
        features=rows[take].tobytes(),
        modes=[block.modes[n] if device in place else "" for device, n in enumerate(take)],
    )


def test_equal_risks_do_not_differ() -> None:
    """And whoever knows the labels is better than chance, for sure."""
    pool = pooled([GOOD])
    chance = np.random.default_rng(1).random(len(pool))
    same = compare(pool, chance, chance, margin=0.0, seed=1)
    better = compare(pool, pool.labels.astype(np.float64), chance, margin=0.0, seed=1)

    assert (0.0, 0.0, 0.0, 0.0) == (same.point, same.low, same.high, same.worse)
    assert better.low > 0.5
    assert better == compare(pool, pool.labels.astype(np.float64), chance, margin=0.0, seed=1)


def test_a_present_version_of_other_columns() -> None:
    """It finds its columns by name; one that is not there any more is unknown to it."""
    names = list(PRESENT.forest.names)
    names[1] = "gone.raw"
    other = Fitted(forest=msgspec.structs.replace(PRESENT.forest, names=names), shift=PRESENT.shift)
    pool = pooled([GOOD])
    blind = msgspec.structs.replace(pool, rows=np.where(np.arange(len(names)) == 1, np.float32(np.nan), pool.rows))

    assert risks_of(other, pool).tolist() == risks_of(PRESENT, blind).tolist()
