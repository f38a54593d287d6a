"""The learner's fold: from logged events to labels, to models, to weights.

A pure function of the log: no clock, no unseeded randomness. For every event it keeps the new examples, enters the
outcomes, moves the watermark, and takes out what is due. Each due example gets its label, is scored with the risks
given *before* (test), and then, if the sampler chooses it, is learned (train):

    reading ──► pending ·········· ts + H + grace ──► label ──► losses, weights ──► learn_one
                           outcome ──► book ────────────┘
"""

import numpy as np

from service.contracts.events import (
    Advanced,
    Event,
    GroupColumns,
    OutcomesLogged,
    ReadingGroup,
    ReadingsLogged,
)
from service.contracts.outcomes import Failure
from service.contracts.ports import EventLog, ExampleStore, MaturedExamples
from service.labels.book import DeviceKey, OutcomeBook, instant_us
from service.labels.join import CENSORED, POSITIVE, label_of
from service.labels.pending import Due
from service.models.committee import BASELINE
from service.pipeline.home_type import HomeTypeFold
from service.pipeline.learner_config import LearnSettings
from service.pipeline.publication import DEFAULT, Publication
from service.pipeline.rows import FeatureRows
from service.pipeline.standing import Fleet, standing


class LearnerFold:
    """The learner's state at a sequence number; `apply` folds the next event into it.

    Args:
        settings: What the fold depends on besides the log.
        log: Read back for the features of examples that are learned.
        examples: Where matured examples go.
    """

    def __init__(self, settings: LearnSettings, log: EventLog, examples: ExampleStore) -> None:
        self.seq = 0
        self.home_types: dict[str, HomeTypeFold] = {}
        self._settings = settings
        self._rows = FeatureRows(log)
        self._examples = examples
        self._book = OutcomeBook()
        self._home_type_of: dict[DeviceKey, str] = {}
        self._fleet = Fleet(settings.seed)
        self._changed: set[str] = {DEFAULT}
        self._published: dict[str, int] = {}

    def apply(self, seq: int, event: Event) -> None:
        """Fold one event. ``seq`` must be the next."""
        if seq != self.seq + 1:
            raise ValueError(f"event {seq} after {self.seq}")
        self.seq = seq
        matured: list[MaturedExamples] = []
        if isinstance(event, ReadingsLogged):
            for group in event.groups:
                matured += self._readings(seq, group)
        elif isinstance(event, OutcomesLogged):
            for outcome in event.outcomes:
                key = self._book.enter(outcome)
                if key is not None and isinstance(outcome, Failure):
                    self._failure_reported(key, outcome)
        elif isinstance(event, Advanced):
            for name in sorted(self.home_types) if event.home_type is None else [event.home_type]:
                if name in self.home_types:
                    self.home_types[name].watermark.advance(event.to_us)
                    matured += self._mature(seq, self.home_types[name])
        elif event.member == BASELINE:
            self._fleet.baseline = event
            self._changed.update(self.home_types, [DEFAULT])
        if matured:
            self._examples.put(matured)

    def _readings(self, seq: int, group: ReadingGroup) -> list[MaturedExamples]:
        fold = self.home_types.get(group.home_type)
        if fold is None:
            fold = HomeTypeFold(group.home_type, self._settings, len(self.home_types))
            self.home_types[group.home_type] = fold
        fold.register(group)
        for home_id, device_id in group.new_devices:
            key = (home_id, device_id)
            self._home_type_of[key] = group.home_type
        columns = GroupColumns(group)
        example = columns.example
        timely = columns.ts[example] >= fold.watermark.value_us
        fold.late_readings += int(len(example) - timely.sum())
        kept = example[timely]
        fold.pending.add(
            columns.ts[kept],
            seq,
            np.flatnonzero(timely).astype(np.int32),
            columns.device[kept],
            columns.risk[kept],
            [vote.member for vote in group.votes],
            columns.member_risk[kept],
        )
        np.maximum.at(fold.last_seen, columns.device, columns.ts)
        fold.device_type[columns.device] = columns.device_type
        turn = np.zeros(len(columns.ts), np.bool_)
        turn[example] = True
        fold.watermark.hear(columns.device, columns.ts, turn)
        self._changed.add(group.home_type)
        return self._mature(seq, fold)

    def _failure_reported(self, key: DeviceKey, failure: Failure) -> None:
        home_type = self._home_type_of.get(key)
        if home_type is None:
            return
        fold = self.home_types[home_type]
        failed_us = instant_us(failure.ts)
        fold.late_failures += failed_us <= fold.watermark.value_us - self._settings.grace_us
        self._changed.add(home_type)

    def _mature(self, seq: int, fold: HomeTypeFold) -> list[MaturedExamples]:
        settings = self._settings
        due = fold.pending.take_due(fold.watermark.value_us - settings.horizon_us - settings.grace_us)
        if due is None:
            return []
        labels = np.empty(len(due), np.int8)
        for i in range(len(due)):
            labels[i] = self._settle(fold, due, i)
        members = list(due.member_risk)
        risks = np.column_stack([due.member_risk[name] for name in members])
        return [
            MaturedExamples(
                home_type=fold.home_type,
                at_seq=seq,
                seq=due.seq.tobytes(),
                row=due.row.tobytes(),
                device=due.device.tobytes(),
                ts=due.ts.tobytes(),
                label=labels.tobytes(),
                blend=due.blend.tobytes(),
                members=members,
                member_risk=risks.tobytes(),
            )
        ]

    def _settle(self, fold: HomeTypeFold, due: Due, i: int) -> int:
        """Label one due example, score it, and learn it if it is chosen; returns the label."""
        device, ts, seq, row = int(due.device[i]), int(due.ts[i]), int(due.seq[i]), int(due.row[i])
        marks = self._book.marks(fold.devices[device])
        label, mode = label_of(ts, self._settings.horizon_us, marks, int(fold.last_seen[device]))
        if label == CENSORED:
            fold.censored += 1
            return label
        positive = label == POSITIVE
        risks = {member: float(column[i]) for member, column in due.member_risk.items()}
        fold.scales.add(positive, risks)
        self._fleet.scales.add(positive, risks)
        fold.prior.learn(positive)
        if positive:
            device_type = fold.layout.device_types[fold.device_type[device]]
            seen = fold.modes.setdefault(device_type, {})
            seen[mode] = seen.get(mode, 0) + 1
        chosen = fold.sampler.choose(positive=positive, seq=seq, row=row)
        self._fleet.sampler.count(positive=positive, chosen=chosen)
        self._changed.add(DEFAULT)  # the fleet's counts shift the global members everywhere
        if chosen:
            x = fold.row(self._rows.of(seq, fold.home_type, row))
            for model in (*fold.models.values(), *self._fleet.models.values()):
                model.learn(x, positive, features=fold.layout.width)
            self._fleet.metrics.update(fold.layout.metrics)
        return label

    def publication(self) -> Publication:
        """What changed since the last call."""
        models = dict(self._fleet.models)
        for name in sorted(self._changed - {DEFAULT}):
            models.update({f"{member}@{name}": model for member, model in self.home_types[name].models.items()})
        compiled = {}
        for key, model in models.items():
            if model.learned > self._published.get(key, 0) and (form := model.compiled()) is not None:
                compiled[key] = form
                self._published[key] = model.learned
        if DEFAULT in self._changed:
            self._changed.update(self.home_types)
        out = Publication(
            seq=self.seq,
            models=compiled,
            home_types=[standing(self._fleet, self.home_types.get(name)) for name in sorted(self._changed)],
        )
        self._changed.clear()
        return out
