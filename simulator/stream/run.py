"""Stream: sends a merged stream to a service, keeps the pace, counts, sums up. Shared by `simulate` and `replay`.

source ─► cut into requests, by lane (`merge`) ─► wait for the pace (`pace`) ─► lanes (`lanes`) ─► service
                  ▲                                                               │
                  └── what was acknowledged in an earlier run (`resume`) ◄────────┴──► counts, summary
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from msgspec import Struct

from service.contracts.predictions import Health, Receipt
from service.contracts.standing import Advance
from simulator.delivery.outcomes import Report
from simulator.errors import ServiceError, UsageError
from simulator.stream.client import Client
from simulator.stream.lanes import Lanes
from simulator.stream.merge import Request, Timed, in_batches, in_slots, slot_width_us
from simulator.stream.pace import Pace
from simulator.stream.progress import StreamProgress
from simulator.stream.resume import MOST_LANES, Bookmark, Identity, begin, read_record, used_alone
from simulator.stream.summary import show_summary
from simulator.stream.tally import Tally
from simulator.stream.wire import WireReading

ClientKey = Annotated[str | None, Parameter(env_var="HEARTHBEAT_KEY", show_default=False)]
"""The flag ``--key`` of commands that talk to a service."""

_LANES = 4
_SLOWEST = 0.001
"""Least speed, and least rate: below, a run would not outlive its machine."""


class Plan(Struct, frozen=True, kw_only=True):
    """How to stream; checked by `check_plan`.

    Attributes:
        url: Address of the service.
        batch: Readings in one request at most, unless ``exact``.
        lanes: Connections that send side by side, or None for `lanes_for`; one if ``exact``.
        exact: One request for each slot of event time, against a lock-step service: results repeat exactly.
        speed: Event-time seconds per second of the wall, or None for as fast as possible.
        rate: Readings per second at most, or None for as fast as possible.
        resume: File that tells how far the stream is, or None.
        json: Print the summary as one JSON object.
        key: Sent with each request, or None; not a part of what a stream is.
    """

    url: str
    batch: int = 500
    lanes: int | None = None
    exact: bool = False
    speed: float | None = None
    rate: float | None = None
    resume: Path | None = None
    json: bool = False
    key: str | None = None


class Source(Struct, frozen=True, kw_only=True):
    """What to stream.

    Attributes:
        title: What it is, for the progress bar.
        stream: What it is made from; with the same values it is the same.
        total: How many readings, at least about.
        span_us: Event time from the first to the last of them.
        readings: In order of time.
        reports: In order of when they are told.
        advance_to: Gives the instant to declare at the end from the horizon in seconds, or None to declare nothing.
        home_types: Home types that the declaration is for.
    """

    title: str
    stream: Identity
    total: int
    span_us: int
    readings: Iterable[Timed[WireReading]]
    reports: Iterable[Report]
    advance_to: Callable[[float], datetime] | None = None
    home_types: tuple[str, ...] = ()


def check_plan(plan: Plan) -> None:
    """Check a plan before anything is computed.

    Raises:
        UsageError: If a value makes no sense.
    """
    if plan.batch < 1:
        raise UsageError(f"--batch must be at least 1, not {plan.batch}")
    if plan.lanes is not None and not 1 <= plan.lanes <= MOST_LANES:
        raise UsageError(f"--lanes must be from 1 to {MOST_LANES}, not {plan.lanes}")
    if plan.speed is not None and not (plan.speed == 0 or _SLOWEST <= plan.speed < float("inf")):
        raise UsageError(f"--speed must be 0, for as fast as possible, or at least {_SLOWEST:g}, not {plan.speed:g}")
    if plan.rate is not None and not _SLOWEST <= plan.rate < float("inf"):
        raise UsageError(f"--rate must be at least {_SLOWEST:g}, not {plan.rate:g}")


def lanes_for(plan: Plan, source: Source, horizon_s: float) -> int:
    """Return through how many lanes to send: as asked, as before, or up to four that all send full requests.

    Lanes stay within a window of event time. If few readings lie in it, more lanes mean more and smaller requests.
    """
    if plan.exact:
        return 1
    if plan.lanes is not None:
        return plan.lanes
    if (record := read_record(plan.resume)) is not None:
        return len(record.done)
    in_half_window = source.total * slot_width_us(horizon_s) / 2 / max(1, source.span_us)
    return int(max(1, min(_LANES, in_half_window // plan.batch)))


def run(plan: Plan, source: Source) -> None:
    """Stream ``source`` as ``plan`` says and print the summary. Ctrl-C ends the stream, not the summary.

    Raises:
        UsageError: If ``exact`` is asked of a service that does not run in lock-step, or the file is of another stream
            or in use.
        ServiceError: If the service cannot be reached or refuses a request.
        SystemExit: 130 after Ctrl-C.
    """
    tally = Tally()
    interrupted = False
    with Client(plan.url, key=plan.key) as client, used_alone(plan.resume):
        health = client.wait_ready()
        if plan.exact and not health.lockstep:
            raise UsageError(f"--exact needs a service in lock-step mode, and the one at {plan.url} is not")
        lanes = lanes_for(plan, source, health.horizon_s)
        stream = {**source.stream, "url": client.url, "exact": plan.exact, "lanes": lanes}
        bookmark = begin(plan.resume, stream, lanes, health.seq)
        try:
            if bookmark.record.complete:
                _note(f"{plan.resume} says that this stream is complete; nothing is sent")
            else:
                _stream(plan, source, client, health, bookmark, tally)
            if not client.wait_learned(tally.seq):
                _note("the learner has not caught up within 120 s; the figures are of what it has learned so far")
        except KeyboardInterrupt:
            interrupted = True
            _note(f"interrupted after {tally.sent:,} readings; the figures are of what the service has learned so far")
        finally:
            bookmark.save()
            if plan.resume is not None and not bookmark.record.complete:
                _note(f"the same command goes on from here, as {plan.resume} says")
        if tally.first_refusal is not None:
            _note(f"some items were refused, the first because {tally.first_refusal}")
        if not interrupted:
            show_summary(client.evaluation(), tally, as_json=plan.json)
    if interrupted:
        _sum_up_soon(plan, tally)
        raise SystemExit(130)


def _stream(plan: Plan, source: Source, client: Client, health: Health, bookmark: Bookmark, tally: Tally) -> None:
    """Send what is not acknowledged yet; at the end, say that it has ended."""
    pace = Pace(plan.speed, plan.rate)
    done = bookmark.record.done
    # Lanes that are no further apart than this come in before the service's watermark does.
    window_us = slot_width_us(health.horizon_s) if len(done) > 1 else None
    requests = _requests(plan, source, health, pace, bookmark)
    began = time.monotonic()

    def answered(request: Request[WireReading], receipt: Receipt) -> None:
        tally.add(request, receipt)
        tally.seconds = time.monotonic() - began
        bookmark.add(request, receipt)

    left = source.total - sum(lane.readings for lane in done)
    with (
        StreamProgress(client, left, source.title) as progress,
        # What is queued behind a service that hangs would all come at once, against the rate.
        Lanes(plan.url, len(done), answered, window_us, depth=1 if plan.rate else 3, key=plan.key) as lanes,
    ):
        for request in requests:
            lanes.rest(pace.wait_s(request.at, len(request.readings)))
            lanes.send(request)
            progress.update(tally.sent)
        lanes.finish()
    if source.advance_to is not None:
        _advance(client, source, source.advance_to(health.horizon_s), tally)
    bookmark.record.complete = True
    if plan.resume is not None:
        _note(f"the stream is complete, and {plan.resume} says so")


def _requests(
    plan: Plan, source: Source, health: Health, pace: Pace, bookmark: Bookmark
) -> Iterator[Request[WireReading]]:
    """Cut what the service has not acknowledged yet."""
    done = bookmark.record.done
    if plan.exact:
        readings, reports = (
            islice(source.readings, done[0].readings, None),
            islice(source.reports, done[0].outcomes, None),
        )
        return in_slots(readings, reports, slot_width_us(health.horizon_s))
    spans = [pace.longest_us(), slot_width_us(health.horizon_s) // 2 if len(done) > 1 else None]
    longest_us = min((span for span in spans if span is not None), default=None)
    return in_batches(source.readings, source.reports, pace.most_readings(plan.batch), longest_us, done)


def _sum_up_soon(plan: Plan, tally: Tally) -> None:
    """Show the summary, unless the service keeps somebody waiting who wants to leave."""
    try:
        with Client(plan.url, attempts=1, timeout_s=10.0, key=plan.key) as client:
            show_summary(client.evaluation(), tally, as_json=plan.json)
    except ServiceError as error:
        _note(str(error))


def _advance(client: Client, source: Source, to: datetime, tally: Tally) -> None:
    # One by one, so that other home types of the same service keep their own time.
    for home_type in source.home_types:
        try:
            tally.seq = max(tally.seq, client.advance(Advance(to=to, home_type=home_type)).seq)
        except ServiceError as error:
            if error.status != 404:
                raise
            _note(f"the service has taken no reading of home type {home_type}")


def _note(line: str) -> None:
    print(f"note: {line}", file=sys.stderr)
