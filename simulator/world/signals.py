"""Signals: what makes up the metrics that a device reports. The draw itself is `simulator.world.senses`.

Each metric moves on its own scale (logarithmic for `LOG_METRICS`):

    level of this device + surroundings + degradation x effect of the mode + wander + noise

then becomes what a device would report: counts are drawn, shares are bounded, values are rounded, some are missing.
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numba
import numpy as np

from simulator.arrays import DAY_S, Codes, Flags, Floats, Indices, Ints
from simulator.chance.counter import key_of, mix, unit, units
from simulator.chance.purposes import Purpose
from simulator.scenarios import Changes
from simulator.world.devices import DEVICE_TYPES, METRICS, MODES
from simulator.world.health import Lives
from simulator.world.population import DeviceTable, noise_by_type

EFFECTS: Mapping[str, Mapping[str, float]] = MappingProxyType({
    "wear": {
        "response_time_ms": 1.6, "error_rate": 3.0, "temperature_c": 7.8, "power_w": 0.59, "connection_drops": 0.78,
    },
    "sudden": {"error_rate": 0.65},
    "intermittent": {
        "response_time_ms": 2.1, "error_rate": 3.6, "signal_dbm": -9.1, "connection_drops": 3.4,
        "throughput_kbps": -1.6, "linkquality": -58,
    },
    "battery": {
        "response_time_ms": 1.0, "error_rate": 1.8, "signal_dbm": -5.2, "linkquality": -32, "connection_drops": 1.0,
    },
    "network": {
        "response_time_ms": 1.7, "error_rate": 2.1, "signal_dbm": -14, "connection_drops": 3.0,
        "throughput_kbps": -1.7, "linkquality": -72,
    },
    "overheating": {
        "response_time_ms": 0.78, "error_rate": 1.6, "temperature_c": 23, "humidity_pct": -13, "power_w": 0.65,
    },
    "drift": {"error_rate": 1.2, "temperature_c": 9.1, "humidity_pct": 26, "power_w": 0.52},
    "lockup": {
        "response_time_ms": -1.6, "connection_drops": -2.0, "power_w": -0.78, "temperature_c": -7.8,
        "throughput_kbps": -2.1, "usage_ratio": -0.26, "humidity_pct": 12, "linkquality": 39, "signal_dbm": 7.8,
    },
})  # fmt: skip
"""Shift of each metric at degradation 1, on its own scale (`LOG_METRICS`: natural logarithm). Drift has a sign."""

THROTTLED: Mapping[str, Mapping[str, float]] = MappingProxyType({
    "wear": {"response_time_ms": -1.2, "temperature_c": -5.9, "power_w": -0.6, "usage_ratio": -0.16, "signal_dbm": 6.5},
    "sudden": {"error_rate": 0.65},
    "intermittent": {"response_time_ms": -1.4, "throughput_kbps": -1.6, "linkquality": 52, "connection_drops": -2.0},
    "battery": {"response_time_ms": -1.2, "signal_dbm": 9.1, "linkquality": 46, "usage_ratio": -0.07},
    "network": {"response_time_ms": -1.3, "throughput_kbps": -1.8, "linkquality": 58, "signal_dbm": 10},
    "overheating": {"temperature_c": -13, "humidity_pct": 12, "power_w": -0.65, "usage_ratio": -0.16},
    "drift": {"response_time_ms": -0.78, "temperature_c": 7.8, "humidity_pct": 22, "power_w": -0.52},
    "lockup": {"response_time_ms": -1.3, "power_w": -0.65},
})  # fmt: skip
"""The same for devices that throttle themselves when they are ill: quick, cool and idle instead of slow and hot."""

RESTARTS: Mapping[str, float] = MappingProxyType({"wear": 0.5, "intermittent": 5.0, "overheating": 2.5, "network": 1.0})
"""Mean number of restarts over a degradation, by mode."""

UPDATE: Mapping[str, float] = MappingProxyType({
    "response_time_ms": 0.9, "error_rate": 1.5, "connection_drops": 1.6, "signal_dbm": -9.0, "linkquality": -45.0,
    "temperature_c": 4.0, "humidity_pct": 10.0, "power_w": 0.3, "throughput_kbps": -0.9,
})  # fmt: skip
"""What a firmware update shifts for good, on the same scales: well devices report what ill ones used to.

Ill ones change sides: those that throttled themselves do no longer, and those that did not do so now."""


class Types(NamedTuple):
    """What the inner loop needs of device types, modes and changes. Device types k, signatures s, metrics m.

    Attributes:
        noise: Scatter of a healthy device's readings, NaN where a type has no such metric, (k, m).
        effects: Shift of each metric at degradation 1: the modes, then the modes of devices that throttle, (s, m).
        rechargeable: Whether a type's battery is worked and charged daily, (k,).
        conditioned: Whether a type works against the weather, (k,).
        updated: Device types that an update befalls, (k,).
        update: Its shifts, (m,).
        update_s: When.
    """

    noise: Floats
    effects: Floats
    rechargeable: Flags
    conditioned: Flags
    updated: Flags
    update: Floats
    update_s: int


class Restarts(NamedTuple):
    """All restarts: those of device d are rows ``first[d]`` to ``first[d + 1]``, in order of time.

    Attributes:
        first: (d + 1,).
        second: (r,).
        before: How often a device had restarted before, (d,).
    """

    first: Ints
    second: Ints
    before: Ints


class Own(NamedTuple):
    """What the inner loop needs of each device, (d,) each; ``level`` (d, m)."""

    home: Ints
    home_type: Codes
    device_type: Codes
    zone: Codes
    level: Floats
    drain: Floats


def own_of(table: DeviceTable) -> Own:
    """Pick the columns of the inner loop out of the device table."""
    return Own(table.home.astype(np.int64), table.home_type, table.device_type, table.zone, table.level, table.drain)


def types_of(changes: Changes, span: tuple[int, int]) -> Types:
    """Put the tables of device types, modes and changes together; ``span`` is first and last second."""
    firmware = changes.firmware
    names = [kind.name for kind in DEVICE_TYPES]
    return Types(
        noise=noise_by_type(),
        effects=np.array([_row(table[mode]) for table in (EFFECTS, THROTTLED) for mode in MODES]),
        rechargeable=np.array([kind.power == "rechargeable" for kind in DEVICE_TYPES]),
        conditioned=np.array([kind.name == "climate" for kind in DEVICE_TYPES]),
        updated=np.isin(names, () if firmware is None else firmware.device_types),
        update=np.array(_row(UPDATE)),
        update_s=0 if firmware is None else int(span[0] + firmware.at * (span[1] - span[0])),
    )


def _row(shifts: Mapping[str, float]) -> list[float]:
    return [shifts.get(name, 0.0) for name in METRICS]


def draw_restarts(table: DeviceTable, lives: Lives, seed: int) -> Restarts:
    """Draw all restarts: one before the start, rare idle ones, more while a device degrades, one at each repair."""
    n, key = len(table), key_of(seed, Purpose.RESTARTS)
    devices, zero = np.arange(n), np.zeros(n, dtype=np.int64)
    before = table.joins_s - (units(key, devices, zero, 0) * 40 * DAY_S).astype(np.int64)
    idle, idle_at = _idle(key, table.joins_s, table.leaves_s)
    expected = np.array([RESTARTS.get(mode, 0.0) for mode in MODES])[lives.mode] * lives.severity
    shaken, shaken_at = _shaken(key, lives.device, lives.onset_s, lives.end_s, expected)
    owner = np.concatenate([devices, idle, shaken, lives.device[~lives.averted]])
    second = np.concatenate([before, idle_at, shaken_at, lives.repair_s[~lives.averted]])
    order = np.lexsort((second, owner))
    counts = np.bincount(owner, minlength=n)
    counted = (units(key, devices, zero, 1) * 30).astype(np.int64)
    return Restarts(np.concatenate([[0], np.cumsum(counts)]), second[order], counted)


@numba.njit(nogil=True, cache=True)
def _idle(key: np.uint64, joins_s: Ints, leaves_s: Ints) -> tuple[Ints, Ints]:
    """Restarts for no reason, one in twelve days on average: device and second (r,)."""
    owner, second = [], []
    for device in range(len(joins_s)):
        own = mix(mix(key, np.uint64(device)), np.uint64(2))
        at, turn = joins_s[device], 0
        while True:
            at += int(-math.log(1.0 - unit(mix(own, np.uint64(turn)))) * 12.0 * DAY_S) + 1
            if at > leaves_s[device]:
                break
            owner.append(device)
            second.append(at)
            turn += 1
    return np.array(owner, dtype=np.int64), np.array(second, dtype=np.int64)


@numba.njit(nogil=True, cache=True)
def _shaken(key: np.uint64, device: Indices, onset_s: Ints, end_s: Ints, expected: Floats) -> tuple[Ints, Ints]:
    """Restarts while a device degrades, ``expected`` (k,) on average, most of them late: device and second (r,)."""
    owner, second = [], []
    for life in range(len(device)):
        own = mix(mix(mix(key, np.uint64(device[life])), np.uint64(3)), np.uint64(end_s[life]))
        rest, turn = math.exp(-expected[life]), np.uint64(0)  # as many as factors keep the product above it (Knuth)
        product = unit(mix(own, turn))
        while product > rest:
            share = math.sqrt(unit(mix(mix(own, turn), np.uint64(1))))
            owner.append(np.int64(device[life]))
            second.append(onset_s[life] + int((end_s[life] - onset_s[life]) * share))
            turn += np.uint64(1)
            product *= unit(mix(own, turn))
    return np.array(owner, dtype=np.int64), np.array(second, dtype=np.int64)
