"""Merge: readings and reports in, requests out, in the order in which the world would have sent them.

    readings  ──●──●───●●──●─────●──►            requests: [● ●] [● ● ●] (x) [●] ...
    reports   ────────────x────────►             nothing sent before x may know of it

Two ways to cut. By *batch*, for throughput: up to so many readings a request. By *slot*, for exact repetition: one
request for each slot of event time, whatever the clock of the wall does. Both are pure functions of their input.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby

from msgspec import Struct

from service.contracts.outcomes import Outcome
from service.contracts.readings import Reading
from simulator.arrays import SECOND
from simulator.outcomes import Report

MOST_OUTCOMES = 1_000
"""Outcomes in one request at most."""


class Timed(Struct, frozen=True):
    """A reading and its instant in microseconds since the epoch."""

    at: int
    reading: Reading


class Request(Struct, frozen=True):
    """One request to send: either readings or outcomes.

    Attributes:
        at: Event time that it needs to have passed, in microseconds.
        readings: Readings, or empty.
        outcomes: Outcomes, or empty.
    """

    at: int
    readings: Sequence[Reading] = ()
    outcomes: Sequence[Outcome] = ()


def in_batches(
    readings: Iterable[Timed], reports: Iterable[Report], batch: int, longest_us: int | None = None
) -> Iterator[Request]:
    """Cut by number: readings up to and including a report's instant, then the report, then later readings.

    Args:
        readings: In order of time.
        reports: In order of time.
        batch: Readings in one request at most.
        longest_us: Event time that one request spans at most, so that a paced stream does not stall.
    """
    waiting: list[Timed] = []
    coming = iter(reports)
    report = next(coming, None)
    for timed in readings:
        cut = report is not None and report.at < timed.at
        if waiting and longest_us is not None and timed.at - waiting[0].at > longest_us:
            cut = True
        if waiting and (cut or len(waiting) >= batch):
            yield _readings(waiting)
            waiting = []
        due: list[Report] = []
        while report is not None and report.at < timed.at:
            due.append(report)
            report = next(coming, None)
        yield from _outcomes(due)
        waiting.append(timed)
    if waiting:
        yield _readings(waiting)
    yield from _outcomes([] if report is None else list(chain([report], coming)))


def in_slots(readings: Iterable[Timed], reports: Iterable[Report], width_us: int) -> Iterator[Request]:
    """Cut by event time: slot number = instant // ``width_us``, one request for each slot that has readings.

    Before a slot's readings go all reports told up to and including the slot's start.
    """
    coming = iter(reports)
    report = next(coming, None)
    for slot, group in groupby(readings, key=lambda timed: timed.at // width_us):
        due: list[Report] = []
        while report is not None and report.at <= slot * width_us:
            due.append(report)
            report = next(coming, None)
        yield from _outcomes(due)
        yield _readings(list(group))
    yield from _outcomes([] if report is None else list(chain([report], coming)))


def slot_width_us(horizon_s: float) -> int:
    """Width of an exact slot for a horizon: a fiftieth of it, finer than the service's own slots."""
    return max(1, int(horizon_s * SECOND) // 50)


def _readings(timed: Sequence[Timed]) -> Request:
    return Request(timed[-1].at, readings=[item.reading for item in timed])


def _outcomes(reports: Sequence[Report]) -> Iterator[Request]:
    for low in range(0, len(reports), MOST_OUTCOMES):
        part = reports[low : low + MOST_OUTCOMES]
        yield Request(part[-1].at, outcomes=[report.outcome for report in part])
