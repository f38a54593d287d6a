"""The learner's fold: from logged events to labels, to models, to weights.

A pure function of the log: no clock, no unseeded randomness. For every event it keeps the new examples, enters the
outcomes, moves the watermark, and takes out what is due. Each due example gets its label, is scored with the risks
given *before* (test), and then, if the sampler chooses it, is learned (train):

    reading ──► pending ·········· ts + H + grace ──► label ──► losses, weights ──► learn_one
                           outcome ──► book ────────────┘

What it decides by itself (who is benched, what has drifted, what is due) goes to the journal, event by event.
"""

from typing import Any

import numpy as np

from service.contracts.events import (
    Act,
    Advanced,
    Event,
    GroupColumns,
    OutcomesLogged,
    ReadingGroup,
    ReadingsLogged,
)
from service.contracts.forgetting import Erased, Forgotten
from service.contracts.outcomes import Failure, Retraction
from service.contracts.ports import EventLog, ExampleStore, MaturedExamples
from service.evaluation.alarm import BLOCKS_PER_HORIZON
from service.labels.book import DeviceKey, OutcomeBook, instant_us
from service.labels.join import CENSORED
from service.models.compiled_modes import CompiledOnlineModes
from service.models.online import OnlineModel
from service.pipeline.learning.acts import take_act, tell_act, tell_forgotten
from service.pipeline.learning.config import LearnSettings
from service.pipeline.learning.diary import Diary
from service.pipeline.learning.due import due_of
from service.pipeline.learning.fleet import Fleet
from service.pipeline.learning.home_type import HomeTypeFold
from service.pipeline.learning.judge import Judge
from service.pipeline.learning.rows import FeatureRows
from service.pipeline.learning.settle import Settler
from service.pipeline.learning.standing import standing
from service.pipeline.learning.tally import OutcomeTally
from service.pipeline.publication import DEFAULT, HomeTypeOut, Publication, TrainingDue

_MODES = "modes"


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
        self._fleet = Fleet(settings)
        self._diary = Diary(max(settings.horizon_us // BLOCKS_PER_HORIZON, 1))
        self._rows = FeatureRows(log)
        self._settler = Settler(settings, self._fleet, self._book, self._rows, examples)
        self._judge = Judge(settings, self._fleet, self._diary)
        self._changed: set[str] = {DEFAULT}
        self._published: dict[str, tuple[int, int]] = {}
        self._everyone = False  # something concerns all committees

    def apply(self, seq: int, event: Event) -> None:
        """Fold one event. ``seq`` must be the next."""
        if seq != self.seq + 1:
            raise ValueError(f"event {seq} after {self.seq}")
        self.seq = seq
        self._diary.turn(seq)
        settled: list[MaturedExamples | None] = []
        if isinstance(event, ReadingsLogged):
            for group in event.groups:
                fold = self._readings(seq, group)
                self._silence(changed=self._fleet.silence.advance(fold.watermark.heard_us))
                settled.append(self._settler.mature(seq, len(settled), fold))
        elif isinstance(event, OutcomesLogged):
            settled = self._outcomes(seq, event)
        elif isinstance(event, Advanced):
            for name in sorted(self.home_types) if event.home_type is None else [event.home_type]:
                if name in self.home_types:
                    self.home_types[name].watermark.advance(event.to_us)
                    self._changed.add(name)
                    settled.append(self._settler.mature(seq, len(settled), self.home_types[name]))
        elif isinstance(event, Forgotten):
            self._forget(event)
        elif not isinstance(event, Erased) and self._fleet.versions.apply(event):
            self._decided(event)
        blocks = [block for block in settled if block is not None]
        if blocks:
            self._examples.put(blocks)
            for block in blocks:
                self._matured(block)
            self._changed.update(block.home_type for block in blocks)
            self._changed.add(DEFAULT)  # the fleet's counts shift the global members everywhere
        self._conclude({block.home_type for block in blocks})

    def _conclude(self, matured: set[str]) -> None:
        """Draw the conclusions of an event at which examples of some home types have matured, and put them down."""
        drifts, self._settler.drifts = self._settler.drifts, []
        self._judge.losses(drifts)
        if self.home_types and (matured or self._everyone):
            names = sorted(self.home_types if self._everyone else matured)
            self._judge.committees([self.home_types[name] for name in names], self.due(), self._fleet_us())
        self._everyone = False
        records = self._diary.turn(self.seq)
        if records:
            self._examples.note(records)

    def _silence(self, *, changed: bool) -> None:
        """Outcomes may have stopped arriving, or arrive again: that benches, or brings back, the online members."""
        if changed:
            self._diary.silence(self._fleet.silence.since_us, self._fleet_us())
            self._changed.update(self.home_types, [DEFAULT])
            self._everyone = True

    def _matured(self, block: MaturedExamples) -> None:
        fold = self.home_types[block.home_type]
        count = int(
            (np.frombuffer(block.label, np.int8) > CENSORED).sum()
        )  # of others there is nothing to be trained on
        fold.due.learn(count, fold.watermark.value_us)
        self._fleet.due.learn(count, self._fleet_us())

    def _fleet_us(self) -> int:
        """How far event time has come in the home type that is ahead."""
        return max(fold.watermark.value_us for fold in self.home_types.values())

    def _decided(self, event: Act) -> None:
        """Something about the checkpoints, or who may speak, was decided."""
        self._changed.update(self.home_types, [DEFAULT])
        self._everyone = True
        at_us = self._fleet_us() if self.home_types else None
        tell_act(self._diary, event, at_us)
        if at_us is not None:
            take_act(event, self._fleet, self.home_types, at_us)

    def _forget(self, event: Forgotten) -> None:
        """Forget devices. What has been counted and learned of them stays; it has no name."""
        for key in event.named():
            self._home_type_of.pop(key, None)
            self._tally.forget(key)
        for name, aliases in event.aliases().items():
            self.home_types[name].forget(aliases)
            self._changed.add(name)
        self._book.forget(event.named())
        tell_forgotten(self._diary, event, self._fleet_us() if self.home_types else None)

    def due(self) -> list[TrainingDue]:
        """The trainings that are due, the global one first. None is while outcomes are silent: nothing true is new."""
        if not self.home_types or self._fleet.silence.since_us is not None:
            return []
        fleet, settings = self._fleet, self._settings
        out = due_of(None, fleet.due, self._fleet_us(), fleet.sampler.learned_positives, settings)
        several = len(self.home_types) > 1  # else the global checkpoint is its own
        for name, fold in sorted(self.home_types.items()) if several else ():
            out += due_of(name, fold.due, fold.watermark.value_us, fold.sampler.learned_positives, settings)
        return out

    def _outcomes(self, seq: int, event: OutcomesLogged) -> list[MaturedExamples | None]:
        """Enter outcomes; a failure that comes late settles final examples once more, together for a home type."""
        happened = [instant_us(outcome.ts) for outcome in event.outcomes if not isinstance(outcome, Retraction)]
        self._silence(changed=self._fleet.silence.arrive(happened))
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
        self._judge.features(seq, fold, columns.features[timely], np.flatnonzero(timely), columns.ts[kept])
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
            "diary": self._diary,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take over a state. Everything counts as changed, so that the next publication is whole."""
        self.seq = state["seq"]
        self.home_types = state["home_types"]
        self._book = state["book"]
        self._home_type_of = state["home_type_of"]
        self._tally = state["tally"]
        self._fleet = state["fleet"]
        self._diary = state["diary"]
        self._settler = Settler(self._settings, self._fleet, self._book, self._rows, self._examples)
        self._judge = Judge(self._settings, self._fleet, self._diary)
        self._changed = {DEFAULT, *self.home_types}
        self._published.clear()

    def learn_again(self, home_type: str, values: list[float], positive: bool, at_seq: int) -> None:
        """Let the members learn an example of the training store, as they did when it was new."""
        self._settler.learn(self.home_types[home_type], values, positive, at_seq)

    def standing(self, name: str) -> HomeTypeOut:
        """The committee and the counts of a home type, or (`DEFAULT`) of those not met so far."""
        return standing(self._fleet, self.home_types.get(name), self._tally.counts(name), self._settings)

    def publication(self) -> Publication:
        """What changed since the last call."""
        if DEFAULT in self._changed:
            self._changed.update(self.home_types)
        models = dict(self._fleet.models)
        for name in sorted(self._changed - {DEFAULT}):
            models.update({f"{member}@{name}": model for member, model in self.home_types[name].models.items()})
        compiled = {}
        for key, model in models.items():
            version = (model.since_seq, model.learned)
            if model.learned and version != self._published.get(key) and (form := model.compiled()) is not None:
                compiled[key] = form
                self._published[key] = version
        out = Publication(
            seq=self.seq,
            models=compiled,
            home_types=[self.standing(name) for name in sorted(self._changed)],
            outcomes_waiting=self._tally.waiting,
            modes=self._modes(),
            due=self.due(),
        )
        self._changed.clear()
        return out

    def _modes(self) -> CompiledOnlineModes | None:
        """The online model of failure modes, if it may answer and has learned since it was published."""
        modes = self._fleet.modes
        if not modes.warm or self._published.get(_MODES) == (0, modes.learned):
            return None
        self._published[_MODES] = (0, modes.learned)
        return modes.compiled()
