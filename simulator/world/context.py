"""Context: what surrounds a reading and has nothing to do with the device's health.

Hour and weekday drive how people use things, the evening fills the air with radio, the season and the weather heat and
cool. All of it moves the same metrics as a failure does, which is what makes the task hard, and fair. A 40 ms reply at
3 in the morning and one in an apartment at 7 in the evening mean different things.
"""

from typing import NamedTuple

import numba
import numpy as np

from simulator.arrays import DAY_S, HOUR_S, Codes, Floats, Indices, Ints
from simulator.chance.counter import key_of, mix, unit
from simulator.chance.purposes import Purpose, generator
from simulator.world.clock import QUARTER_S, WEEKEND, WORKDAY, ZONES, Clock
from simulator.world.devices import DEVICE_TYPES
from simulator.world.homes import HOME_TYPES, HomeType
from simulator.world.patterns import DEFAULT_PATTERNS, Congestion, Patterns
from simulator.world.population import DeviceTable

QUARTERS = DAY_S // QUARTER_S


class Surroundings(NamedTuple):
    """What the inner loop looks up. Home types h, zones z, quarters of a day 96, quarters of the span q, days of it t.

    Attributes:
        origin_s: Second at which the tables over the span begin.
        offset_s: Offset of local time, (z, q).
        day_kind: Kind of the local day, (z, q).
        summer: 1 in midsummer, -1 in midwinter, (t,).
        weather_c: Deviation of the outdoor temperature from the season's, (z, t + 1), at the beginning of each day.
        activity: Use of things by home type, kind of day and quarter, mean about 1, (h, 3, 96).
        evening: How full the air is with radio, in [0, 1], by quarter, (96,).
        sun: Course of the outdoor temperature over the day, -1 to 1, by quarter, (96,).
        people: Factor on activity by device, (d,).
        shift: How many quarters later than usual the home's people live, (d,).
        always_on: Share of a device's activity that does not depend on people, (d,).
        congestion: How much the neighbours' radios disturb, (d,).
        climate_c: Yearly mean of the outdoor temperature, (d,).
        season_c: Half the difference between summer and winter, (d,).
        leak: How much of the weather is felt: 1 outdoors, (d,).
        roof_c: How much the summer's sun heats the place, in K, (d,).
        away_first: Absences of home i are rows ``away_first[i]`` to ``away_first[i + 1]``, (homes + 1,).
        away_s: When an absence begins, (a,).
        back_s: When it ends, (a,).
        key: Of the random part of congestion.
    """

    origin_s: int
    offset_s: Indices
    day_kind: Codes
    summer: Floats
    weather_c: Floats
    activity: Floats
    evening: Floats
    sun: Floats
    people: Floats
    shift: Ints
    always_on: Floats
    congestion: Floats
    climate_c: Floats
    season_c: Floats
    leak: Floats
    roof_c: Floats
    away_first: Ints
    away_s: Ints
    back_s: Ints
    key: np.uint64


class Moment(NamedTuple):
    """Surroundings of one reading: how busy the device is (around 1), how disturbed the radio (0 to 1.5), the air."""

    busy: float
    jam: float
    ambient_c: float
    outdoors_c: float


def bump(hour: Floats, centre: float, width: float) -> Floats:
    """Return a bell over the hours of the day around ``centre``, with its standard deviation, 1 at its height."""
    away = (hour - centre + 12.0) % 24.0 - 12.0
    return np.asarray(np.exp(-0.5 * (away / width) ** 2))


def activity_of(kind: HomeType, patterns: Patterns = DEFAULT_PATTERNS) -> Floats:
    """Use of things over a home's workday, weekend's day and holiday, by quarter of an hour, (3, 96).

    Its mean over a week is 1, whatever the strengths of the patterns. Workdays peak in the morning and the evening,
    free days rise late and stay up.
    """
    daily, habits, hour = patterns.daily, kind.habits, np.arange(QUARTERS) / 4
    morning, evening = daily.morning_h + habits.morning_h, daily.evening_h + habits.evening_h
    workday = (
        0.15 + 1.8 * bump(hour, morning, 1.2) + 2.6 * bump(hour, evening, 2.2) + habits.at_home * bump(hour, 13.0, 3.0)
    )
    free = (
        0.15 + 1.7 * bump(hour, morning + 3.3, 2.5) + 0.9 * bump(hour, 15.0, 3.0) + 1.7 * bump(hour, evening + 1, 2.6)
    )
    curves = np.stack([workday / workday.mean(), free / free.mean(), free / free.mean()])
    curves = np.maximum(0.0, 1.0 + daily.size * (curves - 1.0))
    curves *= np.array([[1.0], [habits.weekend], [habits.holiday]]) / curves.mean(axis=1, keepdims=True)
    strength = np.array([[0.0], [patterns.weekly.size], [patterns.holidays.size]])
    curves = np.maximum(0.0, curves[0] + strength * (curves - curves[0]))
    week = (5.0 * curves[WORKDAY] + 2.0 * curves[WEEKEND]) / 7.0 if patterns.weekly.size > 0 else curves[WORKDAY]
    return np.asarray(curves / week.mean())


def evening_of(congestion: Congestion) -> Floats:
    """How full the air is with neighbours' radio, by quarter, (96,); its mean over the day is always the same."""
    jammed = 0.15 + 0.85 * bump(np.arange(QUARTERS) / 4, congestion.peak_h, 2.2)
    curve = np.maximum(0.0, jammed.mean() + congestion.size * (jammed - jammed.mean()))
    return np.asarray(curve * jammed.mean() / curve.mean())


def surround(table: DeviceTable, clock: Clock, patterns: Patterns, seed: int, span: tuple[int, int]) -> Surroundings:
    """Draw weather, absences and habits, and put all tables together.

    Args:
        table: The devices.
        clock: Local time, days and seasons.
        patterns: The temporal patterns.
        seed: Seed of the fleet.
        span: First and last second of the simulation.
    """
    of_home = {
        name: np.array([getattr(kind, name) for kind in HOME_TYPES], dtype=np.float64)[table.home_type]
        for name in ("congestion", "insulation", "occupancy", "climate_c", "season_c")
    }
    homes = int(table.home.max()) + 1
    rng = generator(seed, Purpose.HABITS)
    shift = np.round(rng.normal(0.0, 3.0, homes)).astype(np.int64)
    crowd, air, altitude = rng.lognormal(0.0, 0.2, homes), rng.lognormal(0.0, 0.2, homes), rng.normal(0.0, 1.5, homes)
    hour = np.arange(QUARTERS) / 4
    leak = np.where(table.outdoor, 1.0, 0.5 * (1.0 - of_home["insulation"]))
    away_first, away_s, back_s = _absences(homes, seed, span)
    return Surroundings(
        origin_s=clock.origin_s,
        offset_s=clock.offset_s,
        day_kind=clock.day_kind,
        summer=clock.summer,
        weather_c=_weather(len(clock.summer), seed),
        activity=np.stack([activity_of(kind, patterns) for kind in HOME_TYPES]),
        evening=evening_of(patterns.congestion),
        sun=np.cos(2 * np.pi * (hour - 15.0) / 24.0) * patterns.daily.size,
        people=(0.55 + 0.18 * of_home["occupancy"]) * crowd[table.home],
        shift=shift[table.home],
        always_on=np.array([kind.always_on for kind in DEVICE_TYPES])[table.device_type],
        congestion=of_home["congestion"] * air[table.home],
        climate_c=of_home["climate_c"] + altitude[table.home],
        season_c=of_home["season_c"],
        leak=leak,
        roof_c=np.where(table.attic, 16.0 * (1.0 - of_home["insulation"]), 0.0),
        away_first=away_first,
        away_s=away_s,
        back_s=back_s,
        key=key_of(seed, Purpose.CONGESTION),
    )


def _weather(days: int, seed: int) -> Floats:
    """Weather by zone and day: a shock a day, of which seven tenths are left the next day."""
    out = np.empty((len(ZONES), days + 1))
    for zone in range(len(ZONES)):
        shocks = generator(seed, Purpose.WEATHER, zone).standard_normal(days + 9) * 2.2
        out[zone] = np.convolve(shocks, 0.7 ** np.arange(9), mode="valid")
    return out


def _absences(homes: int, seed: int, span: tuple[int, int]) -> tuple[Ints, Ints, Ints]:
    """Weeks in which a home's people are away for some days: about one in eight."""
    week_s = 7 * DAY_S
    weeks = (span[1] - span[0]) // week_s + 1
    first, begin, end = [], [], []
    for week in range(weeks):
        rng = generator(seed, Purpose.ABSENCES, week)
        away = np.nonzero(rng.random(homes) < 0.12)[0]
        start = span[0] + week * week_s + rng.integers(0, week_s, homes)[away]
        first.append(away)
        begin.append(start)
        end.append(start + (rng.uniform(0.7, 4.0, homes)[away] * DAY_S).astype(np.int64))
    home, away_s, back_s = np.concatenate(first), np.concatenate(begin), np.concatenate(end)
    order = np.lexsort((away_s, home))
    counts = np.bincount(home, minlength=homes)
    return np.concatenate([[0], np.cumsum(counts)]), away_s[order], back_s[order]


@numba.njit(nogil=True, cache=True)
def moment(around: Surroundings, device: int, home: int, home_type: int, zone: int, second: int) -> Moment:
    """Return the surroundings of a device at an instant."""
    quarter = (second - around.origin_s) // QUARTER_S
    local_s = second + around.offset_s[zone, quarter]
    of_day = local_s % DAY_S // QUARTER_S
    habit = (of_day - around.shift[device]) % QUARTERS
    people = around.people[device] * around.activity[home_type, around.day_kind[zone, quarter], habit]
    for row in range(around.away_first[home], around.away_first[home + 1]):
        if around.away_s[row] <= second < around.back_s[row]:
            people *= 0.08
    always = around.always_on[device]
    busy = always + (1.0 - always) * people

    luck = unit(mix(mix(around.key, np.uint64(home)), np.uint64(second // HOUR_S)))
    jam = min(1.5, around.congestion[device] * around.evening[of_day] * (0.4 + 1.2 * luck))

    day = (second - around.origin_s) // DAY_S
    into = (second - around.origin_s) % DAY_S / DAY_S
    weather = (1.0 - into) * around.weather_c[zone, day] + into * around.weather_c[zone, day + 1]
    summer, sun = around.summer[day], around.sun[of_day]
    outdoors = around.climate_c[device] + around.season_c[device] * summer + weather + 4.0 * sun
    leak = around.leak[device]
    ambient = outdoors if leak == 1.0 else 21.0 + leak * (outdoors - 16.0) + 0.6 * sun
    ambient += around.roof_c[device] * max(0.0, 0.4 + 0.6 * summer) * max(0.0, 0.3 + 0.7 * sun)
    return Moment(busy, jam, ambient, outdoors)
