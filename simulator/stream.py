"""Stream: sends a merged stream to a service, keeps the pace, counts, sums up. Shared by `simulate` and `replay`."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from msgspec import Struct

from service.contracts.predictions import Health, Receipt
from service.contracts.standing import Advance
from simulator.arrays import SECOND
from simulator.client import Client
from simulator.errors import ServiceError, UsageError
from simulator.merge import Request, Timed, in_batches, in_slots, slot_width_us
from simulator.outcomes import Report
from simulator.progress import StreamProgress
from simulator.summary import show_summary


class Plan(Struct, frozen=True, kw_only=True):
    """How to stream; checked by `check_plan`.

    Attributes:
        url: Address of the service.
        batch: Readings in one request at most, unless ``exact``.
        exact: One request for each slot of event time, against a lock-step service: results repeat exactly.
        speed: Event-time seconds per second of the wall, or None for as fast as possible.
        json: Print the summary as one JSON object.
    """

    url: str
    batch: int = 500
    exact: bool = False
    speed: float | None = None
    json: bool = False


class Source(Struct, frozen=True, kw_only=True):
    """What to stream.

    Attributes:
        title: What it is, for the progress bar.
        total: How many readings, at least about.
        readings: In order of time.
        reports: In order of when they are told.
        advance_to: Gives the instant to declare at the end from the horizon in seconds, or None to declare nothing.
        home_types: Home types that the declaration is for.
    """

    title: str
    total: int
    readings: Iterable[Timed]
    reports: Iterable[Report]
    advance_to: Callable[[float], datetime] | None = None
    home_types: tuple[str, ...] = ()


class Tally:
    """Counts of readings over a stream, and the newest sequence number. Outcomes are not counted here."""

    def __init__(self) -> None:
        self.sent = self.accepted = self.duplicate = self.late = self.refused = 0
        self.seq = -1
        self.seconds = 0.0
        self.first_refusal: str | None = None

    def add(self, request: Request, receipt: Receipt) -> None:
        """Count the answer to one request."""
        if receipt.seq is not None:
            self.seq = max(self.seq, receipt.seq)
        if self.first_refusal is None and receipt.refusals:
            self.first_refusal = f"{receipt.refusals[0].reason}: {receipt.refusals[0].detail}"
        if request.readings:
            self.sent += len(request.readings)
            self.accepted += receipt.accepted
            self.duplicate += receipt.duplicate
            self.late += receipt.late
            self.refused += receipt.refused


def check_plan(plan: Plan) -> None:
    """Check a plan before anything is computed.

    Raises:
        UsageError: If a value makes no sense.
    """
    if plan.batch < 1:
        raise UsageError(f"--batch must be at least 1, not {plan.batch}")
    if plan.speed is not None and not 0 <= plan.speed < float("inf"):
        raise UsageError(f"--speed must not be negative, not {plan.speed:g}")


def run(plan: Plan, source: Source) -> None:
    """Stream ``source`` as ``plan`` says and print the summary. Ctrl-C ends the stream, not the summary.

    Raises:
        UsageError: If ``exact`` is asked of a service that does not run in lock-step.
        ServiceError: If the service cannot be reached or refuses a request.
        SystemExit: 130 after Ctrl-C.
    """
    tally = Tally()
    interrupted = False
    with Client(plan.url) as client:
        health = client.wait_ready()
        requests = _requests(plan, source, health)
        began = time.monotonic()
        try:
            with StreamProgress(client, source.total, source.title) as progress:
                for request in _paced(requests, plan.speed):
                    tally.add(request, _send(client, request))
                    progress.update(tally.sent)
                    tally.seconds = time.monotonic() - began
            if source.advance_to is not None:
                _advance(client, source, source.advance_to(health.horizon_s), tally)
            if not client.wait_learned(tally.seq):
                _note("the learner has not caught up within 120 s; the figures are of what it has learned so far")
        except KeyboardInterrupt:
            interrupted = True
            _note("interrupted; the figures are of what the service has learned so far")
        if tally.first_refusal is not None:
            _note(f"some items were refused, the first because {tally.first_refusal}")
        show_summary(client.evaluation(), tally, as_json=plan.json)
    if interrupted:
        raise SystemExit(130)


def _requests(plan: Plan, source: Source, health: Health) -> Iterator[Request]:
    if plan.exact:
        if not health.lockstep:
            raise UsageError(f"--exact needs a service in lock-step mode, and the one at {plan.url} is not")
        return in_slots(source.readings, source.reports, slot_width_us(health.horizon_s))
    longest = int(plan.speed * SECOND) if plan.speed else None
    return in_batches(source.readings, source.reports, plan.batch, longest)


def _paced(requests: Iterable[Request], speed: float | None) -> Iterator[Request]:
    """Hold every request back until its event time has come, at ``speed`` event seconds per second."""
    if not speed:
        yield from requests
        return
    began: float | None = None
    first = 0
    for request in requests:
        if began is None:
            began, first = time.monotonic(), request.at
        wait_s = began + (request.at - first) / SECOND / speed - time.monotonic()
        if wait_s > 0:
            time.sleep(wait_s)
        yield request


def _send(client: Client, request: Request) -> Receipt:
    return client.post_readings(request.readings) if request.readings else client.post_outcomes(request.outcomes)


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
