"""What is told, and when."""

import numpy as np
from msgspec import UNSET

from service.contracts.outcomes import Failure, Repair, Retraction
from simulator.arrays import DAY_S, SECOND
from simulator.delivery.outcomes import instant
from simulator.fleet import Fleet

END = 1_750_000_000 * SECOND


def test_instants_are_exact() -> None:
    """Microseconds survive."""
    assert instant(1_700_000_000_123_457).isoformat() == "2023-11-14T22:13:20.123457+00:00"


def test_reports_come_late_and_in_order(fleet: Fleet) -> None:
    """Nothing is told before it happened, and everything in the order of telling."""
    reports = fleet.reports()

    assert [report.at for report in reports] == sorted(report.at for report in reports)
    assert all(report.at <= END for report in reports)
    for report in reports:
        if not isinstance(report.outcome, Retraction):
            assert instant(report.at) >= report.outcome.ts
    assert len({report.outcome.outcome_id for report in reports}) == len(reports)


def test_some_failures_are_never_told_and_some_wrongly(fleet: Fleet) -> None:
    """Most true failures are reported; corrections supersede a report already told; mistakes are retracted."""
    outcomes = [report.outcome for report in fleet.reports()]
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    names = fleet.devices
    truth = {
        (names.home_id[device], names.device_id[device], instant(ts))
        for device, ts in zip(fleet.failures.device.tolist(), fleet.failures.ts.tolist(), strict=True)
        if ts < END - DAY_S * SECOND
    }
    told = {(failure.home_id, failure.device_id, failure.ts) for failure in failures}
    seen: set[str] = set()
    for outcome in outcomes:
        if isinstance(outcome, Failure) and outcome.supersedes is not UNSET:
            assert outcome.supersedes in seen
        if isinstance(outcome, Retraction):
            assert outcome.retracts in seen
        seen.add(outcome.outcome_id)

    assert 0.8 < len(truth & told) / len(truth) < 0.99
    assert 0.02 < sum(failure.supersedes is not UNSET for failure in failures) / len(failures) < 0.15
    assert any(isinstance(outcome, Retraction) for outcome in outcomes)
    assert sum(isinstance(outcome, Repair) for outcome in outcomes) > 0.5 * len(failures)


def test_ids_tell_nothing_of_the_future(fleet: Fleet) -> None:
    """An id is made of the device, the instant of the outcome itself, and its kind."""
    for report in fleet.reports():
        _, _, second, kind = report.outcome.outcome_id.split("/")
        if isinstance(report.outcome, Retraction):
            assert report.outcome.retracts.endswith(f"/{second}/mistake")
        else:
            assert int(second) == int(report.outcome.ts.timestamp())
            assert kind in ("failure", "correction", "repair", "mistake")
        assert int(second) * SECOND <= report.at


def test_a_repair_is_told_after_its_failure(fleet: Fleet) -> None:
    """Whoever hears of a repair has heard of the failure, unless it was averted or never told."""
    lives, table = fleet.lives, fleet.devices
    at = {report.outcome.outcome_id: report.at for report in fleet.reports()}
    pairs = 0
    for row in range(len(lives.device)):
        device = int(lives.device[row])
        stem = f"{table.home_id[device]}/{table.device_id[device]}"
        failure, repair = f"{stem}/{lives.end_s[row]}/failure", f"{stem}/{lives.repair_s[row]}/repair"
        if repair in at and not lives.averted[row]:
            assert at[failure] < at[repair]
            pairs += 1

    assert pairs > 50


def test_nothing_fails_outside_of_a_homes_stay() -> None:
    """Homes that join and leave are reported on while they are there, mistakes included."""
    homes, start_s = 100, END // SECOND - 40 * DAY_S
    joins_s = start_s + np.arange(homes, dtype=np.int64) * DAY_S * 30 // homes
    fleet = Fleet(homes, 1, start_s * SECOND, END, stays=(joins_s, joins_s + 10 * DAY_S))
    stay = dict(
        zip(fleet.devices.home_id, zip(fleet.devices.joins_s, fleet.devices.leaves_s, strict=True), strict=True)
    )
    failures = [report.outcome for report in fleet.reports() if isinstance(report.outcome, Failure)]

    assert len(failures) > 100
    assert all(stay[one.home_id][0] <= one.ts.timestamp() <= stay[one.home_id][1] for one in failures)
