"""Senses: the inner loop that draws readings, compiled.

Last before the fleet. A reading is a function of (seed, device, second) and the world: levels (`population`), hidden
health (`health`), surroundings (`context`) and effects (`signals`) in, metrics out, a million and more a second.
"""

import math
from typing import Final

import numba
import numpy as np

from simulator.arrays import HOUR_S, Flags, Floats, Indices, Ints, latest
from simulator.chance.counter import mix, unit
from simulator.world.context import Moment, Surroundings, moment
from simulator.world.devices import COLUMN, METRICS, MODE_CODE, MODES
from simulator.world.health import LifeColumns, degradation, life_at
from simulator.world.signals import Own, Restarts, Types

RESPONSE: Final = COLUMN["response_time_ms"]
ERROR: Final = COLUMN["error_rate"]
DROPS: Final = COLUMN["connection_drops"]
THROUGHPUT: Final = COLUMN["throughput_kbps"]
POWER: Final = COLUMN["power_w"]
USAGE: Final = COLUMN["usage_ratio"]
TEMPERATURE: Final = COLUMN["temperature_c"]
HUMIDITY: Final = COLUMN["humidity_pct"]
BATTERY: Final = COLUMN["battery_pct"]
VOLTAGE: Final = COLUMN["voltage_v"]
UPTIME: Final = COLUMN["uptime_h"]
RESTART: Final = COLUMN["restart_count"]
INTERMITTENT: Final = MODE_CODE["intermittent"]
CELL: Final = MODE_CODE["battery"]
NETWORK: Final = MODE_CODE["network"]
KINDS: Final = len(MODES)


def _by_metric(values: dict[str, float], default: float = 0.0) -> Floats:
    return np.array([values.get(name, default) for name in METRICS])


JAM: Final = _by_metric({
    "response_time_ms": 1.5, "error_rate": 1.6, "signal_dbm": -6.0, "linkquality": -40.0, "connection_drops": 1.8,
    "throughput_kbps": -0.6,
})  # fmt: skip
"""Shift of each metric by a full measure of radio congestion."""
STIR: Final = _by_metric({"power_w": 0.6, "throughput_kbps": 0.5})
"""Shift by the logarithm of how busy the device is."""
SCALE: Final = _by_metric({
    "error_rate": 1e4, "usage_ratio": 1e3, "voltage_v": 1e2, "temperature_c": 1e2, "power_w": 1e2, "signal_dbm": 1.0,
    "linkquality": 1.0, "battery_pct": 1.0,
}, 10.0)  # fmt: skip
"""One over the step in which a metric is reported."""
LOW: Final = _by_metric({"usage_ratio": 0.0, "signal_dbm": -110.0, "linkquality": 0.0, "humidity_pct": 2.0}, -np.inf)
HIGH: Final = _by_metric({"usage_ratio": 1.0, "signal_dbm": -20.0, "linkquality": 255.0, "humidity_pct": 100.0}, np.inf)

_COMMANDS: Final = 24
_PATIENCE_MS: Final = 60_000.0
_MISSING: Final = 0.012
_GLITCH: Final = 0.015
_WANDER_S: Final = 36 * HOUR_S
_SD: Final = 1.0 / (65_535.0 * math.sqrt(4.0 / 12.0))
_16, _32, _48 = np.uint64(16), np.uint64(32), np.uint64(48)
_LAST: Final = np.uint64(0xFFFF)


@numba.njit(nogil=True, cache=True, inline="always")
def normal(bits: np.uint64) -> float:
    """Return a number of mean 0 and variance 1: the sum of four uniform ones, normal to three standard deviations."""
    total = (bits & _LAST) + ((bits >> _16) & _LAST) + ((bits >> _32) & _LAST) + (bits >> _48)
    return (np.float64(total) - 131_070.0) * _SD


@numba.njit(nogil=True, cache=True)
def binomial(u: float, p: float) -> float:
    """Return how many of `_COMMANDS` fail, each with probability ``p``, by inversion at ``u``."""
    ratio = p / (1.0 - p)
    mass = (1.0 - p) ** _COMMANDS
    count, below = 0, mass
    while below < u and count < _COMMANDS:
        mass *= ratio * (_COMMANDS - count) / (count + 1)
        count += 1
        below += mass
    return np.float64(count)


@numba.njit(nogil=True, cache=True)
def poisson(u: float, mean: float) -> float:
    """Return a count of mean ``mean``, at most 200, by inversion at ``u``."""
    mass = math.exp(-mean)
    count, below = 0, mass
    while below < u and count < 200:
        count += 1
        mass *= mean / count
        below += mass
    return np.float64(count)


@numba.njit(nogil=True, cache=True)
def sense(
    key: np.uint64,
    device: Indices,
    second: Ints,
    own: Own,
    lives: LifeColumns,
    around: Surroundings,
    types: Types,
    restarts: Restarts,
    out: Floats,
    arrives: Flags,
) -> None:
    """Draw readings.

    Args:
        key: Of the noise.
        device: Who reads, (n,).
        second: When, (n,).
        own: The devices.
        lives: Their hidden health.
        around: Their surroundings.
        types: Effects and noise.
        restarts: When they restarted.
        out: The metrics, NaN on entry; (n, m).
        arrives: Whether the reading arrives at all: broken devices are silent, packets get lost; (n,).
    """
    for i in range(len(device)):
        d, t = device[i], second[i]
        bits = mix(mix(key, np.uint64(d)), np.uint64(t))
        life = life_at(lives, d, t)
        ill = degradation(lives, life, t)
        mode = lives.mode[life]
        failed = ill > 0.0 and t >= lives.end_s[life] and not lives.averted[life]
        now = moment(around, d, own.home[d], own.home_type[d], own.zone[d], t)
        loss = 0.01 + 0.02 * now.jam
        if mode in (NETWORK, INTERMITTENT):
            loss += 0.15 * min(ill, 1.0)
        arrives[i] = not (failed and lives.silent[life]) and unit(mix(bits, np.uint64(101))) >= loss
        if not arrives[i]:
            continue
        kind = own.device_type[d]
        busy = now.busy
        if types.conditioned[kind]:
            busy *= 0.5 + abs(now.outdoors_c - 18.0) / 14.0
        shown = ill * lives.sign[life]
        if mode == INTERMITTENT:  # an intermittent fault is there or not, from one reading to the next
            shown *= 1.3 if unit(mix(bits, np.uint64(102))) < 0.4 else 0.1
        updated = types.updated[kind] and t >= types.update_s
        stir = math.log(max(0.04, busy))
        signature = lives.signature[life]
        effect = (signature + KINDS) % (2 * KINDS) if updated else signature
        day = t // _WANDER_S
        into = (t % _WANDER_S) / _WANDER_S
        for j in range(out.shape[1]):
            value = own.level[d, j]
            if value != value:
                continue
            luck = mix(bits, np.uint64(j))
            rare = unit(mix(luck, np.uint64(1)))
            if rare < _MISSING:
                continue
            noise = types.noise[kind, j] * normal(luck)
            if rare < _MISSING + _GLITCH:
                noise *= 3.0
            drifts = mix(mix(key, np.uint64(d)), np.uint64(1_000_000 + j))
            wander = (1.0 - into) * normal(mix(drifts, np.uint64(day))) + into * normal(mix(drifts, np.uint64(day + 1)))
            value += noise * (1.0 + 0.5 * now.jam) + 0.5 * types.noise[kind, j] * wander
            value += shown * types.effects[effect, j] + JAM[j] * now.jam + STIR[j] * stir
            if updated:
                value += types.update[j]
            value = _report(j, value, now, busy, unit(mix(luck, np.uint64(2))))
            if j in (BATTERY, VOLTAGE):
                sag = min(ill, 1.3) if signature == CELL else 0.0
                age_d = min((t - lives.charged_s[life]) / 86_400.0, 60.0)
                worked = 25.0 * min(busy, 2.0) if types.rechargeable[kind] else 0.0
                charge = lives.charge[life] - own.drain[d] * age_d - worked
                charge = max(charge * max(0.06, 1.0 - 0.9 * min(sag, 1.0)), 1.0)
                if j == BATTERY:
                    cold = 0.4 * max(0.0, 12.0 - now.ambient_c)  # a cold cell gives less of what it holds
                    value = min(max(charge + 1.5 * normal(luck) - cold, 0.0), 100.0)
                else:
                    value *= 1.0 - 0.10 * (1.0 - charge / 100.0) - 0.10 * sag
            elif j in (UPTIME, RESTART):
                last = latest(restarts.second, restarts.first[d], restarts.first[d + 1], t)
                if j == UPTIME:
                    value = (t - restarts.second[last]) / HOUR_S
                else:
                    value = np.float64(last - restarts.first[d] + 1 + restarts.before[d])
            out[i, j] = np.floor(value * SCALE[j] + 0.5) / SCALE[j]


@numba.njit(nogil=True, cache=True)
def _report(j: int, value: float, now: Moment, busy: float, u: float) -> float:
    """Turn a metric's scale into what a device reports: exponentials, drawn counts, bounded shares."""
    if j == RESPONSE:
        return min(math.exp(value + 0.15 * busy), _PATIENCE_MS)
    if j in (THROUGHPUT, POWER):
        return math.exp(value)
    if j == ERROR:
        return binomial(u, min(0.95, math.exp(value))) / _COMMANDS
    if j == DROPS:
        return poisson(u, min(60.0, math.exp(value)))
    if j == USAGE:
        value *= busy
    elif j == TEMPERATURE:  # the level of a device's temperature is its own heat above the air around it
        return now.ambient_c + value * (0.55 + 0.45 * min(busy, 2.0))
    elif j == HUMIDITY:
        value += 0.5 * (21.0 - now.ambient_c) + 3.0 * min(busy, 2.0)
    return float(min(max(value, LOW[j]), HIGH[j]))
