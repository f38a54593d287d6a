"""Outcomes: what is told of the hidden failures, and when. Late, sometimes wrong at first, sometimes never.

Sixth in the flow. For each failure, in this order:

- it is *reported* after a delay that depends on its mode, unless it is never reported at all;
- some reports name a wrong mode, and a correction that supersedes the report follows hours later;
- the repair is reported shortly after it is done (only of reported failures; others are mended in silence);
- some averted failures show up as a repair without a failure (somebody changed the battery in time);
- now and then a healthy device is reported as failed, and the report is retracted.

A `Report` carries the instant at which it is told. Whatever is sent before that instant must not know of it.
"""

from datetime import UTC, datetime

import numpy as np
from msgspec import UNSET, Struct

from service.contracts.outcomes import Failure, Outcome, Repair, Retraction
from simulator.arrays import HOUR_S, SECOND
from simulator.devices import MODES
from simulator.health import Lives
from simulator.population import DeviceTable
from simulator.randomness import Purpose, generator

DELAY_H = {
    "wear": 3.0, "sudden": 0.5, "intermittent": 5.0, "battery": 2.0, "network": 1.0, "overheating": 2.0, "drift": 6.0,
    "lockup": 3.0,
}  # fmt: skip
"""Median delay from a failure to its report by mode, in hours."""
NEVER = {
    "wear": 0.05, "sudden": 0.03, "intermittent": 0.15, "battery": 0.04, "network": 0.10, "overheating": 0.04,
    "drift": 0.15, "lockup": 0.06,
}  # fmt: skip
"""Share of failures that nobody ever reports, by mode."""
WRONG_MODE = 0.08
AVERTED_REPAIR = 0.4
FALSE_REPORT = 0.03


class Report(Struct, frozen=True):
    """An outcome and the instant, in microseconds since the epoch, at which it is told."""

    at: int
    outcome: Outcome


def instant(ts: int) -> datetime:
    """Return microseconds since the epoch as an aware datetime in UTC."""
    return datetime.fromtimestamp(ts // SECOND, UTC).replace(microsecond=ts % SECOND)


def draw_reports(table: DeviceTable, lives: Lives, seed: int, start_s: int, end_s: int) -> list[Report]:
    """Return all reports told in [start, end], ordered by when they are told, then by id."""
    rng = generator(seed, Purpose.REPORTS)
    reports = _of_lives(table, lives, rng, start_s, end_s) + _mistakes(table, lives, rng, start_s, end_s)
    told = (report for report in reports if report.at <= end_s * SECOND)
    return sorted(told, key=lambda report: (report.at, report.outcome.outcome_id))


def _of_lives(table: DeviceTable, lives: Lives, rng: np.random.Generator, start_s: int, end_s: int) -> list[Report]:
    k = len(lives.device)
    median_s = np.array([DELAY_H[mode] for mode in MODES])[lives.mode] * HOUR_S
    # Who repairs a device knows of its failure: the report comes before the repair.
    delay_s = np.minimum(median_s * rng.lognormal(0.0, 0.6, k), 0.85 * (lives.repair_s - lives.end_s))
    told = rng.random(k) >= np.array([NEVER[mode] for mode in MODES])[lives.mode]
    wrong = rng.random(k) < WRONG_MODE
    other = (lives.mode + rng.integers(1, len(MODES) - 1, k)) % (len(MODES) - 1)
    correct_s = rng.uniform(4, 36, k) * HOUR_S
    mended_s = rng.uniform(0.1, 2.0, k) * HOUR_S
    noticed = rng.random(k) < AVERTED_REPAIR

    here = (lives.end_s >= start_s) & (lives.end_s <= np.minimum(end_s, table.leaves_s[lives.device]))
    reports: list[Report] = []
    for row in np.nonzero(here)[0].tolist():
        device, mode = int(lives.device[row]), int(lives.mode[row])
        end, repair = int(lives.end_s[row]), int(lives.repair_s[row])
        if lives.averted[row]:
            if noticed[row]:
                reports.append(_report(repair, mended_s[row], _repair(table, device, repair)))
            continue
        if not told[row]:
            continue
        first = _failure(table, device, end, int(other[row]) if wrong[row] else mode, "failure")
        reports.append(_report(end, delay_s[row], first))
        if wrong[row]:
            right = _failure(table, device, end, mode, "correction", first.outcome_id)
            reports.append(_report(end, delay_s[row] + correct_s[row], right))
        reports.append(_report(repair, mended_s[row], _repair(table, device, repair)))
    return reports


def _mistakes(table: DeviceTable, lives: Lives, rng: np.random.Generator, start_s: int, end_s: int) -> list[Report]:
    """Draw failures reported of healthy devices, whatever becomes of them later, and their retractions."""
    k = len(lives.device)
    low = np.maximum(lives.birth_s, table.joins_s[lives.device])
    at = low + (rng.random(k) * np.maximum(0, lives.onset_s - low)).astype(np.int64)
    code = rng.integers(0, len(MODES) - 1, k)  # nobody names a mode that nobody has seen
    delay_s, back_s = rng.uniform(0.2, 4, k) * HOUR_S, rng.uniform(2, 24, k) * HOUR_S
    reports: list[Report] = []
    for row in np.nonzero((rng.random(k) < FALSE_REPORT) & (at < lives.onset_s) & (at <= end_s))[0].tolist():
        device, second = int(lives.device[row]), int(at[row])
        mistake = _failure(table, device, second, int(code[row]), "mistake")
        back = Retraction(outcome_id=_outcome_id(table, device, second, "retraction"), retracts=mistake.outcome_id)
        reports.append(_report(second, delay_s[row], mistake))
        reports.append(_report(second, delay_s[row] + back_s[row], back))
    return reports


def _outcome_id(table: DeviceTable, device: int, second: int, kind: str) -> str:
    return f"{table.home_id[device]}/{table.device_id[device]}/{second}/{kind}"


def _failure(
    table: DeviceTable, device: int, second: int, code: int, kind: str, supersedes: str | None = None
) -> Failure:
    return Failure(
        outcome_id=_outcome_id(table, device, second, kind),
        home_id=table.home_id[device],
        device_id=table.device_id[device],
        ts=instant(second * SECOND),
        mode=MODES[code],
        supersedes=UNSET if supersedes is None else supersedes,
    )


def _repair(table: DeviceTable, device: int, second: int) -> Repair:
    return Repair(
        outcome_id=_outcome_id(table, device, second, "repair"),
        home_id=table.home_id[device],
        device_id=table.device_id[device],
        ts=instant(second * SECOND),
    )


def _report(since_s: int, delay_s: float, outcome: Outcome) -> Report:
    return Report((since_s + int(delay_s)) * SECOND, outcome)
