"""Merge: readings and reports in, requests out, in the order in which the world would have sent them.

    readings  ──●──●───●●──●─────●──►            requests: [● ●] [● ● ●] (x) [●] ...
    reports   ────────────x────────►             nothing sent before x may know of it

Two ways to cut. By *batch*, for throughput: up to so many readings a request, each device in its lane. By *slot*, for
exact repetition: one request for each slot of event time, whatever the clock of the wall does. Both are pure functions
of their input; which items go through a lane, and in which order, does not even depend on how they are cut.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct

from service.contracts.outcomes import Outcome
from simulator.arrays import SECOND
from simulator.delivery.outcomes import Report
from simulator.stream.deal import Deal, OfDevice

R = TypeVar("R", bound=OfDevice)

MOST_OUTCOMES = 1_000
"""Outcomes in one request at most."""
_NEVER = 2**62
Count = Annotated[int, Meta(ge=0, lt=_NEVER)]


class Timed(Struct, Generic[R], frozen=True, gc=False):
    """A reading and the instant at which it is sent, in microseconds since the epoch."""

    at: int
    reading: R


class Request(Struct, Generic[R], frozen=True, kw_only=True):
    """One request to send: either readings or outcomes.

    Attributes:
        since: Instant of its first item, in microseconds.
        at: Instant of its last item: the event time that it needs to have passed.
        lane: Which lane it goes through.
        readings: Readings, or empty.
        outcomes: Outcomes, or empty.
    """

    since: int
    at: int
    lane: int = 0
    readings: Sequence[R] = ()
    outcomes: Sequence[Outcome] = ()


class Done(Struct):
    """How many of a lane's readings and outcomes the service has acknowledged: always its first ones."""

    readings: Count = 0
    outcomes: Count = 0


def in_order(readings: Iterable[Timed[R]], reports: Iterable[Report]) -> Iterator[Timed[R] | Report]:
    """Yield readings and reports, both in order of time, by when they are sent; readings of an instant go first."""
    coming = iter(reports)
    report = next(coming, None)
    for timed in readings:
        while report is not None and report.at < timed.at:
            yield report
            report = next(coming, None)
        yield timed
    if report is not None:
        yield from chain([report], coming)


def in_batches(
    readings: Iterable[Timed[R]],
    reports: Iterable[Report],
    batch: int,
    longest_us: int | None = None,
    done: Sequence[Done] = (Done(),),
) -> Iterator[Request[R]]:
    """Cut by number: readings up to and including a report's instant, then the report, then later readings.

    Args:
        readings: In order of time.
        reports: In order of time.
        batch: Readings in one request at most.
        longest_us: Event time over which requests are gathered at most: so a paced stream does not stall, and no lane
            still gathers what other lanes have long gone past.
        done: For each lane, what to leave out from its start.
    """
    deal = Deal(len(done))
    lanes: list[_Lane[R]] = [_Lane(lane, left.readings, left.outcomes) for lane, left in enumerate(done)]
    edge = _NEVER if longest_us is None else -1
    for item in in_order(readings, reports):
        if item.at > edge and longest_us is not None:
            for lane in lanes:
                yield from lane.cut()
            edge = item.at + longest_us
        if isinstance(item, Timed):
            lane = lanes[deal.lane(item.reading)]
            if lane.readings_left:
                lane.readings_left -= 1
                continue
            if lane.reports or len(lane.readings) >= batch:
                yield from lane.cut()
            lane.readings.append(item)
        else:
            lane = lanes[deal.lane(item.outcome)]
            if lane.outcomes_left:
                lane.outcomes_left -= 1
                continue
            if lane.readings or len(lane.reports) >= MOST_OUTCOMES:
                yield from lane.cut()
            lane.reports.append(item)
    for lane in lanes:
        yield from lane.cut()


def in_slots(readings: Iterable[Timed[R]], reports: Iterable[Report], width_us: int) -> Iterator[Request[R]]:
    """Cut by event time: slot number = instant // ``width_us``, one request for each slot that has readings.

    Before a slot's readings go all reports told up to and including the slot's start. All in one lane.
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


class _Lane(Generic[R]):
    """What waits in a lane to be cut into a request, either readings or reports, and what is left out before it."""

    def __init__(self, lane: int, readings_left: int, outcomes_left: int) -> None:
        self._lane = lane
        self.readings_left, self.outcomes_left = readings_left, outcomes_left
        self.readings: list[Timed[R]] = []
        self.reports: list[Report] = []

    def cut(self) -> Iterator[Request[R]]:
        """Yield what waits, if anything does, and begin anew."""
        if self.readings:
            yield _readings(self.readings, self._lane)
        yield from _outcomes(self.reports, self._lane)
        self.readings, self.reports = [], []


def _readings(timed: Sequence[Timed[R]], lane: int = 0) -> Request[R]:
    return Request(since=timed[0].at, at=timed[-1].at, lane=lane, readings=[item.reading for item in timed])


def _outcomes(reports: Sequence[Report], lane: int = 0) -> Iterator[Request[R]]:
    for low in range(0, len(reports), MOST_OUTCOMES):
        part = reports[low : low + MOST_OUTCOMES]
        outcomes = [report.outcome for report in part]
        yield Request(since=part[0].at, at=part[-1].at, lane=lane, outcomes=outcomes)
