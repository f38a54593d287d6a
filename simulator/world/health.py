"""Hidden health: when each device starts to degrade, when it fails, when it is well again.

Fifth in the flow, and never visible: readings only hint at it (`simulator.world.signals`), reports tell of it late
(`simulator.delivery.outcomes`). A device's time is a chain of *lives*:

    birth ───────────── onset ~~~~~~ growing degradation ~~~~~~ end ─── repair = next birth
                                                                 └ the failure, or, if *averted*, a quiet recovery

Averted lives degrade like the others and do not fail: somebody changed the battery in time, the jam went away. They are
why a precursor is no proof.
"""

from typing import Any, NamedTuple

import numba
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.arrays import DAY_S, HOUR_S, Codes, Flags, Floats, Indices, Ints, latest
from simulator.chance.counter import key_of, units
from simulator.chance.purposes import Purpose, generator
from simulator.scenarios import Changes
from simulator.world.clock import Clock
from simulator.world.courses import COURSES
from simulator.world.devices import MODE_CODE, MODES
from simulator.world.hazards import Hazards, averted_shares
from simulator.world.patterns import DEFAULT_PATTERNS, Daily, Patterns
from simulator.world.population import DeviceTable


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
        signature: How it shows: row of `simulator.world.signals.Types.effects`, (k,) int8.
        severity: How strongly it shows, around 1, (k,).
        growth: Exponent of the degradation, (k,).
        sign: Direction of a drift, -1 or 1, (k,).
        charge: Battery charge when the cell was put in, in %, (k,).
        charged_s: When it was, (k,).
    """

    device: Indices
    birth_s: Ints
    onset_s: Ints
    end_s: Ints
    repair_s: Ints
    mode: Codes
    averted: Flags
    silent: Flags
    signature: Codes
    severity: Floats
    growth: Floats
    sign: Floats
    charge: Floats
    charged_s: Ints


class LifeColumns(NamedTuple):
    """What the inner loop needs of the lives: those of device d are rows ``first[d]`` to ``first[d + 1]``."""

    first: Ints
    birth_s: Ints
    onset_s: Ints
    end_s: Ints
    averted: Flags
    silent: Flags
    mode: Codes
    signature: Codes
    severity: Floats
    growth: Floats
    sign: Floats
    charge: Floats
    charged_s: Ints


@numba.njit(nogil=True, cache=True)
def life_at(lives: LifeColumns, device: int, second: int) -> int:
    """Return the row of the life that a device is in at an instant."""
    return latest(lives.birth_s, lives.first[device], lives.first[device + 1], second)


@numba.njit(nogil=True, cache=True)
def degradation(lives: LifeColumns, life: int, second: int) -> float:
    """Return how degraded a device is: 0 well, about 1 at the failure, 1.3 beyond it; times the life's severity."""
    onset, end = lives.onset_s[life], lives.end_s[life]
    if second <= onset:
        return 0.0
    if second < end:
        return float(((second - onset) / (end - onset)) ** lives.growth[life] * lives.severity[life])
    return float((1.0 if lives.averted[life] else 1.3) * lives.severity[life])


@numba.njit(nogil=True, cache=True)
def _levels(lives: LifeColumns, life: Ints, second: Ints) -> Floats:
    out = np.empty(len(life))
    for i in range(len(life)):
        out[i] = degradation(lives, life[i], second[i])
    return out


class Health:
    """The hidden state of every device at every instant.

    Args:
        table: The devices.
        clock: Days, seasons and local time.
        patterns: The temporal patterns.
        changes: What comes over the fleet.
        seed: Seed of the fleet.
        span: First and last second of the simulation.
        failure_rate: Factor on all failure rates.

    Attributes:
        lives: All lives.
        columns: The same, for the inner loop.
    """

    def __init__(
        self, table: DeviceTable, clock: Clock, patterns: Patterns, changes: Changes, seed: int, span: tuple[int, int],
        failure_rate: float = 1.0,
    ) -> None:  # fmt: skip
        hazards = Hazards(table, clock, patterns, changes, span, failure_rate)
        drawn = _draw(table, clock, hazards, patterns, seed)
        drawn["signature"] = _signatures(drawn, changes, seed, span)
        order = np.lexsort((drawn["birth_s"], drawn["device"]))
        self.lives = Lives(**{name: column[order] for name, column in drawn.items()})
        counts = np.bincount(self.lives.device, minlength=len(table))
        columns = {name: getattr(self.lives, name) for name in LifeColumns._fields if name != "first"}
        self.columns = LifeColumns(first=np.concatenate([[0], np.cumsum(counts)]), **columns)

    def level(self, life: Ints, second: Ints) -> Floats:
        """Return the `degradation` (n,) at instants (n,) of lives (n,), given by their rows."""
        return np.asarray(_levels(self.columns, life, second))


def _draw(table: DeviceTable, clock: Clock, hazards: Hazards, patterns: Patterns, seed: int) -> dict[str, NDArray[Any]]:
    """Draw lives round by round: in each, every device whose time is not yet filled gets its next life."""
    n = len(table)
    averted_share = averted_shares()[table.home_type]
    birth = table.joins_s
    charge, charged_s = np.zeros(n), birth
    renewed, was_battery = np.ones(n, dtype=bool), np.zeros(n, dtype=bool)
    rounds: list[dict[str, NDArray[Any]]] = []
    while (birth <= table.leaves_s).any() or not rounds:
        first = not rounds
        rng = generator(seed, Purpose.LIVES, len(rounds))
        # The fleet is met in the middle of its life, so the first wait has no memory; later lives wear out.
        wait = rng.exponential(1.0, n) if first else rng.weibull(1.3, n) / 0.9236
        end = np.maximum(birth + 1800, hazards.after(birth, wait))
        mode = _modes(hazards.weights(end), rng.random(n))
        earliest = np.maximum(birth + 1800, hazards.earliest_s(mode))
        end = _at_peak_hour(end, earliest, mode, clock, table, rng, patterns.daily)
        lead_s = _between("lead_h", mode, rng) * HOUR_S
        born = birth - (rng.uniform(5, 300, n) * DAY_S).astype(np.int64) if first else birth
        averted = rng.random(n) < averted_share[np.arange(n), mode]
        severity = rng.lognormal(-0.05, 0.3, n) * np.where(averted, rng.uniform(0.6, 1.0, n), 1.0)
        # A trouble that passes leaves the cell as it was; a repair brings another, and a new one if it was the cell.
        charge = np.where(renewed, np.where(was_battery, 100.0, rng.uniform(45, 100, n)), charge)
        charged_s = np.where(renewed, born, charged_s)
        repair = end + np.where(averted, 0, _between("repair_h", mode, rng) * HOUR_S).astype(np.int64)
        life: dict[str, NDArray[Any]] = {
            "device": np.arange(n, dtype=np.int32),
            "birth_s": born,
            "onset_s": np.maximum(np.maximum(born, hazards.earliest_s(mode)), end - lead_s.astype(np.int64)),
            "end_s": end,
            "repair_s": repair,
            "mode": mode,
            "averted": averted,
            "silent": rng.random(n) < np.array([COURSES[name].silent for name in MODES])[mode],
            "severity": severity,
            "growth": _between("growth", mode, rng),
            "sign": np.where((rng.random(n) < 0.5) & (mode == MODE_CODE["drift"]), -1.0, 1.0),
            "charge": charge,
            "charged_s": charged_s,
        }
        alive = birth <= table.leaves_s
        rounds.append({name: column[alive] for name, column in life.items()})
        was_battery = mode == MODE_CODE["battery"]
        renewed = ~averted | was_battery
        birth = np.where(alive, repair, birth)
    return {name: np.concatenate([life[name] for life in rounds]) for name in rounds[0]}


def _signatures(drawn: dict[str, NDArray[Any]], changes: Changes, seed: int, span: tuple[int, int]) -> Codes:
    """Say how each degradation shows: as its mode always did, or in the other way that a gradual change brings."""
    signature = drawn["mode"].copy()
    if changes.gradual is not None:
        low, high = (span[0] + share * (span[1] - span[0]) for share in (changes.gradual.begin, changes.gradual.done))
        progress = (drawn["onset_s"] - low) / (high - low)
        other = units(key_of(seed, Purpose.CHANGES), drawn["device"], drawn["end_s"], 0) < progress
        signature[other] += len(MODES)
    return np.asarray(signature, dtype=np.int8)


def _modes(weights: Floats, uniform: Floats) -> Codes:
    edges = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)[:, :-1]
    return np.asarray((uniform[:, None] > edges).sum(axis=1), dtype=np.int8)


def _at_peak_hour(
    end: Ints, earliest: Ints, mode: Codes, clock: Clock, table: DeviceTable, rng: np.random.Generator, daily: Daily
) -> Ints:
    """Move about six of ten failures to the hours of their local day in which their mode strikes.

    Those of modes that come of use move with the evening.
    """
    peak = np.array([COURSES[name].peak_hour for name in MODES])[mode]
    follows = np.array([COURSES[name].use >= 1.0 for name in MODES])[mode]
    peak = peak + (daily.evening_h - DEFAULT_PATTERNS.daily.evening_h) * follows
    hour = peak + 2.5 * rng.standard_normal(len(end))
    share = min(1.0, 0.6 * daily.size)
    offset = clock.offsets(table.zone, end)
    moved = (end + offset) // DAY_S * DAY_S + (hour * HOUR_S).astype(np.int64) - offset
    moves = (rng.random(len(end)) < share) & (moved > earliest)
    return np.where(moves, moved, end).astype(np.int64)


def _between(field: str, mode: Codes, rng: np.random.Generator) -> Floats:
    low, high = np.array([getattr(COURSES[name], field) for name in MODES])[mode].T
    return np.asarray(low + (high - low) * rng.random(len(mode)))
