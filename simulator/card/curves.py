"""Card, part two: how readings and failures move with the hour, the weekday and the season, as measured.

Hours and days are measured on many homes for some days each, seasons on some homes that are watched for the whole year:
only the same devices in winter and summer can be compared.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct

from simulator.arrays import DAY_S, HOUR_S, SECOND, Floats, Indices, Ints
from simulator.card.world import World
from simulator.fleet import Fleet
from simulator.samples.panel import END_S, YEAR_S
from simulator.world.clock import WORKDAY
from simulator.world.devices import COLUMN, DEVICE_TYPE_CODE, MODES
from simulator.world.homes import HOME_TYPES

_MONDAY: Final = 3  # 1970-01-01 was a Thursday
_STEP_S: Final = 2 * DAY_S
_SPARSE: Final = 12.0  # a season needs fewer readings of a day
_CLEAR_OF_THE_ENDS: Final = 15.0  # a gauge ends at 0 and 100 %; nearer than this, what winter takes could not show


class Days(Struct, frozen=True, kw_only=True):
    """Means over the readings of many homes; hours and days are the home's own.

    Attributes:
        response: Response time on workdays by home type and hour, against the home type's mean, (8, 24).
        use: Share of the time in use on workdays, at weekends and on holidays, by hour, (3, 24).
        use_by_day: The same by home type and weekday from Monday, against the home type's mean, (8, 7).
        readings: How many readings there were.
        missing: Share of metric values missing although the device has the metric.
    """

    response: Floats
    use: Floats
    use_by_day: Floats
    readings: int
    missing: float


class Seasons(Struct, frozen=True, kw_only=True):
    """Means over sensors that were watched for the whole year, by month from January.

    Attributes:
        temperature_c: Temperature, indoors and outdoors, (2, 12).
        short_pct: Battery charge as reported, less what the cell holds, indoors and outdoors, (2, 12). What is reported
            tells little by itself: winter empties cells sooner, so more of them are new.
    """

    temperature_c: Floats
    short_pct: Floats


class Failing(Struct, frozen=True, kw_only=True):
    """How many failures there were, by mode.

    Attributes:
        by_hour: By local hour, (modes, 24).
        by_day: By weekday from Monday, (modes, 7).
        by_month: By month from January, (modes, 12).
    """

    by_hour: Ints
    by_day: Ints
    by_month: Ints


class _Mean:
    """Means of values by cell."""

    def __init__(self, *shape: int) -> None:
        self._shape = shape
        self._sum, self._count = np.zeros(np.prod(shape)), np.zeros(np.prod(shape))

    def add(self, cell: Sequence[Ints], value: Floats) -> None:
        known = ~np.isnan(value)
        flat = np.ravel_multi_index([part[known] for part in cell], self._shape)
        self._sum += np.bincount(flat, value[known], minlength=len(self._sum))
        self._count += np.bincount(flat, minlength=len(self._count))

    def value(self) -> Floats:
        return np.asarray((self._sum / np.maximum(1.0, self._count)).reshape(self._shape))


def measure_days(world: World) -> Days:
    """Measure how a fleet's readings move with the hour and the weekday."""
    fleet, kinds = world.fleet, len(HOME_TYPES)
    response, use, use_by_day = _Mean(kinds, 24), _Mean(3, 24), _Mean(kinds, 7)
    own = np.exp(fleet.devices.level[:, COLUMN["response_time_ms"]])
    has = (~np.isnan(fleet.devices.level)).sum(axis=1)
    readings = present = expected = 0
    for block in fleet.blocks(_STEP_S):
        hour, weekday, _ = local_time(block.ts, block.offset_s)
        kind = fleet.devices.home_type[block.device].astype(np.int64)
        day_kind = world.day_kinds(block.device, block.ts // SECOND)
        workday = day_kind == WORKDAY
        relative = block.metrics[:, COLUMN["response_time_ms"]] / own[block.device]
        response.add((kind[workday], hour[workday]), relative[workday])
        used = block.metrics[:, COLUMN["usage_ratio"]]
        use.add((day_kind, hour), used)
        use_by_day.add((kind, weekday), used)
        readings += len(block)
        expected += int(has[block.device].sum())
        present += int((~np.isnan(block.metrics)).sum())
    return Days(
        response=response.value() / response.value().mean(axis=1, keepdims=True),
        use=use.value(),
        use_by_day=use_by_day.value() / use_by_day.value().mean(axis=1, keepdims=True),
        readings=readings,
        missing=1.0 - present / expected,
    )


def measure_seasons(homes: int, seed: int) -> Seasons:
    """Measure how sensors' readings move with the season, on homes that are watched for a year."""
    fleet = Fleet(homes, seed, (END_S - YEAR_S) * SECOND, END_S * SECOND, interval_scale=_SPARSE)
    outdoor = fleet.devices.outdoor.astype(np.int64)
    is_sensor = fleet.devices.device_type == DEVICE_TYPE_CODE["sensor"]
    temperature, battery = _Mean(2, 12), _Mean(2, 12)
    for block in fleet.blocks(_STEP_S):
        sensor = np.flatnonzero(is_sensor[block.device])
        _, _, month = local_time(block.ts[sensor], block.offset_s[sensor])
        cell = outdoor[block.device[sensor]], month
        temperature.add(cell, block.metrics[sensor, COLUMN["temperature_c"]])
        reported = block.metrics[sensor, COLUMN["battery_pct"]]
        battery.add(cell, reported - _held_pct(fleet, block.device[sensor], block.ts[sensor] // SECOND))
    return Seasons(temperature_c=temperature.value(), short_pct=battery.value())


def _held_pct(fleet: Fleet, device: Indices, second: Ints) -> Floats:
    """Charge that the cells of devices hold, in %, (n,); NaN where a device does not drain at its usual pace."""
    lives = fleet.lives
    # All lives on one axis, device after device; they are in that order.
    births = (lives.device.astype(np.int64) << 32) | lives.birth_s
    life = np.searchsorted(births, (device.astype(np.int64) << 32) | second, side="right") - 1
    held = lives.charge[life] - fleet.devices.drain[device] * (second - lives.charged_s[life]) / DAY_S
    steady = (second < lives.onset_s[life]) & (held > _CLEAR_OF_THE_ENDS) & (held < 100 - _CLEAR_OF_THE_ENDS)
    steady &= second - lives.charged_s[life] < 60 * DAY_S  # from then on the fleet lets cells hold what they hold
    return np.where(steady, held, np.nan)


def count_failures(world: World) -> Failing:
    """Count a fleet's failures by hour, weekday and month."""
    failures = world.failures
    offset_s = world.offsets_s(failures.device, failures.ts // SECOND)
    tables = []
    for part, width in zip(local_time(failures.ts, offset_s), (24, 7, 12), strict=True):
        flat = np.ravel_multi_index((failures.mode.astype(np.int64), part), (len(MODES), width))
        tables.append(np.bincount(flat, minlength=len(MODES) * width).reshape(len(MODES), width))
    return Failing(by_hour=tables[0], by_day=tables[1], by_month=tables[2])


def local_time(ts: Ints, offset_s: Indices) -> tuple[Ints, Ints, Ints]:
    """Return hour, weekday from Monday and month from January, (n,) each, of instants in microseconds, (n,)."""
    local = ts // SECOND + offset_s
    month = local.astype("M8[s]").astype("M8[M]").astype(np.int64) % 12
    return local % DAY_S // HOUR_S, (local // DAY_S + _MONDAY) % 7, month
