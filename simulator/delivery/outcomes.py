"""Outcomes: what is told of the hidden failures, and when. Late, sometimes wrong at first, sometimes never.

Beside the readings. For each failure, in this order:

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
from simulator.arrays import DAY_S, HOUR_S, SECOND, Floats, Indices, Ints
from simulator.chance.counter import key_of, normals, units
from simulator.chance.purposes import Purpose
from simulator.world.devices import MODES
from simulator.world.health import Lives
from simulator.world.population import DeviceTable

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
MISTAKE_WITHIN_D = 30
"""A life is reported as ended by mistake within so many days of its beginning, or not at all."""


class Report(Struct, frozen=True):
    """An outcome and the instant, in microseconds since the epoch, at which it is told."""

    at: int
    outcome: Outcome


def instant(ts: int) -> datetime:
    """Return microseconds since the epoch as an aware datetime in UTC."""
    return datetime.fromtimestamp(ts // SECOND, UTC).replace(microsecond=ts % SECOND)


def draw_reports(table: DeviceTable, lives: Lives, seed: int, start_s: int, end_s: int) -> list[Report]:
    """Return all reports told in [start, end], ordered by when they are told, then by id."""
    reports = _of_lives(table, lives, seed, start_s, end_s) + _mistakes(table, lives, seed, end_s)
    told = (report for report in reports if report.at <= end_s * SECOND)
    return sorted(told, key=lambda report: (report.at, report.outcome.outcome_id))


def _of_lives(table: DeviceTable, lives: Lives, seed: int, start_s: int, end_s: int) -> list[Report]:
    draw = _Draw(seed, lives.device, lives.end_s)
    median_s = np.array([DELAY_H[mode] for mode in MODES])[lives.mode] * HOUR_S
    # Who repairs a device knows of its failure: the report comes before the repair.
    delay_s = np.minimum(median_s * np.exp(0.6 * draw.normal(0)), 0.85 * (lives.repair_s - lives.end_s))
    told = draw.unit(2) >= np.array([NEVER[mode] for mode in MODES])[lives.mode]
    wrong = draw.unit(3) < WRONG_MODE
    # Nobody names a mode that nobody has seen, so the last of them is never taken for another.
    other = (lives.mode + 1 + (draw.unit(4) * (len(MODES) - 2)).astype(np.int64)) % (len(MODES) - 1)
    correct_s = draw.between(5, 4, 36) * HOUR_S
    mended_s = draw.between(6, 0.1, 2.0) * HOUR_S
    noticed = draw.unit(7) < AVERTED_REPAIR

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


class _Draw:
    """Draws for each life, by device and an instant, so that a longer simulation tells the same of its beginning."""

    def __init__(self, seed: int, device: Indices, at_s: Ints) -> None:
        self._key, self._device, self._at_s = key_of(seed, Purpose.REPORTS), device, at_s

    def unit(self, channel: int) -> Floats:
        return units(self._key, self._device, self._at_s, channel)

    def normal(self, channel: int) -> Floats:
        return normals(self._key, self._device, self._at_s, channel)

    def between(self, channel: int, low: float, high: float) -> Floats:
        return low + (high - low) * self.unit(channel)


def _mistakes(table: DeviceTable, lives: Lives, seed: int, end_s: int) -> list[Report]:
    """Draw failures reported of healthy devices, whatever becomes of them later, and their retractions."""
    draw = _Draw(seed, lives.device, lives.birth_s)  # when a life ends, nobody knows yet
    low = np.maximum(lives.birth_s, table.joins_s[lives.device])
    at = low + (draw.unit(8) * MISTAKE_WITHIN_D * DAY_S).astype(np.int64)
    code = (draw.unit(9) * (len(MODES) - 1)).astype(np.int64)
    delay_s, back_s = draw.between(10, 0.2, 4) * HOUR_S, draw.between(11, 2, 24) * HOUR_S
    made = (draw.unit(12) < FALSE_REPORT) & (at < lives.onset_s)
    made &= at <= np.minimum(end_s, table.leaves_s[lives.device])
    reports: list[Report] = []
    for row in np.nonzero(made)[0].tolist():
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
