"""A small simulated stream for acceptance tests, cut into requests by event time as ``--exact`` cuts it."""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import UNSET

from service.contracts.outcomes import Failure, Outcome, Retraction
from service.contracts.readings import Reading
from simulator.delivery.outcomes import Report
from simulator.fleet import Fleet
from simulator.stream.merge import Request, in_slots
from simulator.stream.readings import timed_readings

HORIZON = "6h"
HORIZON_US = 6 * 3_600_000_000
SLOT_US = HORIZON_US // 50
END_US = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
DAY_US = 86_400_000_000


def fleet_requests(
    homes: int, days: float, seed: int, *, failure_rate: float = 4.0, reports: Iterable[Report] | None = None
) -> Iterator[Request[Reading]]:
    """The stream of a fleet, with its own reports or others in their place."""
    fleet = Fleet(homes, seed, END_US - int(days * DAY_US), END_US, failure_rate=failure_rate)
    return in_slots(timed_readings(fleet), fleet.reports() if reports is None else reports, SLOT_US)


def fleet_reports(homes: int, days: float, seed: int, *, failure_rate: float = 4.0) -> list[Report]:
    """What the fleet of the same arguments reports, in order of when it is told."""
    return Fleet(homes, seed, END_US - int(days * DAY_US), END_US, failure_rate=failure_rate).reports()


def is_failure(outcome: Outcome) -> bool:
    """Whether an outcome is a failure."""
    return isinstance(outcome, Failure)


def body(request: Request[Reading]) -> bytes:
    """The request's JSON array."""
    return msgspec.json.encode(request.readings or request.outcomes)


def path(request: Request[Reading]) -> str:
    """Where the request goes."""
    return "/v1/readings" if request.readings else "/v1/outcomes"


def told_at_once(reports: list[Report]) -> list[Report]:
    """Every first account of a failure or repair, told at its own instant: as early as it can be known."""
    first = [
        report.outcome
        for report in reports
        if not isinstance(report.outcome, Retraction) and report.outcome.supersedes is UNSET
    ]
    return sorted((Report(round(told.ts.timestamp() * 1e6), told) for told in first), key=lambda report: report.at)
