"""Hazards: how often each mode strikes, by home type, device type, season and day.

Fourth in the flow. `health` draws lives from it. A rate is the product of what kind of device it is, in what
kind of home, how frail it is, and the day: heat kills in summer, cold drains batteries, and what wears by use gives way
when people are at home.
"""

import numpy as np

from simulator.arrays import DAY_S, Codes, Floats, Ints
from simulator.scenarios import Changes
from simulator.world.clock import HOLIDAY, QUARTER_S, ZONES, Clock
from simulator.world.courses import COURSES, FAILURES_PER_DEVICE_DAY
from simulator.world.devices import DEVICE_TYPES, MODE_CODE, MODES
from simulator.world.homes import HOME_TYPES
from simulator.world.patterns import Patterns
from simulator.world.population import DeviceTable

_LEAST = 0.05
_HOLIDAYS = 0.03
"""Share of a year's days that are public holidays, about."""


def mode_rates(table: DeviceTable) -> Floats:
    """Relative failure rates by device and mode, (d, 8); a device's total is 1 on average over a usual fleet."""
    rates = _rates_by_type()[table.home_type, table.device_type] / _usual_total()
    return np.asarray(rates * table.frailty[:, None], dtype=np.float64)


def _rates_by_type() -> Floats:
    """Relative failure rates by home type, device type and mode, (8, 8, 8)."""
    by_type = np.array([[kind.modes.get(mode, 0.0) for mode in MODES] for kind in DEVICE_TYPES])
    by_home = np.array([[kind.hazard.get(mode, 1.0) for mode in MODES] for kind in HOME_TYPES])
    return np.asarray(by_home[:, None, :] * by_type[None, :, :])


def _usual_total() -> float:
    """Mean of a device's relative rates over a fleet of the usual mix: a device's rate is its own, whoever is near."""
    homes = np.array([kind.share * kind.mean_devices for kind in HOME_TYPES])
    mix = np.array([[kind.mix[device.name] for device in DEVICE_TYPES] for kind in HOME_TYPES])
    weight = homes[:, None] * mix / mix.sum(axis=1, keepdims=True)
    return float(np.average(_rates_by_type().sum(axis=2), weights=weight))


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
        # Days are the home's own; that a summer's begin an hour earlier is left aside.
        self._midnight_s = clock.origin_s - clock.offset_s[:, 0].astype(np.int64)
        self._by_day = _by_day(clock, patterns)
        self._fails = 1.0 - averted
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
            edge_s = self._midnight_s[self._zone[one]] + DAY_S * np.arange(len(daily) + 1)
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
        day = np.clip((second - self._midnight_s[self._zone]) // DAY_S, 0, self._by_day.shape[3] - 1)
        weights = self._rates * self._by_day[:, self._home_type, self._zone, day].T
        if self._new is not None:
            new = second >= self._new_from_s
            lockup = MODE_CODE["lockup"]
            failing = (weights * self._fails).sum(axis=1)  # the share is of failures, not of degradations
            weights[new] *= 1.0 - self._new.share
            weights[new, lockup] = self._new.share * failing[new] / self._fails[new, lockup]
        return np.asarray(weights)


def _by_day(clock: Clock, patterns: Patterns) -> Floats:
    """Factors by mode, home type, zone and local day, (8, 8, zones, days).

    Whatever the strengths of the patterns, their mean over a year is 1: patterns say when things fail, not how often.
    """
    per_day = DAY_S // QUARTER_S
    days = clock.offset_s.shape[1] // per_day
    noon = np.arange(days) * per_day + per_day // 2 - clock.offset_s[:, :1] // QUARTER_S
    kinds = np.take_along_axis(clock.day_kind, np.clip(noon, 0, clock.day_kind.shape[1] - 1), axis=1)
    weekly, holidays = patterns.weekly.size, patterns.holidays.size
    year = patterns.seasonal.size * np.cos(2 * np.pi * np.arange(365) / 365)
    shares = np.array([5.0, 2.0, 0.0] if weekly > 0 else [7.0, 0.0, 0.0]) / 7.0
    if holidays > 0:
        shares *= 1.0 - _HOLIDAYS
        shares[HOLIDAY] = _HOLIDAYS
    out = np.empty((len(MODES), len(HOME_TYPES), len(ZONES), days))
    for mode, name in enumerate(MODES):
        course = COURSES[name]
        season = np.maximum(_LEAST, 1.0 + course.summer * clock.summer)
        season /= np.maximum(_LEAST, 1.0 + course.summer * year).mean()
        for home, kind in enumerate(HOME_TYPES):
            weekend = 1.0 + weekly * (kind.habits.weekend**course.use - 1.0)
            holiday = 1.0 + holidays * (kind.habits.holiday**course.use - 1.0)
            factor = np.maximum(_LEAST, [1.0, weekend, holiday])
            out[mode, home] = season * (factor / (factor @ shares))[kinds]
    return out
