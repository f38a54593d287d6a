"""Dirt: how what is sent comes to differ from what was measured. Carries out `simulator.scenarios.Dirt`.

Used by `delivery`, which puts in order what comes out of here. Every draw is a function of the device,
the instant and the channel, so it does not matter how the stream is cut into blocks. Only what has stuck is remembered
from one block to the next: the value at which a metric stays is known when it is measured and not before.
"""

from enum import IntEnum
from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from service.contracts.readings import CATALOGUE
from simulator.arrays import DAY_S, HOUR_S, SECOND, Flags, Floats, Indices, Ints
from simulator.chance.counter import key_of, mix, unit, units
from simulator.chance.purposes import Purpose
from simulator.scenarios import Dirt
from simulator.world.devices import METRICS
from simulator.world.population import DeviceTable

Owners = npt.NDArray[np.integer]

_NEVER: Final = np.iinfo(np.int64).max
_HELD_INTERVALS: Final = 1.5, 4.0
_AGAIN_S: Final = 5.0, 600.0
_CLOCK_H: Final = 1.0, 12.0
_AHEAD: Final = 0.25
_STUCK_DAYS: Final = 1.0, 7.0


class _Channel(IntEnum):
    """What a number is drawn for. Values are part of the seed: never renumber them."""

    HELD = 1
    HELD_FOR = 2
    AGAIN = 3
    AGAIN_AFTER = 4
    CLOCK = 5
    CLOCK_OFF = 6
    CLOCK_AHEAD = 7
    STUCK = 8
    STUCK_FROM = 9
    STUCK_DAYS = 10
    STUCK_METRIC = 11
    VALUE = 12


_VALUE_CHANNEL: Final = int(_Channel.VALUE)
_BOUNDS: Final = [(CATALOGUE[name].low, CATALOGUE[name].high) for name in METRICS]
_ABSURD: Final = np.array([(-9999.0, 1e12, high + 1.5 * (high - low)) for low, high in _BOUNDS])
"""What no such metric can have, (m, 3): a driver's word for "no value", an overflow, and such things as 250 %."""


class Soiling:
    """Makes one fleet's readings dirty, from one instant on. For one pass over the stream, in order of time.

    Args:
        dirt: How much of what.
        table: The devices, d of them.
        seed: Everything follows from it.
        begin: First instant at which anything is wrong, in microseconds.
        end: End of the fleet's span, likewise.

    Attributes:
        clock_off: By how much each device's clock is wrong, in microseconds, (d,) int64; 0 for most.
    """

    def __init__(self, dirt: Dirt, table: DeviceTable, seed: int, begin: int, end: int) -> None:
        self._dirt = dirt
        self._key = key_of(seed, Purpose.DELIVERY)
        self._interval_us = table.interval_s.astype(np.int64) * SECOND
        device, once = np.arange(len(table)), np.zeros(len(table), dtype=np.int64)

        wrong = self._draw(device, once, _Channel.CLOCK) < dirt.wrong_clock
        ahead = self._draw(device, once, _Channel.CLOCK_AHEAD) < _AHEAD
        off = self._draw_us(device, once, _Channel.CLOCK_OFF, _CLOCK_H, HOUR_S * SECOND)
        self.clock_off: Ints = np.where(wrong, np.where(ahead, off, -off), 0)

        stuck = self._draw(device, once, _Channel.STUCK) < dirt.stuck
        since = begin + self._draw_us(device, once, _Channel.STUCK_FROM, (0.0, 1.0), end - begin)
        until = since + self._draw_us(device, once, _Channel.STUCK_DAYS, _STUCK_DAYS, DAY_S * SECOND)
        self._stuck_since, self._stuck_until = np.where(stuck, since, _NEVER), np.where(stuck, until, _NEVER)
        self._stuck_pick = self._draw(device, once, _Channel.STUCK_METRIC)
        self._stuck_metric = np.full(len(table), -1, dtype=np.int64)
        self._stuck_value = np.zeros(len(table))

    def spoil(self, device: Indices, ts: Ints, metrics: Floats) -> Floats:
        """Return what is sent instead of ``metrics``, (n, m): some lost, some stuck, some absurd.

        Args:
            device: Rows of the device table, (n,).
            ts: True instants, (n,), each device's in order, over all calls too.
            metrics: What was measured, (n, m); stays as it is.
        """
        sent = metrics.copy()
        _stick(
            device, ts, sent, self._stuck_since, self._stuck_until, self._stuck_pick, self._stuck_metric,
            self._stuck_value,
        )  # fmt: skip
        _spoil(self._key, device, ts, sent, self._dirt.missing, self._dirt.absurd, _ABSURD)
        return sent

    def held_us(self, device: Indices, ts: Ints) -> Ints:
        """Return for how long each reading is held back, in microseconds, (n,): 0, or past its device's next ones."""
        held = np.flatnonzero(self._draw(device, ts, _Channel.HELD) < self._dirt.out_of_order)
        who = device[held]
        delay = np.zeros(len(ts), dtype=np.int64)
        delay[held] = self._draw_us(who, ts[held], _Channel.HELD_FOR, _HELD_INTERVALS, self._interval_us[who])
        return delay

    def again(self, device: Indices, ts: Ints) -> tuple[Flags, Ints]:
        """Return which readings are sent twice, (n,) bool, and for each that is, how much later, in microseconds."""
        twice: Flags = self._draw(device, ts, _Channel.AGAIN) < self._dirt.duplicate
        return twice, self._draw_us(device[twice], ts[twice], _Channel.AGAIN_AFTER, _AGAIN_S, SECOND)

    def _draw(self, device: Owners, ts: Ints, channel: _Channel) -> Floats:
        return units(self._key, device, ts, int(channel))

    def _draw_us(
        self, device: Owners, ts: Ints, channel: _Channel, bounds: tuple[float, float], unit_us: int | Ints
    ) -> Ints:
        """Draw durations within ``bounds``, which are in units of so many microseconds; whole seconds."""
        drawn = bounds[0] + (bounds[1] - bounds[0]) * self._draw(device, ts, channel)
        return (drawn * unit_us).astype(np.int64) // SECOND * SECOND


@numba.njit(nogil=True, cache=True)
def _stick(
    device: Indices, ts: Ints, values: Floats, since: Ints, until: Ints, pick: Floats, metric: Ints, stuck_at: Floats
) -> None:
    """Hold a metric of each stuck device at its value of the first reading since it stuck; remember which and what."""
    for i in range(len(device)):
        d = device[i]
        if not since[d] <= ts[i] < until[d]:
            continue
        if metric[d] < 0:
            known = np.nonzero(~np.isnan(values[i]))[0]
            if len(known) == 0:
                continue
            metric[d] = known[int(pick[d] * len(known))]
            stuck_at[d] = values[i, metric[d]]
        if not np.isnan(values[i, metric[d]]):
            values[i, metric[d]] = stuck_at[d]


@numba.njit(nogil=True, cache=True)
def _spoil(
    key: np.uint64, device: Indices, ts: Ints, values: Floats, missing: float, absurd: float,
    absurdities: npt.NDArray[np.float64],
) -> None:  # fmt: skip
    """Lose or distort values, each by a draw of its own."""
    kinds = absurdities.shape[1]
    for i in range(values.shape[0]):
        bits = mix(mix(key, np.uint64(device[i])), np.uint64(ts[i]))
        for column in range(values.shape[1]):
            if np.isnan(values[i, column]):
                continue
            u = unit(mix(bits, np.uint64(_VALUE_CHANNEL + column)))
            if u < missing:
                values[i, column] = np.nan
            elif u < missing + absurd:
                values[i, column] = absurdities[column, min(kinds - 1, int((u - missing) / absurd * kinds))]
