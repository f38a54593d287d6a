"""Hidden health: when each device starts to degrade, when it fails, when it is well again.

Fourth in the flow, and never visible: readings only hint at it (`simulator.signals`), reports tell of it late
(`simulator.outcomes`). A device's time is a chain of *lives*:

    birth ───────────── onset ~~~~~~ growing degradation ~~~~~~ end ─── repair = next birth
                                                                 └ the failure, or, if *averted*, a quiet recovery

Averted lives degrade like the others and do not fail: somebody changed the battery in time, the jam went away. They are
why a precursor is no proof.
"""

from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.arrays import DAY_S, HOUR_S, Codes, Flags, Floats, Indices, Ints, Timeline
from simulator.devices import MODE_CODE, MODES
from simulator.population import DeviceTable, mode_rates
from simulator.randomness import Purpose, generator

FAILURES_PER_DEVICE_DAY = 0.03
"""Mean failure rate at ``failure_rate`` 1. Far above real life: a demo of some days must show some hundreds."""


class Course(Struct, frozen=True, kw_only=True):
    """How a mode runs: all pairs are (low, high) of uniform draws.

    Attributes:
        lead_h: From the first sign to the failure, in hours.
        growth: Exponent of the degradation over that time; 1 is linear, more comes late.
        repair_h: From the failure to the repair, in hours.
        silent: Share of failures after which the device says nothing until its repair.
        averted: Share of degradations that do not end in a failure.
        peak_hour: Local hour around which failures of this mode gather.
    """

    lead_h: tuple[float, float]
    growth: tuple[float, float]
    repair_h: tuple[float, float]
    silent: float
    averted: float
    peak_hour: float


COURSES: dict[str, Course] = {
    "wear": Course(lead_h=(24, 72), growth=(1.0, 2.0), repair_h=(8, 40), silent=0.5, averted=0.10, peak_hour=19),
    "sudden": Course(lead_h=(0.05, 0.5), growth=(1.0, 1.0), repair_h=(4, 24), silent=0.9, averted=0.0, peak_hour=19),
    "intermittent": Course(lead_h=(14, 48), growth=(0.7, 1.5), repair_h=(8, 40), silent=0.3, averted=0.2, peak_hour=20),
    "battery": Course(lead_h=(18, 60), growth=(1.0, 1.6), repair_h=(3, 30), silent=0.95, averted=0.2, peak_hour=6),
    "network": Course(lead_h=(10, 36), growth=(0.8, 1.6), repair_h=(3, 20), silent=0.7, averted=0.2, peak_hour=20.5),
    "overheating": Course(lead_h=(10, 36), growth=(0.8, 1.8), repair_h=(4, 30), silent=0.6, averted=0.15, peak_hour=15),
    "drift": Course(lead_h=(24, 72), growth=(0.8, 1.5), repair_h=(8, 48), silent=0.1, averted=0.1, peak_hour=12),
}


class Lives(Struct, frozen=True, kw_only=True):
    """All lives of all devices, k rows, ordered by device, then time. Seconds since the epoch.

    Attributes:
        device: (k,) int32.
        birth_s: Start of the life, (k,).
        onset_s: Start of the degradation, (k,).
        end_s: Failure, or end of an averted degradation, (k,).
        repair_s: Start of the next life, (k,).
        mode: Code into `MODES`, (k,) int8.
        averted: Whether no failure came of it, (k,) bool.
        silent: Whether the device says nothing between failure and repair, (k,) bool.
        severity: How strongly it shows, around 1, (k,).
        growth: Exponent of the degradation, (k,).
        sign: Direction of a drift, -1 or 1, (k,).
        charge: Battery charge at birth, in %, (k,).
    """

    device: Indices
    birth_s: Ints
    onset_s: Ints
    end_s: Ints
    repair_s: Ints
    mode: Codes
    averted: Flags
    silent: Flags
    severity: Floats
    growth: Floats
    sign: Floats
    charge: Floats


class Health:
    """The hidden state of every device at every instant.

    Args:
        table: The devices.
        seed: Seed of the fleet.
        start_s: First second of the simulation.
        end_s: Last second.
        failure_rate: Factor on all failure rates.
    """

    def __init__(self, table: DeviceTable, seed: int, start_s: int, end_s: int, failure_rate: float = 1.0) -> None:
        drawn = _draw(table, seed, start_s, end_s, failure_rate)
        self._births = Timeline(drawn["device"], drawn["birth_s"])
        self.lives = Lives(**{name: column[self._births.order] for name, column in drawn.items()})

    def life(self, device: Indices, second: Ints) -> Ints:
        """Return the row (n,) in `lives` that each device is in at each instant."""
        return self._births.latest(device, second)

    def level(self, life: Ints, second: Ints) -> tuple[Floats, Flags]:
        """Degradation (n,), 0 well, about 1 at the failure and 1.3 beyond it; and whether it has failed, (n,)."""
        lives = self.lives
        onset, end = lives.onset_s[life], lives.end_s[life]
        failed = (second >= end) & ~lives.averted[life]
        share = np.clip((second - onset) / np.maximum(1, end - onset), 0.0, 1.0)
        grown = np.where(failed, 1.3, share ** lives.growth[life])
        return grown * lives.severity[life], failed


def _draw(table: DeviceTable, seed: int, start_s: int, end_s: int, failure_rate: float) -> dict[str, NDArray[Any]]:
    """Draw lives round by round: in each, every device whose time is not yet filled gets its next life."""
    n = len(table)
    averted_share = np.array([COURSES[mode].averted for mode in MODES])
    rates = FAILURES_PER_DEVICE_DAY * failure_rate * mode_rates(table) / (1.0 - averted_share)
    total = rates.sum(axis=1)
    birth = np.full(n, start_s, dtype=np.int64)
    was_battery = np.zeros(n, dtype=bool)
    rounds: list[dict[str, NDArray[Any]]] = []
    while (birth <= end_s).any() or not rounds:
        first = not rounds
        rng = generator(seed, Purpose.LIVES, len(rounds))
        # The fleet is met in the middle of its life, so the first wait has no memory; later lives wear out.
        wait_d = rng.exponential(1.0, n) if first else rng.weibull(1.3, n) / 0.9236
        end = birth + np.maximum(1800, wait_d / total * DAY_S).astype(np.int64)
        mode = _modes(rates, end, rng.random(n))
        end = _at_peak_hour(end, birth, mode, table.utc_offset_min, rng)
        lead_s = _between("lead_h", mode, rng) * HOUR_S
        born = birth - (rng.uniform(5, 300, n) * DAY_S).astype(np.int64) if first else birth
        averted = rng.random(n) < averted_share[mode]
        severity = rng.lognormal(-0.05, 0.35, n) * np.where(averted, rng.uniform(0.3, 0.9, n), 1.0)
        repair = end + np.where(averted, 0, _between("repair_h", mode, rng) * HOUR_S).astype(np.int64)
        life: dict[str, NDArray[Any]] = {
            "device": np.arange(n, dtype=np.int32),
            "birth_s": born,
            "onset_s": np.maximum(born, end - lead_s.astype(np.int64)),
            "end_s": end,
            "repair_s": repair,
            "mode": mode,
            "averted": averted,
            "silent": rng.random(n) < np.array([COURSES[name].silent for name in MODES])[mode],
            "severity": severity,
            "growth": _between("growth", mode, rng),
            "sign": np.where(rng.random(n) < 0.5, -1.0, 1.0),
            "charge": np.where(was_battery, 100.0, rng.uniform(45, 100, n)),
        }
        alive = birth <= end_s
        rounds.append({name: column[alive] for name, column in life.items()})
        was_battery = mode == MODE_CODE["battery"]
        birth = np.where(alive, repair, birth)
    return {name: np.concatenate([life[name] for life in rounds]) for name in rounds[0]}


def _modes(rates: Floats, end: Ints, uniform: Floats) -> Codes:
    """Draw modes by rate and season: heat kills in summer, cold drains batteries (northern hemisphere)."""
    summer = np.cos(2 * np.pi * (end / DAY_S - 197.0) / 365.25)
    weight = rates.copy()
    weight[:, MODE_CODE["overheating"]] *= 1.0 + 0.6 * summer
    weight[:, MODE_CODE["battery"]] *= 1.0 - 0.4 * summer
    edges = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)[:, :-1]
    return np.asarray((uniform[:, None] > edges).sum(axis=1), dtype=np.int8)


def _at_peak_hour(end: Ints, birth: Ints, mode: Codes, offset_min: Indices, rng: np.random.Generator) -> Ints:
    """Move about six of ten failures to the hours of their local day in which their mode strikes."""
    peak = np.array([COURSES[name].peak_hour for name in MODES])[mode]
    hour = peak + 2.5 * rng.standard_normal(len(end))
    local = end + offset_min * 60
    moved = local // DAY_S * DAY_S + (hour * HOUR_S).astype(np.int64) - offset_min * 60
    return np.where((rng.random(len(end)) < 0.6) & (moved > birth + 1800), moved, end).astype(np.int64)


def _between(field: str, mode: Codes, rng: np.random.Generator) -> Floats:
    low, high = np.array([getattr(COURSES[name], field) for name in MODES])[mode].T
    return np.asarray(low + (high - low) * rng.random(len(mode)))
