"""Signals: the metrics that a device reports, made of its own level, its surroundings, its hidden health, and noise.

Fifth in the flow. Each metric moves on its own scale (logarithmic for `LOG_METRICS`):

    level of this device + surroundings + degradation x effect of the mode + noise

then becomes what a device would report: counts are drawn, shares are bounded, values are rounded, some are missing.
"""

import numpy as np

from simulator.arrays import DAY_S, HOUR_S, SECOND, Flags, Floats, Indices, Ints, Timeline
from simulator.context import Context, Surroundings
from simulator.devices import COLUMN, DEVICE_TYPES, METRICS, MODE_CODE, MODES
from simulator.health import Health
from simulator.population import DeviceTable, noise_by_type
from simulator.randomness import Purpose, generator

EFFECTS: dict[str, dict[str, float]] = {
    "wear": {
        "response_time_ms": 1.2, "error_rate": 2.4, "temperature_c": 4.0, "power_w": 0.45, "connection_drops": 0.4,
    },
    "sudden": {"error_rate": 0.5},
    "intermittent": {
        "response_time_ms": 1.6, "error_rate": 2.8, "signal_dbm": -6.0, "connection_drops": 2.6,
        "throughput_kbps": -1.0, "linkquality": -40.0,
    },
    "battery": {
        "response_time_ms": 0.6, "error_rate": 1.1, "signal_dbm": -3.0, "linkquality": -18.0, "connection_drops": 0.6,
    },
    "network": {
        "response_time_ms": 1.4, "error_rate": 1.5, "signal_dbm": -12.0, "connection_drops": 2.5,
        "throughput_kbps": -1.4, "linkquality": -58.0,
    },
    "overheating": {
        "response_time_ms": 0.5, "error_rate": 1.1, "temperature_c": 20.0, "humidity_pct": -8.0, "power_w": 0.4,
    },
    "drift": {"error_rate": 0.8, "temperature_c": 7.0, "humidity_pct": 20.0, "power_w": 0.3},
}  # fmt: skip
"""Shift of each metric at degradation 1, on its own scale (`LOG_METRICS`: natural logarithm). Drift has a sign."""

_RESTARTS = {"wear": 0.5, "intermittent": 5.0, "overheating": 2.5, "network": 1.0}
_COMMANDS = 24
_MISSING = 0.012
_DECIMALS = {"error_rate": 4, "usage_ratio": 3, "voltage_v": 2, "temperature_c": 2, "power_w": 2}


class Signals:
    """Draws what devices report.

    Args:
        table: The devices.
        health: Their hidden state.
        surroundings: Weather and people.
        seed: Seed of the fleet.
        start_s: First second of the simulation.
        end_s: Last second.
    """

    def __init__(
        self, table: DeviceTable, health: Health, surroundings: Surroundings, seed: int, start_s: int, end_s: int
    ) -> None:
        self._table = table
        self._health = health
        self._surroundings = surroundings
        self._noise = noise_by_type()[table.device_type]
        self._effects = np.array([[EFFECTS[mode].get(name, 0.0) for name in METRICS] for mode in MODES])
        self._rechargeable = np.array([kind.power == "rechargeable" for kind in DEVICE_TYPES])[table.device_type]
        self._restarts, self._restarts_before = _draw_restarts(table, health, seed, start_s, end_s)

    def read(self, device: Indices, ts: Ints, rng: np.random.Generator) -> tuple[Floats, Flags]:
        """Draw the readings of ``device`` (n,) at ``ts`` (n,), in microseconds.

        Returns:
            Metrics (n, m), NaN where absent, and which readings arrive at all (n,): broken devices are silent,
            packets get lost.
        """
        second = ts // SECOND
        life = self._health.life(device, second)
        level, failed = self._health.level(life, second)
        lives = self._health.lives
        mode = lives.mode[life]
        context = self._surroundings.context(device, ts, rng)

        # An intermittent fault is there or not, from one reading to the next.
        flicker = np.where(mode == MODE_CODE["intermittent"], np.where(rng.random(len(ts)) < 0.4, 1.3, 0.1), 1.0)
        sign = np.where(mode == MODE_CODE["drift"], lives.sign[life], 1.0)
        values = self._table.level[device] + (level * flicker * sign)[:, None] * self._effects[mode]
        values += self._noise[device] * rng.standard_normal(values.shape)
        _surround(values, context)
        _report_counts(values, rng)
        self._charge(values, device, life, second, np.where(mode == MODE_CODE["battery"], level, 0.0), context, rng)
        position = self._restarts.latest(device, second)
        values[:, COLUMN["uptime_h"]] += (second - self._restarts.at(position)) / HOUR_S
        values[:, COLUMN["restart_count"]] += self._restarts.count(device, second) + self._restarts_before[device]

        values[rng.random(values.shape) < _MISSING] = np.nan
        for name, column in COLUMN.items():
            values[:, column] = np.round(values[:, column], _DECIMALS.get(name, 1))
        radio = np.isin(mode, (MODE_CODE["network"], MODE_CODE["intermittent"]))
        lost = rng.random(len(ts)) < 0.01 + 0.02 * context.congestion + 0.15 * radio * np.minimum(level, 1.0)
        return values, ~(lost | (failed & lives.silent[life]))

    def _charge(
        self, values: Floats, device: Indices, life: Ints, second: Ints, sag: Floats, context: Context,
        rng: np.random.Generator,
    ) -> None:  # fmt: skip
        """Set charge and voltage: a slow drain, a coarse gauge, a cell that gives way when the mode is battery."""
        lives = self._health.lives
        age_d = np.minimum((second - lives.birth_s[life]) / DAY_S, 60.0)
        worked = 25.0 * np.minimum(context.activity, 2.0) * self._rechargeable[device]
        charge = lives.charge[life] - self._table.drain[device] * age_d - worked
        charge = np.maximum(charge * np.maximum(0.06, 1.0 - 0.9 * np.minimum(sag, 1.0)), 1.0)
        gauge = charge + 1.2 * rng.standard_normal(len(charge)) - 0.25 * np.maximum(0.0, 10.0 - context.ambient_c)
        column, volts = COLUMN["battery_pct"], COLUMN["voltage_v"]
        has_cell = ~np.isnan(values[:, column])
        values[has_cell, column] = np.clip(np.round(gauge[has_cell]), 0.0, 100.0)
        drop = (0.10 * (1.0 - charge / 100.0) + 0.10 * np.minimum(sag, 1.3)) * has_cell
        values[:, volts] *= 1.0 - drop


def _surround(values: Floats, context: Context) -> None:
    """Add what the surroundings do, in place."""
    jam, busy = context.congestion, context.activity
    values[:, COLUMN["response_time_ms"]] += 0.75 * jam + 0.08 * busy
    values[:, COLUMN["error_rate"]] += 0.7 * jam
    values[:, COLUMN["signal_dbm"]] -= 4.0 * jam
    values[:, COLUMN["linkquality"]] -= 32.0 * jam
    values[:, COLUMN["connection_drops"]] += 1.1 * jam
    values[:, COLUMN["throughput_kbps"]] += 0.5 * np.log(np.maximum(0.05, busy)) - 0.5 * jam
    values[:, COLUMN["power_w"]] += 0.6 * np.log(np.maximum(0.03, busy))
    values[:, COLUMN["usage_ratio"]] *= busy
    # The level of a device's temperature is its own heat above the air around it.
    own_heat = values[:, COLUMN["temperature_c"]] * (0.55 + 0.45 * np.minimum(busy, 2.0))
    values[:, COLUMN["temperature_c"]] = context.ambient_c + own_heat
    values[:, COLUMN["humidity_pct"]] += 0.5 * (21.0 - context.ambient_c) + 3.0 * np.minimum(busy, 2.0)


def _report_counts(values: Floats, rng: np.random.Generator) -> None:
    """Turn the scales into what a device reports: exponentials, drawn counts, bounded shares; in place."""
    for name in ("response_time_ms", "throughput_kbps", "power_w"):
        values[:, COLUMN[name]] = np.exp(values[:, COLUMN[name]])
    error, drops = COLUMN["error_rate"], COLUMN["connection_drops"]
    absent = np.isnan(values[:, [error, drops]])
    expected = np.exp(np.where(absent, 0.0, values[:, [error, drops]]))
    values[:, error] = rng.binomial(_COMMANDS, np.minimum(0.95, expected[:, 0])) / _COMMANDS
    values[:, drops] = rng.poisson(np.minimum(60.0, expected[:, 1]))
    values[absent[:, 0], error] = np.nan
    values[absent[:, 1], drops] = np.nan
    for name, low, high in (
        ("usage_ratio", 0.0, 1.0),
        ("signal_dbm", -110.0, -20.0),
        ("linkquality", 0.0, 255.0),
        ("humidity_pct", 2.0, 100.0),
    ):
        values[:, COLUMN[name]] = np.clip(values[:, COLUMN[name]], low, high)


def _draw_restarts(table: DeviceTable, health: Health, seed: int, start_s: int, end_s: int) -> tuple[Timeline, Ints]:
    """Draw all restarts: one before the start, rare idle ones, more while a device degrades, one at each repair."""
    rng = generator(seed, Purpose.RESTARTS)
    lives, n = health.lives, len(table)
    before = start_s - (rng.uniform(0, 40, n) * DAY_S).astype(np.int64)
    idle = rng.poisson(max(0.0, (end_s - start_s) / DAY_S) / 12.0, n)
    idle_at = start_s + (rng.random(int(idle.sum())) * (end_s - start_s)).astype(np.int64)
    expected = np.array([_RESTARTS.get(mode, 0.0) for mode in MODES])[lives.mode] * lives.severity
    shaken = rng.poisson(expected)
    span = np.repeat(lives.end_s - lives.onset_s, shaken)
    shaken_at = np.repeat(lives.onset_s, shaken) + (span * rng.random(int(shaken.sum())) ** 0.5).astype(np.int64)
    devices = np.arange(n, dtype=np.int32)
    owner = np.concatenate([devices, np.repeat(devices, idle), np.repeat(lives.device, shaken), lives.device])
    second = np.concatenate([before, idle_at, shaken_at, lives.repair_s])
    return Timeline(owner, second), rng.integers(0, 30, n)
