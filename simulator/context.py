"""Context: what surrounds a reading and has nothing to do with the device's health.

Hour and weekday drive how people use things, the evening fills the air with radio, the season and the weather heat and
cool. All of it moves the same metrics as a failure does, which is what makes the task hard, and fair.
"""

import numpy as np
from msgspec import Struct

from simulator.arrays import DAY_S, HOUR_S, SECOND, Flags, Floats, Indices, Ints, Timeline
from simulator.devices import DEVICE_TYPES
from simulator.homes import HOME_TYPES
from simulator.population import DeviceTable
from simulator.randomness import Purpose, generator


class Context(Struct, frozen=True, kw_only=True):
    """Surroundings of n readings.

    Attributes:
        hour: Local hour of the day, in [0, 24), (n,).
        weekend: 1 on Saturday and Sunday, else 0, (n,).
        activity: How busy the device is because of people and routine, around 1 on average, (n,).
        congestion: How disturbed the radio is, in [0, 1.5], (n,).
        ambient_c: Air temperature around the device, in degC, (n,).
    """

    hour: Floats
    weekend: Floats
    activity: Floats
    congestion: Floats
    ambient_c: Floats


def daily_activity(hour: Floats, weekend: Floats) -> Floats:
    """Use over the day, mean about 1: workdays peak at 7 and 19 h, weekends rise late and stay up."""
    workday = 0.15 + 1.8 * _bump(hour, 7.2, 1.2) + 2.6 * _bump(hour, 19.5, 2.4) + 0.35 * _bump(hour, 13.0, 3.0)
    free = 0.15 + 1.7 * _bump(hour, 10.5, 2.5) + 0.9 * _bump(hour, 15.0, 3.0) + 1.7 * _bump(hour, 20.5, 2.6)
    return np.asarray(np.where(weekend > 0, free, workday))


def evening(hour: Floats) -> Floats:
    """How full the air is with neighbours' radio, in [0, 1]: from 17 to 24 h, most at 21 h."""
    return _bump(hour, 21.0, 2.0)


def _bump(hour: Floats, centre: float, width: float) -> Floats:
    away = (hour - centre + 12.0) % 24.0 - 12.0
    return np.asarray(np.exp(-0.5 * (away / width) ** 2))


class Surroundings:
    """Weather and people's absences over a simulation; gives the context of any reading in it.

    Args:
        table: The devices.
        seed: Seed of the fleet.
        start_s: First second of the simulation.
        end_s: Last second.
    """

    def __init__(self, table: DeviceTable, seed: int, start_s: int, end_s: int) -> None:
        self._table = table
        self._first_day = start_s // DAY_S - 2
        days = end_s // DAY_S - self._first_day + 4
        shocks = generator(seed, Purpose.WEATHER).standard_normal(days + 8) * 2.2
        self._weather_c = np.convolve(shocks, 0.7 ** np.arange(9), mode="valid")
        self._kind = {
            name: np.array([getattr(kind, name) for kind in HOME_TYPES])[table.home_type]
            for name in ("congestion", "insulation", "occupancy", "climate_c", "season_c")
        }
        self._always_on = np.array([kind.always_on for kind in DEVICE_TYPES])[table.device_type]
        rng = generator(seed, Purpose.ABSENCES)
        homes = int(table.home.max()) + 1
        weeks = int((end_s - start_s) // (7 * DAY_S)) + 1
        away = rng.random((weeks, homes)) < 0.12
        week, home = np.nonzero(away)
        begin = start_s + week * 7 * DAY_S + rng.integers(0, 7 * DAY_S, len(week))
        self._absences = Timeline(home, begin)
        self._absent_s = (rng.uniform(0.7, 4.0, len(week)) * DAY_S).astype(np.int64)[self._absences.order]

    def context(self, device: Indices, ts: Ints, rng: np.random.Generator) -> Context:
        """Return the surroundings of readings of ``device`` (n,) at ``ts`` (n,), in microseconds."""
        table = self._table
        second = ts // SECOND
        local_s = second + table.utc_offset_min[device] * 60
        hour = local_s % DAY_S / HOUR_S
        weekend = ((local_s // DAY_S + 3) % 7 >= 5).astype(np.float64)
        people = daily_activity(hour, weekend) * (0.55 + 0.18 * self._kind["occupancy"][device])
        people *= np.where(self._absent(table.home[device], second), 0.08, 1.0)
        always = self._always_on[device]
        jam = self._kind["congestion"][device] * (0.15 + 0.85 * evening(hour)) * rng.gamma(6.0, 1 / 6.0, len(ts))
        return Context(
            hour=hour,
            weekend=weekend,
            activity=always + (1.0 - always) * people,
            congestion=np.minimum(jam, 1.5),
            ambient_c=self._ambient(device, local_s, hour),
        )

    def _ambient(self, device: Indices, local_s: Ints, hour: Floats) -> Floats:
        day = local_s / DAY_S
        season = np.cos(2 * np.pi * (day - 197.0) / 365.25)
        weather = np.interp(day, self._first_day + np.arange(len(self._weather_c)), self._weather_c)
        daily = 4.0 * np.cos(2 * np.pi * (hour - 15.0) / 24.0)
        outdoors = self._kind["climate_c"][device] + self._kind["season_c"][device] * season + weather + daily
        leak = 0.5 * (1.0 - self._kind["insulation"][device])
        indoors = 21.0 + leak * (outdoors - 16.0) + 0.6 * np.cos(2 * np.pi * (hour - 18.0) / 24.0)
        return np.asarray(np.where(self._table.outdoor[device], outdoors, indoors))

    def _absent(self, home: Indices, second: Ints) -> Flags:
        latest = self._absences.latest(home, second)
        if not len(self._absent_s):
            return np.zeros(len(home), dtype=bool)
        return (latest >= 0) & (second < self._absences.at(latest) + self._absent_s[latest])
