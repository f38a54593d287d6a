"""No risk may know an outcome before the label made of it is final."""

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from service.contracts.outcomes import Failure
from simulator.delivery.outcomes import Report
from tests.acceptance.streams import (
    HORIZON,
    HORIZON_US,
    body,
    fleet_reports,
    fleet_requests,
    path,
    told_at_once,
)
from tests.service_process import ServiceProcess

HOMES, DAYS, SEED = 10, 1.5, 1
GRACE_US = HORIZON_US // 2


def _failures(reports: list[Report]) -> list[Failure]:
    return [report.outcome for report in reports if isinstance(report.outcome, Failure)]


def _middle_us(reports: list[Report]) -> int:
    """The instant of the middle failure."""
    failures = sorted(int(failure.ts.timestamp() * 1e6) for failure in _failures(reports))
    return failures[len(failures) // 2]


def _poisoned(reports: list[Report], since_us: int) -> list[Report]:
    """From an instant on no failure is told as it was, and failures are told that never were. Repairs stay."""
    out: list[Report] = []
    failures = _failures(reports)
    for n, report in enumerate(reports):
        outcome = report.outcome
        if isinstance(outcome, Failure) and outcome.ts.timestamp() * 1e6 >= since_us:
            other = failures[(7 * n + 3) % len(failures)]
            outcome = msgspec.structs.replace(outcome, home_id=other.home_id, device_id=other.device_id, mode="x")
        out.append(Report(report.at, outcome))
    return out


def _risks(folder: Path, reports: list[Report]) -> list[tuple[int, list[Any]]]:
    grace = f"{GRACE_US // 1_000_000}s"
    flags = ("--lockstep", "--horizon", HORIZON, "--baseline", "off")
    out = []
    with (
        ServiceProcess(folder, *flags, HEARTHBEAT_GRACE=grace) as service,
        httpx.Client(base_url=service.url, timeout=60) as client,
    ):
        for request in fleet_requests(HOMES, DAYS, SEED, reports=reports):
            answer = client.post(path(request), content=body(request), params={"members": "true"})
            assert 200 == answer.status_code
            if request.readings:
                risks = [(risk["risk"], risk["members"]) for risk in answer.json()["risks"]]
                out.append((request.at, risks))
    return out


@pytest.mark.timeout(300)
def test_poisoned_outcomes_change_no_risk_before_their_maturity(tmp_path: Path) -> None:
    """All failures after an instant are false, and told at once; up to their maturity every risk stays as it was.

    A failure at f makes a label final at f + grace at the earliest: that of a reading at f - H. So until event time has
    passed the instant plus the grace, both streams must be answered alike; afterwards they must differ, or the test
    would show nothing. Repairs are left alone: they are inputs too, since a repaired device starts afresh.
    """
    reports = told_at_once(fleet_reports(HOMES, DAYS, SEED))
    since_us = _middle_us(reports)
    poisoned = _poisoned(reports, since_us)
    told_early = [r for r in poisoned if r not in reports and r.at < since_us + GRACE_US]
    assert len(told_early) > 0
    true, false = _risks(tmp_path / "true", reports), _risks(tmp_path / "false", poisoned)
    before = [n for n, (at, _) in enumerate(true) if at <= since_us + GRACE_US]
    assert [true[n] for n in before] == [false[n] for n in before]
    assert true != false
