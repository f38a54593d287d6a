"""The crash test's look at the log: it finds what it is there to find."""

import msgspec
import pytest

from benchmarks.crash.books import Ledger
from benchmarks.crash.check import LogFindings, LogReader, check_log, events
from service.contracts.events import ReadingsLogged, encode_event
from service.contracts.predictions import Receipt
from service.contracts.readings import Reading
from service.pipeline.scoring.intake.outcomes import take_outcomes
from service.pipeline.scoring.intake.readings import take_readings
from service.pipeline.scoring.score import Panel
from service.storage.memory import MemoryEventLog
from tests.pipeline.streams import LIMITS, NOW_US, empty_fleet, hourly


@pytest.fixture
def books() -> Ledger:
    """Everything of 30 hours was sent and acknowledged."""
    books = Ledger()
    for readings, outcomes in hourly(30):
        for items in (readings, outcomes):
            books.sending(items)
            books.acknowledge(items, Receipt())
    return books


def logged() -> list[bytes]:
    """The same 30 hours as they stand in a log."""
    fleet, blobs = empty_fleet(), list[bytes]()
    for readings, outcomes in hourly(30):
        if outcomes:
            blobs.append(encode_event(take_outcomes(outcomes, NOW_US, 1, fleet)[0]))  # type: ignore[arg-type]  # never None
        blobs.append(encode_event(take_readings(readings, NOW_US, 1, fleet, Panel(), LIMITS)[0]))  # type: ignore[arg-type]  # never None
    return blobs


def check(blobs: list[bytes], books: Ledger) -> LogFindings:
    log = MemoryEventLog()
    log.append(blobs)
    return check_log(log, books)


def test_readings_come_back_from_the_log_as_sent() -> None:
    """Order in time, offsets, absent metrics: an event's readings are equal to those sent."""
    log = MemoryEventLog()
    log.append(logged())
    reader = LogReader()
    back = [reader.readings(event) for _, event in events(log) if isinstance(event, ReadingsLogged)]
    assert sum(len(readings) for readings in back) == 30 * 12
    assert sorted(back[0], key=lambda r: r.ts) == [_known(reading) for reading in hourly(30)[0][0]]


def _known(reading: Reading) -> Reading:
    """Without the metrics that are None."""
    return msgspec.structs.replace(reading, metrics={k: v for k, v in reading.metrics.items() if v is not None})


@pytest.fixture
def known(books: Ledger) -> Ledger:
    """Unknown metrics are not told from absent ones by the log."""
    books.readings = {key: _known(reading) for key, reading in books.readings.items()}
    return books


def test_whole_log_is_well(known: Ledger) -> None:
    """Nothing is found where nothing is wrong."""
    assert LogFindings() == check(logged(), known)


def test_lost_event_is_found(known: Ledger) -> None:
    """Each acknowledged item that is not in the log counts; one that was only sent does not."""
    assert 12 == check(logged()[:-1], known).lost
    known.acknowledged_readings.pop()
    assert 0 == check(logged(), known).lost


def test_doubled_event_is_found(known: Ledger) -> None:
    """An event that is in the log twice doubles each of its items."""
    blobs = logged()
    assert 12 == check([*blobs, blobs[-1]], known).doubled


def test_foreign_and_altered_readings_are_found(known: Ledger) -> None:
    """What was never sent, or was sent with another value, is foreign; the latter is lost as well."""
    key = next(iter(known.readings))
    known.readings[key] = msgspec.structs.replace(known.readings[key], metrics={"battery_pct": 7.0})
    found = check(logged(), known)
    assert (1, 1, 0) == (found.lost, found.foreign, found.doubled)
    del known.readings[key]
    assert 1 == check(logged(), known).foreign
