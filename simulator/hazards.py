"""Hazards: how often each mode strikes, by home type, device type, season and day.

Fourth in the flow. `simulator.health` draws lives from it. A rate is the product of what kind of device it is, in what
kind of home, how frail it is, and the day: heat kills in summer, cold drains batteries, and what wears by use gives way
when people are at home.
"""

import numpy as np

from simulator.arrays import DAY_S, Codes, Floats, Indices, Ints
from simulator.clock import HOLIDAY, QUARTER_S, WEEKEND, ZONES, Clock
from simulator.courses import COURSES, FAILURES_PER_DEVICE_DAY
from simulator.devices import DEVICE_TYPES, MODE_CODE, MODES
from simulator.homes import HOME_TYPES
from simulator.patterns import Patterns
from simulator.population import DeviceTable
from simulator.scenarios import Changes


def mode_rates(table: DeviceTable) -> Floats:
    """Relative failure rates by device and mode, (d, 8); the mean over the table of a device's total is 1."""
    by_type = np.array([[kind.modes.get(mode, 0.0) for mode in MODES] for kind in DEVICE_TYPES])
    by_home = np.array([[kind.hazard.get(mode, 1.0) for mode in MODES] for kind in HOME_TYPES])
    rates = by_type[table.device_type] * by_home[table.home_type]
    rates /= rates.sum(axis=1).mean()
    return np.asarray(rates * table.frailty[:, None], dtype=np.float64)


def averted_shares() -> Floats:
    """Share of degradations that pass without a failure, by home type and mode, (8, 8)."""
    return np.array([[kind.recovers.get(mode, COURSES[mode].averted) for mode in MODES] for kind in HOME_TYPES])


class Hazards:
    """Rates of degradation of all devices over a simulation.

    Args:
        table: The devices.
        clock: Days and seasons.
        patterns: How strong the weekly pattern is.
        changes: A new mode, if there comes one.
        span: First and last second of the simulation; changes are placed within it.
        failure_rate: Factor on all rates.

    Attributes:
        total: Rate of degradation by device on an average day, per day, (d,).
    """

    def __init__(
        self, table: DeviceTable, clock: Clock, patterns: Patterns, changes: Changes, span: tuple[int, int],
        failure_rate: float,
    ) -> None:  # fmt: skip
        averted = averted_shares()[table.home_type]
        self._rates = FAILURES_PER_DEVICE_DAY * failure_rate * mode_rates(table) / (1.0 - averted)
        self.total = self._rates.sum(axis=1)
        self._home_type, self._zone = table.home_type, table.zone
        self._origin_s = clock.origin_s
        self._by_day = _by_day(clock, patterns)
        self._new, self._new_from_s = changes.new_mode, 0
        if changes.new_mode is not None:
            self._new_from_s = int(span[0] + changes.new_mode.at * (span[1] - span[0]))
        # Devices of a class share their rates but for frailty, and so one integral.
        classes = (table.home_type.astype(np.int64) * len(DEVICE_TYPES) + table.device_type) * len(ZONES) + table.zone
        order = np.argsort(classes, kind="stable")
        self._classes = np.split(order, np.nonzero(np.diff(classes[order]))[0] + 1)

    def after(self, birth_s: Ints, wait: Floats) -> Ints:
        """Return when each device's degradation ends, (d,), that is born at ``birth_s`` (d,) and waits ``wait`` (d,).

        ``wait`` is in units of mean lives: the integral of the rate from birth to end.
        """
        end = np.empty(len(birth_s), dtype=np.int64)
        for devices in self._classes:
            one = devices[0]
            daily = self._by_day[:, self._home_type[one], self._zone[one]].T @ self._rates[one] / self.total[one]
            edge_s = self._origin_s + DAY_S * np.arange(len(daily) + 1)
            integral = np.concatenate([[0.0], np.cumsum(daily)])
            due = np.interp(birth_s[devices], edge_s, integral) + wait[devices] / self.total[devices]
            found = np.interp(due, integral, edge_s)
            end[devices] = found + np.maximum(0.0, due - integral[-1]) * DAY_S
        return end

    def earliest_s(self, mode: Codes) -> Ints:
        """Return from when on there are the modes (n,), (n,): always, but for one that a change brings."""
        return np.where(mode == MODE_CODE["lockup"], self._new_from_s, 0)

    def weights(self, second: Ints) -> Floats:
        """Return the relative rates of the modes of each device at an instant of its own, (d, 8)."""
        day = np.clip((second - self._origin_s) // DAY_S, 0, self._by_day.shape[3] - 1)
        weights = self._rates * self._by_day[:, self._home_type, self._zone, day].T
        if self._new is not None:
            new = second >= self._new_from_s
            old = weights.sum(axis=1)
            weights[new] *= 1.0 - self._new.share
            weights[new, MODE_CODE["lockup"]] = self._new.share * old[new]
        return np.asarray(weights)


def _by_day(clock: Clock, patterns: Patterns) -> Floats:
    """Factors by mode, home type, zone and day, (8, 8, zones, days); their mean over weeks and years is about 1."""
    noon = DAY_S // QUARTER_S // 2
    kinds: Indices | Codes = clock.day_kind[:, noon :: DAY_S // QUARTER_S]
    strength = patterns.weekly.strength
    out = np.empty((len(MODES), len(HOME_TYPES), len(ZONES), kinds.shape[1]))
    for mode, name in enumerate(MODES):
        course = COURSES[name]
        season = np.maximum(0.05, 1.0 + course.summer * clock.summer)
        for home, kind in enumerate(HOME_TYPES):
            use = np.ones(kinds.shape)
            weekend = kind.habits.weekend ** (course.use * strength)
            use[kinds == WEEKEND] = weekend
            use[kinds == HOLIDAY] = kind.habits.holiday ** (course.use * patterns.holidays.strength)
            out[mode, home] = season * use * (7.0 / (5.0 + 2.0 * weekend) if patterns.weekly.on else 1.0)
    return out
