"""The thread that changes the state: what is answered when the log cannot be written."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from typing import Any

import pytest

from service.contracts.errors import Busy, Unavailable
from service.contracts.ports import EventLog
from service.pipeline.scoring.ingest import Ingest
from service.pipeline.scoring.intake.arrivals import ReadingsJob
from service.pipeline.scoring.keeper import Keeper
from service.pipeline.scoring.requests import OutcomesJob
from service.storage.memory import MemoryEventLog
from tests.pipeline.streams import LIMITS, NOW_US, empty_fleet, hourly


class FaultyLog(MemoryEventLog):
    """A log whose disk can be full."""

    def __init__(self) -> None:
        super().__init__()
        self.full = False

    def append(self, blobs: Sequence[bytes]) -> int:
        if self.full:
            raise OSError(28, "No space left on device")
        return super().append(blobs)


def make(log: EventLog, *, queue_size: int = 16) -> Ingest:
    def fatal(error: BaseException) -> None:
        raise AssertionError(error)

    return Ingest(
        log=log,
        link=None,
        fleet=empty_fleet(),
        keeper=Keeper(None, 0.0, empty_fleet),
        limits=LIMITS,
        lockstep=False,
        queue_size=queue_size,
        on_fatal=fatal,
    )


@pytest.fixture
def log() -> FaultyLog:
    return FaultyLog()


@pytest.fixture
def ingest(log: FaultyLog) -> Iterator[Ingest]:
    ingest = make(log)
    ingest.start()
    yield ingest
    ingest.stop()


def send(ingest: Ingest, hours: Sequence[Any]) -> list[Any]:
    answers: list[Any] = []
    for readings, outcomes in hours:
        if outcomes:
            answers.append(ingest.submit(OutcomesJob(outcomes=outcomes, received_us=NOW_US)).result())
        answers.append(
            ingest.submit(ReadingsJob(readings=readings, received_us=NOW_US, members=True, risks=True)).result()
        )
    return answers


def test_full_disk_is_told_and_forgotten_when_space_returns(log: FaultyLog, ingest: Ingest) -> None:
    """While the log cannot be written nothing is accepted; afterwards it is as if the failed request had never come."""
    hours = hourly(30)
    log_of_one_who_was_spared = FaultyLog()
    spared = make(log_of_one_who_was_spared)
    spared.start()
    expected = send(spared, hours)
    spared.stop()

    actual = send(ingest, hours[:15])
    log.full = True
    for readings, _ in hours[15:18]:
        with pytest.raises(Unavailable, match="space"):
            ingest.submit(ReadingsJob(readings=readings, received_us=NOW_US)).result()
    assert "space" in (ingest.log_fault or "")
    log.full = False
    actual += send(ingest, hours[15:])
    assert ingest.log_fault is None
    assert expected == actual
    assert [r.blob for r in log_of_one_who_was_spared.read(0)] == [r.blob for r in log.read(0)]


def test_restart_rebuilds_the_same_state(log: FaultyLog, ingest: Ingest) -> None:
    """A fold rebuilt from the log answers like the one that lived on."""
    hours = hourly(40)
    send(ingest, hours[:30])
    heir_log = MemoryEventLog()
    heir_log.append([record.blob for record in log.read(0, limit=10_000)])
    heir = make(heir_log)
    heir.start()
    assert send(ingest, hours[30:]) == send(heir, hours[30:])
    heir.stop()


def test_queue_is_bounded_and_a_stopping_service_takes_nothing() -> None:
    """Beyond the queue it is `Busy`; after the stop `Unavailable`; what was taken before is answered."""
    ingest = make(MemoryEventLog(), queue_size=2)
    job = ReadingsJob(readings=hourly(1)[0][0], received_us=NOW_US)
    futures: list[Future[Any]] = [ingest.submit(job), ingest.submit(job)]
    with pytest.raises(Busy):
        ingest.submit(job)
    ingest.start()
    first, second = (future.result() for future in futures)
    ingest.stop()
    assert (12, 0) == (first.accepted, second.accepted)
    with pytest.raises(Unavailable):
        ingest.submit(job)


def test_empty_request_makes_no_event(log: FaultyLog, ingest: Ingest) -> None:
    """Where nothing was accepted there is nothing in the log."""
    readings = hourly(1)[0][0]
    send(ingest, [(readings, [])])
    again = ingest.submit(ReadingsJob(readings=readings, received_us=NOW_US)).result()
    assert (0, 12, None) == (again.accepted, again.duplicate, again.seq)
    assert 1 == log.last_seq()


class SlowLog(MemoryEventLog):
    """A log whose disk answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = threading.Event()
        self.asked = threading.Event()

    def append(self, blobs: Sequence[bytes]) -> int:
        self.asked.set()
        assert self.answer.wait(30)
        return super().append(blobs)


def test_slow_disk_fills_the_queue_and_nothing_is_acknowledged_before_its_time() -> None:
    """While a commit waits for the disk no answer leaves; requests queue up to the limit and go together."""
    log = SlowLog()
    ingest = make(log, queue_size=3)
    ingest.start()
    hours = hourly(6)
    first = ingest.submit(ReadingsJob(readings=hours[0][0], received_us=NOW_US))
    assert log.asked.wait(30)
    waiting = [ingest.submit(ReadingsJob(readings=readings, received_us=NOW_US)) for readings, _ in hours[1:4]]
    with pytest.raises(Busy):
        ingest.submit(ReadingsJob(readings=hours[4][0], received_us=NOW_US))
    assert not any(future.done() for future in (first, *waiting))
    log.answer.set()
    receipts = [future.result(30) for future in (first, *waiting)]
    assert [(12, 1), (12, 2), (12, 2), (12, 2)] == [(receipt.accepted, receipt.seq) for receipt in receipts]
    ingest.stop()
    assert 2 == log.last_seq()


def test_cancelled_request_does_no_harm(log: FaultyLog) -> None:
    """A client that has gone before its turn is passed over; the others are answered."""
    ingest = make(log)
    readings = hourly(2)
    gone = ingest.submit(ReadingsJob(readings=readings[0][0], received_us=NOW_US))
    assert gone.cancel()
    stays = ingest.submit(ReadingsJob(readings=readings[1][0], received_us=NOW_US))
    ingest.start()
    assert 12 == stays.result(30).accepted
    ingest.stop()
    assert 1 == log.last_seq()


class UnsureLog(MemoryEventLog):
    """A log whose fsync fails after the write: what was written may be there, but nobody can be sure."""

    def __init__(self) -> None:
        super().__init__()
        self.unsure = False

    def append(self, blobs: Sequence[bytes]) -> int:
        last = super().append(blobs)
        if self.unsure:
            raise OSError(5, "Input/output error")
        return last


def test_failed_fsync_is_no_acknowledgement() -> None:
    """The client is told 503 and sends again; what turns out to be there is recognised, and counted once."""
    log = UnsureLog()
    ingest = make(log)
    ingest.start()
    hours = hourly(3)
    send(ingest, hours[:1])
    log.unsure = True
    with pytest.raises(Unavailable, match="Input/output"):
        ingest.submit(ReadingsJob(readings=hours[1][0], received_us=NOW_US)).result(30)
    log.unsure = False
    again = ingest.submit(ReadingsJob(readings=hours[1][0], received_us=NOW_US)).result(30)
    assert (0, 12) == (again.accepted, again.duplicate)
    assert 12 == send(ingest, hours[2:])[-1].accepted
    ingest.stop()
    assert 3 == log.last_seq()
