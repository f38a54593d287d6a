"""Rewriting: the log names nobody who was forgotten, and both folds of it are what they were."""

import functools
from collections.abc import Sequence
from datetime import timedelta

import msgspec
import numpy as np
import pytest

from service.contracts.events import Event, encode_event
from service.contracts.forgetting import Forgotten
from service.contracts.outcomes import Failure, Outcome, Repair, Retraction
from service.pipeline.digest import fold_digest
from service.pipeline.erasure.rewrite import Names, without_values
from service.pipeline.learning.learn import LearnerFold
from service.pipeline.learning.snapshot import dump_fold, dump_models, load_fold, load_models
from service.pipeline.records import decode_record
from service.pipeline.scoring.fleet import FleetState
from service.pipeline.scoring.snapshot import Freezing, encode, freeze, thaw
from service.storage.memory import MemoryEventLog, MemoryExampleStore
from tests.pipeline.lockstep import LockStep
from tests.pipeline.streams import SETTINGS, empty_fleet, hourly

HOURS = 36
Forgets = Sequence[tuple[int, int, bool]]
"""(hour, number of the device among `hourly`'s, whether its whole home goes)."""

DRAWS = range(3)


@functools.cache
def drawn(draw: int) -> tuple[LockStep, int]:
    """A fleet some of whose devices are forgotten, one of them twice, and an event to cut its log at."""
    rng = np.random.default_rng(draw)
    some = [(int(rng.integers(5, HOURS)), int(rng.integers(12)), bool(rng.integers(2))) for _ in range(3)]
    both = lived([*some, (HOURS - 1, some[0][1], False)])
    return both, int(rng.integers(1, both.log.last_seq()))


def lived(forgetting: Forgets) -> LockStep:
    """A fleet some of whose devices are forgotten, and go on to be read; with corrections of every kind."""
    both = LockStep()
    first = hourly(1)[0][0]
    for hour, (readings, outcomes) in enumerate(hourly(HOURS)):
        both.tell(*outcomes, *corrections(outcomes, hour))
        both.read(readings)
        for at, number, whole in forgetting:
            if at == hour:
                both.forget(first[number].home_id, None if whole else first[number].device_id)
    both.advance(first[0].ts + timedelta(hours=HOURS + 10))
    return both


def corrections(outcomes: Sequence[Outcome], hour: int) -> list[Outcome]:
    """Some failures are corrected, some retracted; and somebody nobody has read fails, of which one is told early."""
    out: list[Outcome] = []
    for n, outcome in enumerate(outcomes):
        if isinstance(outcome, Failure) and (hour + n) % 3 == 0:
            other = msgspec.structs.replace(outcome, outcome_id=f"{outcome.outcome_id}-again")
            out.append(msgspec.structs.replace(other, supersedes=outcome.outcome_id, mode="jam"))
        elif isinstance(outcome, Repair) and hour % 5 == 0:
            out.append(Retraction(outcome_id=f"not-{outcome.outcome_id}", retracts=outcome.outcome_id))
    if hour == 3:
        unread = hourly(1)[0][0][0]
        out.append(Retraction(outcome_id="early", retracts="unread"))
        out.append(Failure(outcome_id="unread", home_id=unread.home_id, device_id="never-read", ts=unread.ts))
    return out


def rewritten(log: MemoryEventLog) -> MemoryEventLog:
    """The log after every erasure, oldest first."""
    events: list[Event] = [decode_record(record) for record in log.read(0, limit=100_000)]
    for at, event in enumerate(events):
        if isinstance(event, Forgotten):
            names = Names(event)
            numbers = {home_type: list(aliases) for home_type, aliases in event.aliases().items()}
            told = [outcome for e in events[: at + 1] for outcome in getattr(e, "outcomes", ())]
            while names.learn(told):
                continue
            events[: at + 1] = [without_values(names.without(e), numbers) for e in events[: at + 1]]
    out = MemoryEventLog()
    out.append([encode_event(event) for event in events])
    return out


def scorer_of(log: MemoryEventLog, up_to: int | None = None, fleet: FleetState | None = None) -> FleetState:
    fleet = empty_fleet() if fleet is None else fleet
    for record in log.read(fleet.seq, limit=(up_to or 100_000) - fleet.seq):
        fleet.apply(record.seq, decode_record(record))
    return fleet


def learner_of(log: MemoryEventLog, fold: LearnerFold, up_to: int | None = None) -> LearnerFold:
    for record in log.read(fold.seq, limit=(up_to or 100_000) - fold.seq):
        fold.apply(record.seq, decode_record(record))
    return fold


def state_of(fleet: FleetState) -> bytes:
    return b"".join(encode(freeze(fleet)))


def whole(log: MemoryEventLog) -> tuple[bytes, dict[str, str], list[object]]:
    """Both folds of a log, and the journal."""
    store = MemoryExampleStore()
    fold = learner_of(log, LearnerFold(SETTINGS, log, store))
    return state_of(scorer_of(log)), fold_digest(fold), [*store.journal(), *store.blocks()]


@pytest.mark.parametrize("draw", DRAWS)
def test_both_folds_of_the_rewritten_log_are_the_same(draw: int) -> None:
    """Devices are forgotten, read again, and forgotten again: nothing else in either fold is another."""
    both, _ = drawn(draw)
    log = rewritten(both.log)
    assert whole(both.log) == whole(log)
    assert state_of(both.fleet) == state_of(scorer_of(log))


def test_names_and_values_are_gone() -> None:
    """Nothing in the log before the act names the home, its devices or its outcomes; the act itself does not either."""
    both = lived([(30, 4, True)])
    log = rewritten(both.log)
    (forgot,) = [r.seq for r in both.log.read(0, limit=9999) if isinstance(decode_record(r), Forgotten)]
    words = [b"home-1", b"device-3", b"device-4", b"device-5"]

    def naming(of: MemoryEventLog) -> list[int]:
        return [r.seq for r in of.read(0, limit=forgot) if any(w in r.blob.replace(b"device-1", b"") for w in words)]

    assert naming(both.log)
    assert [] == naming(log)
    assert [r.seq for r in both.log.read(0, limit=9999)] == [r.seq for r in log.read(0, limit=9999)]


@pytest.mark.parametrize("draw", DRAWS)
def test_snapshot_and_tail_are_the_whole_learner(draw: int) -> None:
    """Cut anywhere, before and after devices are forgotten, in the log as it was and as it is rewritten."""
    both, cut = drawn(draw)
    for log in (both.log, rewritten(both.log)):
        store = MemoryExampleStore()
        first = learner_of(log, LearnerFold(SETTINGS, log, store), cut)
        models = load_models(b"".join(dump_models(first)))
        heir = load_fold(b"".join(dump_fold(first)), models, SETTINGS, log, store)
        assert fold_digest(both.fold) == fold_digest(learner_of(log, heir))


@pytest.mark.parametrize("draw", DRAWS)
def test_snapshot_and_tail_are_the_whole_scorer(draw: int) -> None:
    """Cut anywhere; and copied home type by home type while the stream, and the forgetting, goes on."""
    both, cut = drawn(draw)
    for log in (both.log, rewritten(both.log)):
        fleet = scorer_of(log, cut)
        freezing = Freezing(fleet)
        while (frozen := freezing.step(fleet)) is None:
            scorer_of(log, min(fleet.seq + 9, log.last_seq()), fleet)
        heir = thaw(b"".join(encode(frozen)), empty_fleet())
        assert freezing.seq == heir.seq
        assert state_of(both.fleet) == state_of(scorer_of(log, fleet=heir))
        assert both.fleet.place == heir.place
        assert both.fleet.homes == heir.homes
