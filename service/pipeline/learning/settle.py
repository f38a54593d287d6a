"""Settling: an example whose time has come gets its label, is scored with the risks given before, and may be learned.

A failure that is reported after that settles the examples it makes positive once more: they are learned as positives,
and weights, calibration and prior count them, too. Nothing is unlearned.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from service.contracts.outcomes import UNKNOWN_MODE
from service.contracts.ports import ExampleStore, MaturedExamples
from service.evaluation.drift import LossDrifted
from service.labels.book import DeviceKey, OutcomeBook
from service.labels.join import CENSORED, NEGATIVE, POSITIVE, UNREPORTED, label_of
from service.labels.pending import Due
from service.models.stacking import expected, member_logits
from service.pipeline.learning.config import LearnSettings
from service.pipeline.learning.fleet import Fleet
from service.pipeline.learning.home_type import HomeTypeFold
from service.pipeline.learning.rows import FeatureRows
from service.pipeline.learning.standing import weights_of

_Final = tuple[int, int, int, dict[str, float]]
"""Instant, device, label and members' risks of an example that is final."""

Drifted = tuple[Fleet | HomeTypeFold, LossDrifted, bool]
"""A drift, with the owner of the watch, and whether an alarm began with it."""


class _Kept:
    """The examples of a block that are kept for training, with their feature rows and failure modes."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.positions: list[int] = []
        self.learned: list[bool] = []
        self.rows: list[list[float]] = []
        self.modes: list[str] = []

    def add(self, position: int, values: list[float], mode: str, *, learned: bool) -> None:
        self.positions.append(position)
        self.learned.append(learned)
        self.modes.append("" if mode == UNKNOWN_MODE else mode)
        self.rows.append(values + [np.nan] * (self.columns - len(values)))

    def features(self) -> bytes:
        return np.array(self.rows, np.float32).tobytes()


class Settler:
    """Settles the examples of all home types.

    Args:
        settings: The fold's settings.
        fleet: Global members, sampling and losses of the fleet; changed.
        book: What is held true of the devices.
        rows: Feature rows of logged examples.
        examples: The matured examples so far.

    Attributes:
        drifts: Drifts of losses that have become plain; taken out by whoever acts on them.
    """

    def __init__(
        self, settings: LearnSettings, fleet: Fleet, book: OutcomeBook, rows: FeatureRows, examples: ExampleStore
    ) -> None:
        self._settings = settings
        self._fleet = fleet
        self._book = book
        self._rows = rows
        self._examples = examples
        self.drifts: list[Drifted] = []

    def mature(self, seq: int, place: int, fold: HomeTypeFold) -> MaturedExamples | None:
        """Settle what is due in a home type after event ``seq``, as its block number ``place``; None if nothing is."""
        settings = self._settings
        due = fold.pending.take_due(fold.watermark.value_us - settings.horizon_us - settings.grace_us)
        if due is None:
            return None
        self._fleet.pending[fold.home_type] = fold.pending.count
        self._fleet.calibration.remember(sum(self._fleet.pending.values()))
        kept = _Kept(fold.layout.width)
        fold.weights = weights_of(self._fleet, fold, settings)
        labels = np.array([self._settle(fold, due, i, kept, seq) for i in range(len(due))], np.int8)
        self._weigh(fold, due, labels)
        fold.calibration.learn(due.device, labels, due.member_risk, fold.weights, self._fleet.calibration)
        members = list(due.member_risk)
        risks = np.column_stack([due.member_risk[name] for name in members])
        return MaturedExamples(
            home_type=fold.home_type,
            at_seq=seq,
            place=place,
            seq=due.seq.tobytes(),
            row=due.row.tobytes(),
            device=due.device.tobytes(),
            ts=due.ts.tobytes(),
            label=labels.tobytes(),
            blend=due.blend.tobytes(),
            members=members,
            member_risk=risks.tobytes(),
            chosen=np.array(kept.positions, np.int32).tobytes(),
            learned=np.array(kept.learned, np.bool_).tobytes(),
            columns=kept.columns,
            features=kept.features(),
            modes=kept.modes,
        )

    def _weigh(self, fold: HomeTypeFold, due: Due, labels: npt.NDArray[np.int8]) -> None:
        """Let the weights learn of examples whose labels are believed."""
        known = np.flatnonzero((labels == POSITIVE) | (labels == NEGATIVE))
        if not len(known):
            return
        logits, positive = member_logits(due.member_risk, known), labels[known] == POSITIVE
        at_us = int(due.ts[known].max())
        self._fleet.stacking.add(logits, positive, at_us)
        self._fleet.stacking.refit(expected(self._fleet.calibration.failing))
        fold.stacking.add(logits, positive, at_us)
        fold.stacking.refit(self._fleet.stacking.weights)

    def _settle(self, fold: HomeTypeFold, due: Due, i: int, kept: _Kept, at_seq: int) -> int:
        """Label one example that is due at an event, score it, learn or keep it if it is chosen; returns the label."""
        device, ts, seq, row = int(due.device[i]), int(due.ts[i]), int(due.seq[i]), int(due.row[i])
        marks = self._book.marks(fold.devices[device])
        label, mode = label_of(ts, self._settings.horizon_us, marks, int(fold.last_seen[device]))
        if label == CENSORED:
            fold.censored += 1
            return label
        silent_us = self._fleet.silence.since_us
        if label == NEGATIVE and silent_us is not None and ts + self._settings.horizon_us > silent_us:
            fold.unreported += 1
            return UNREPORTED
        positive = label == POSITIVE
        risks = {member: float(column[i]) for member, column in due.member_risk.items()}
        fold.scales.add(positive, risks)
        self._fleet.scales.add(positive, risks)
        for owner in (fold, self._fleet):
            before = tuple(owner.watch.in_alarm)
            for drift in owner.watch.add(positive, risks, seq=at_seq, at_us=ts):
                alarmed = drift.member in owner.watch.in_alarm and drift.member not in before
                self.drifts.append((owner, drift, alarmed))
        fold.prior.learn(positive)
        if positive:
            fold.note_mode(device, mode)
        choice = fold.sampler.choose(positive=positive, seq=seq, row=row)
        self._fleet.sampler.count(positive=positive, learned=choice.learned)
        if choice.kept:
            kept.add(i, self._rows.of(seq, fold.home_type, row), mode, learned=choice.learned)
        if choice.learned:
            self._learn(fold, kept, positive, at_seq)
        return label

    def _learn(self, fold: HomeTypeFold, kept: _Kept, positive: bool, at_seq: int) -> None:
        """Learn the newest of the examples kept, and how it failed, if that was told."""
        self.learn(fold, kept.rows[-1], positive, at_seq)
        if positive and kept.modes[-1]:
            self._fleet.modes.learn(fold.row(kept.rows[-1]), kept.modes[-1])

    def learn(self, fold: HomeTypeFold, values: list[float], positive: bool, at_seq: int) -> None:
        """Let the members of the home type, and the global ones, learn a feature row in the layout's columns.

        Those that began anew after event ``at_seq``, at which it matured, do not.
        """
        x = fold.row(values)
        for model in (*fold.models.values(), *self._fleet.models.values()):
            if model.since_seq < at_seq:
                model.learn(x, positive, features=len(values))
        self._fleet.metrics.update(fold.layout.metrics)

    def late(
        self, seq: int, place: int, fold: HomeTypeFold, failures: Sequence[tuple[DeviceKey, int]]
    ) -> MaturedExamples | None:
        """Settle once more what failures reported by event ``seq`` make positive; None if nothing.

        Examples whose features have left the log are corrected, but not learned.

        Args:
            seq: The event.
            place: Number of the block among those of the event.
            fold: The home type of the devices.
            failures: Device and instant in microseconds of each failure.
        """
        settings = self._settings
        final_us = fold.watermark.value_us - settings.horizon_us - settings.grace_us
        found: dict[tuple[int, int], _Final] = {}
        for key, failed_us in failures:
            first_us = failed_us - settings.horizon_us
            if first_us <= final_us:
                concerned = self._final(fold, fold.numbers[key], first_us, min(final_us, failed_us - 1), seq)
                fold.late_failures += bool(concerned)
                found |= concerned
        kept = _Kept(fold.layout.width)
        turned: list[tuple[int, int]] = []
        for (at_seq, row), (ts, device, before, _) in sorted(found.items(), key=lambda item: (item[1][:2], item[0])):
            marks = self._book.marks(fold.devices[device])
            label, mode = label_of(ts, settings.horizon_us, marks, int(fold.last_seen[device]))
            if label != POSITIVE or before in (POSITIVE, UNREPORTED):
                continue  # what is told after a silence would be learned without the healthy examples beside it
            values = self._rows.find(at_seq, fold.home_type, row)
            for sampler in (fold.sampler, self._fleet.sampler):
                sampler.correct(believed=before == NEGATIVE, learned=values is not None)
            fold.censored -= before == CENSORED
            fold.late_positives += 1
            fold.prior.correct(believed=before == NEGATIVE)
            fold.note_mode(device, mode)
            turned.append((at_seq, row))
            if values is not None:
                kept.add(len(turned) - 1, values, mode, learned=True)
                self._learn(fold, kept, True, seq)
        return self._turned(seq, place, fold, [(key, found[key]) for key in turned], kept) if turned else None

    def _turned(
        self, seq: int, place: int, fold: HomeTypeFold, turned: Sequence[tuple[tuple[int, int], _Final]], kept: _Kept
    ) -> MaturedExamples:
        """The block of examples that turned out positive; weights and calibration learn of them, too."""
        count = len(turned)
        device = np.array([final[1] for _, final in turned], np.int32)
        names = sorted({name for _, final in turned for name in final[3]})
        risks = {name: np.array([f[3].get(name, np.nan) for _, f in turned], np.float32) for name in names}
        logits = member_logits(risks, np.arange(count))
        for stacking in (self._fleet.stacking, fold.stacking):
            stacking.add(logits, np.ones(count, np.bool_), max(final[0] for _, final in turned))
        believed = np.array([final[2] == NEGATIVE for _, final in turned])
        fold.calibration.learn_late(device, believed, risks, fold.weights, self._fleet.calibration)
        nothing: npt.NDArray[np.float64] = np.full(count, np.nan)
        return MaturedExamples(
            home_type=fold.home_type,
            at_seq=seq,
            place=place,
            late=True,
            seq=np.array([key[0] for key, _ in turned], np.int64).tobytes(),
            row=np.array([key[1] for key, _ in turned], np.int32).tobytes(),
            device=device.tobytes(),
            ts=np.array([final[0] for _, final in turned], np.int64).tobytes(),
            label=np.full(count, POSITIVE, np.int8).tobytes(),
            blend=nothing.tobytes(),
            members=[],
            member_risk=b"",
            chosen=np.array(kept.positions, np.int32).tobytes(),
            learned=np.array(kept.learned, np.bool_).tobytes(),
            columns=kept.columns,
            features=kept.features(),
            modes=kept.modes,
        )

    def _final(
        self, fold: HomeTypeFold, device: int, first_us: int, last_us: int, before_seq: int
    ) -> dict[tuple[int, int], _Final]:
        """A device's final examples in a span of time by (seq, row), as of before event ``before_seq``."""
        found: dict[tuple[int, int], _Final] = {}
        for block in self._examples.around(fold.home_type, first_us, last_us, up_to_seq=before_seq - 1):
            ts = np.frombuffer(block.ts, np.int64)
            here = (np.frombuffer(block.device, np.int32) == device) & (ts >= first_us) & (ts <= last_us)
            seqs, rows = np.frombuffer(block.seq, np.int64), np.frombuffer(block.row, np.int32)
            labels = np.frombuffer(block.label, np.int8)
            risks = np.frombuffer(block.member_risk, np.float32).reshape(len(ts), len(block.members))
            for i in np.flatnonzero(here):
                given = dict(zip(block.members, risks[i].tolist(), strict=True))
                found[int(seqs[i]), int(rows[i])] = (int(ts[i]), device, int(labels[i]), given)
        return found
