"""The learner's fold: from logged events to labels, to models, to weights.

A pure function of the log: no clock, no unseeded randomness. For every event it keeps the new examples, enters the
outcomes, moves the watermark, and takes out what is due. Each due example gets its label, is scored with the risks
given *before* (test), and then, if the sampler chooses it, is learned (train):

    reading ──► pending ·········· ts + H + grace ──► label ──► losses, weights ──► learn_one
                           outcome ──► book ────────────┘
"""

from typing import Any

import numpy as np

from service.contracts.events import (
    Act,
    Advanced,
    CheckpointPublished,
    Event,
    GroupColumns,
    OutcomesLogged,
    ReadingGroup,
    ReadingsLogged,
    TrainingEnded,
)
from service.contracts.outcomes import Failure
from service.contracts.ports import EventLog, ExampleStore, MaturedExamples
from service.labels.book import DeviceKey, OutcomeBook, instant_us
from service.models.committee import CHECKPOINT
from service.models.online import OnlineModel
from service.pipeline.learning.config import LearnSettings
from service.pipeline.learning.due import due_of
from service.pipeline.learning.home_type import HomeTypeFold
from service.pipeline.learning.rows import FeatureRows
from service.pipeline.learning.settle import Settler
from service.pipeline.learning.standing import Fleet, standing
from service.pipeline.learning.tally import OutcomeTally
from service.pipeline.publication import DEFAULT, HomeTypeOut, Publication, TrainingDue


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
        self._examples = examples
        self._book = OutcomeBook()
        self._home_type_of: dict[DeviceKey, str] = {}
        self._tally = OutcomeTally()
        self._fleet = Fleet(settings.seed)
        self._rows = FeatureRows(log)
        self._settler = Settler(settings, self._fleet, self._book, self._rows, examples)
        self._changed: set[str] = {DEFAULT}
        self._published: dict[str, int] = {}

    def apply(self, seq: int, event: Event) -> None:
        """Fold one event. ``seq`` must be the next."""
        if seq != self.seq + 1:
            raise ValueError(f"event {seq} after {self.seq}")
        self.seq = seq
        settled: list[MaturedExamples | None] = []
        if isinstance(event, ReadingsLogged):
            for group in event.groups:
                fold = self._readings(seq, group)
                settled.append(self._settler.mature(seq, len(settled), fold))
        elif isinstance(event, OutcomesLogged):
            settled = self._outcomes(seq, event)
        elif isinstance(event, Advanced):
            for name in sorted(self.home_types) if event.home_type is None else [event.home_type]:
                if name in self.home_types:
                    self.home_types[name].watermark.advance(event.to_us)
                    self._changed.add(name)
                    settled.append(self._settler.mature(seq, len(settled), self.home_types[name]))
        elif self._fleet.versions.apply(event):
            self._decided(event)
        blocks = [block for block in settled if block is not None]
        if blocks:
            self._examples.put(blocks)
            for block in blocks:
                self._matured(block)
            self._changed.update(block.home_type for block in blocks)
            self._changed.add(DEFAULT)  # the fleet's counts shift the global members everywhere

    def _matured(self, block: MaturedExamples) -> None:
        fold, count = self.home_types[block.home_type], len(block.label)
        fold.due.learn(count, fold.watermark.value_us)
        self._fleet.due.learn(count, self._fleet_us())

    def _fleet_us(self) -> int:
        """How far event time has come in the home type that is ahead."""
        return max(fold.watermark.value_us for fold in self.home_types.values())

    def _decided(self, event: Act) -> None:
        """Something about the checkpoints, or who may speak, was decided."""
        self._changed.update(self.home_types, [DEFAULT])
        if not isinstance(event, TrainingEnded | CheckpointPublished) or not self.home_types:
            return
        if isinstance(event, CheckpointPublished) and event.member != CHECKPOINT:
            return
        if event.home_type is None:
            self._fleet.due.settled(self._fleet_us())
        elif event.home_type in self.home_types:
            fold = self.home_types[event.home_type]
            fold.due.settled(fold.watermark.value_us)

    def due(self) -> list[TrainingDue]:
        """The trainings that are due, the global one first."""
        if not self.home_types:
            return []
        fleet, settings = self._fleet, self._settings
        out = due_of(None, fleet.due, self._fleet_us(), fleet.sampler.learned_positives, settings)
        for name, fold in sorted(self.home_types.items()):
            out += due_of(name, fold.due, fold.watermark.value_us, fold.sampler.learned_positives, settings)
        return out

    def _outcomes(self, seq: int, event: OutcomesLogged) -> list[MaturedExamples | None]:
        """Enter outcomes; a failure that comes late settles final examples once more, together for a home type."""
        late: dict[str, list[tuple[DeviceKey, int]]] = {}
        for outcome in event.outcomes:
            counted = self._tally.take(outcome, self._book, self._home_type_of)
            if counted is not None:
                self._changed.add(counted)
            key = self._book.enter(outcome)
            if key is not None and isinstance(outcome, Failure) and key in self._home_type_of:
                late.setdefault(self._home_type_of[key], []).append((key, instant_us(outcome.ts)))
        out: list[MaturedExamples | None] = []
        for name, failures in late.items():
            out.append(self._settler.late(seq, len(out), self.home_types[name], failures))
        return out

    def _readings(self, seq: int, group: ReadingGroup) -> HomeTypeFold:
        fold = self.home_types.get(group.home_type)
        if fold is None:
            fold = HomeTypeFold(group.home_type, self._settings, len(self.home_types))
            self.home_types[group.home_type] = fold
        fold.register(group)
        for home_id, device_id in group.new_devices:
            key = (home_id, device_id)
            self._home_type_of[key] = group.home_type
            self._tally.appear(key, group.home_type)
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
        return fold

    def needed_seq(self) -> int:
        """The first event whose features may still be read."""
        oldest = [seq for fold in self.home_types.values() if (seq := fold.pending.oldest_seq()) is not None]
        return min(oldest, default=self.seq + 1)

    def models(self) -> dict[str, OnlineModel]:
        """All online models, by the key under which they are published."""
        models = dict(self._fleet.models)
        for name, fold in self.home_types.items():
            models.update({f"{member}@{name}": model for member, model in fold.models.items()})
        return models

    def state(self) -> dict[str, Any]:
        """All that a snapshot keeps, models included; see `service.pipeline.learning.snapshot`."""
        return {
            "seq": self.seq,
            "home_types": self.home_types,
            "book": self._book,
            "home_type_of": self._home_type_of,
            "tally": self._tally,
            "fleet": self._fleet,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a state. Everything counts as changed, so that the next publication is whole."""
        self.seq = state["seq"]
        self.home_types = state["home_types"]
        self._book = state["book"]
        self._home_type_of = state["home_type_of"]
        self._tally = state["tally"]
        self._fleet = state["fleet"]
        self._settler = Settler(self._settings, self._fleet, self._book, self._rows, self._examples)
        self._changed = {DEFAULT, *self.home_types}
        self._published.clear()

    def learn_again(self, home_type: str, values: list[float], positive: bool) -> None:
        """Let the members learn an example of the training store, as they did when it was new."""
        self._settler.learn(self.home_types[home_type], values, positive)

    def standing(self, name: str) -> HomeTypeOut:
        """The committee and the counts of a home type, or (`DEFAULT`) of those not met so far."""
        return standing(self._fleet, self.home_types.get(name), self._tally.counts(name))

    def publication(self) -> Publication:
        """What changed since the last call."""
        if DEFAULT in self._changed:
            self._changed.update(self.home_types)
        models = dict(self._fleet.models)
        for name in sorted(self._changed - {DEFAULT}):
            models.update({f"{member}@{name}": model for member, model in self.home_types[name].models.items()})
        compiled = {}
        for key, model in models.items():
            if model.learned > self._published.get(key, 0) and (form := model.compiled()) is not None:
                compiled[key] = form
                self._published[key] = model.learned
        out = Publication(
            seq=self.seq,
            models=compiled,
            home_types=[self.standing(name) for name in sorted(self._changed)],
            outcomes_waiting=self._tally.waiting,
            due=self.due(),
        )
        self._changed.clear()
        return out
