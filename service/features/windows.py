"""Windows: what is remembered of each device, and the feature row that each reading makes of it.

For every device and metric two exponentially decayed levels are kept, decaying by event time and not by count: a
*fast* one (half-life max(H/10, 3 cadences)) and a *slow* one (half-life max(2H/3, 20 cadences)) with its variance. The
slow level is the device's own normal. The cadence is learned per device from its gaps. Memory is fixed: 40 bytes a
metric and 32 bytes a device.

This is the scorer's fold: it depends on the order of the accepted readings alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

import numba
import numpy as np
import numpy.typing as npt

from service.features.calendar import fill_calendar
from service.features.layout import BASE_COLUMNS, Layout

NEVER: Final = np.iinfo(np.int64).min
"""`last_ts` of a device that has not been read yet."""

ACCEPTED, DUPLICATE, LATE = 0, 1, 2
"""What `sift` says of a reading."""

_US_PER_H = 3_600e6
_Scalar = TypeVar("_Scalar", bound=np.generic)
_CLIP = 10.0  # deviations and trends, in standard deviations
_CALENDAR = BASE_COLUMNS.index("hour_sin")
_FAR = 1000.0  # an unknown metric is clipped this many times its own scale away from its normal


@numba.njit(nogil=True, cache=True)
def sift(
    device: npt.NDArray[np.int32], ts: npt.NDArray[np.int64], last_ts: npt.NDArray[np.int64]
) -> npt.NDArray[np.int8]:
    """Tell accepted readings from duplicates (same instant as the newest) and late ones (older); moves ``last_ts``."""
    status = np.empty(len(ts), np.int8)
    for i in range(len(ts)):
        newest = last_ts[device[i]]
        if ts[i] > newest:
            status[i] = 0
            last_ts[device[i]] = ts[i]
        elif ts[i] == newest:
            status[i] = 1
        else:
            status[i] = 2
    return status


@numba.njit(nogil=True, cache=True)
def advance(
    device: npt.NDArray[np.int32],
    device_type: npt.NDArray[np.int16],
    ts: npt.NDArray[np.int64],
    values: npt.NDArray[np.float64],
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
    known: npt.NDArray[np.bool_],
    metric_column: npt.NDArray[np.int32],
    type_column: npt.NDArray[np.int32],
    horizon_h: float,
    slot_us: int,
    folded_ts: npt.NDArray[np.int64],
    cadence_h: npt.NDArray[np.float64],
    last_slot: npt.NDArray[np.int64],
    levels: npt.NDArray[np.float64],
    out: npt.NDArray[np.float32],
    example: npt.NDArray[np.bool_],
) -> None:
    """Fold readings into the windows, in order, writing each one's feature row as it stands after it.

    Args:
        device, device_type: Device numbers, and numbers of their types; (n,).
        ts: Instants in microseconds, rising per device; (n,).
        values: Metric values, NaN where unknown; (n, m). Implausible ones are set to NaN in place.
        low, high, known: Bounds by metric, and whether they come from the catalogue; (m,).
        metric_column: First column of each metric's block in ``out``; (m,).
        type_column: Column of each device type; (t,).
        horizon_h: The horizon in hours.
        slot_us: Width of a slot in microseconds.
        folded_ts, cadence_h, last_slot: State by device; (d,).
        levels: State by device and metric; (d, m, 5): mean and weight of the fast level, mean, weight and sum of
            squares of the slow one.
        out: Feature rows, all but the calendar; (n, f).
        example: Whether a reading is the first of its device in its slot; (n,).
    """
    for i in range(len(ts)):
        d = device[i]
        out[i, :] = np.nan
        for column in type_column:
            out[i, column] = 0.0
        out[i, type_column[device_type[i]]] = 1.0
        decay_fast, decay_slow = 1.0, 1.0
        if folded_ts[d] != NEVER:
            gap_h = (ts[i] - folded_ts[d]) / _US_PER_H
            out[i, 0] = gap_h
            if cadence_h[d] == 0.0:
                cadence_h[d] = min(gap_h, 10.0 * horizon_h)  # a clock that was not set yet makes the first gap absurd
            else:
                cadence_h[d] += 0.1 * (min(gap_h, 3.0 * cadence_h[d]) - cadence_h[d])
            decay_fast = 2.0 ** (-gap_h / max(horizon_h / 10.0, 3.0 * cadence_h[d]))
            decay_slow = 2.0 ** (-gap_h / max(horizon_h / 1.5, 20.0 * cadence_h[d]))
        folded_ts[d] = ts[i]
        slot = ts[i] // slot_us
        example[i] = slot > last_slot[d]
        last_slot[d] = max(slot, last_slot[d])
        for j in range(values.shape[1]):
            fast, fast_weight = levels[d, j, 0], levels[d, j, 1] * decay_fast
            slow, slow_weight, squares = levels[d, j, 2], levels[d, j, 3] * decay_slow, levels[d, j, 4] * decay_slow
            spread = np.sqrt(squares / slow_weight) if slow_weight > 0.0 else 0.0
            v = values[i, j]
            if not (low[j] <= v <= high[j]):  # also true of NaN
                v = np.nan
                values[i, j] = np.nan
            elif not known[j] and slow_weight > 2.0:
                reach = _FAR * max(spread, abs(slow), 1.0)
                v = min(max(v, slow - reach), slow + reach)
            deviation = 0.0
            if v == v:
                if slow_weight > 2.0:
                    deviation = (v - slow) / (spread + 1e-6 * abs(slow) + 1e-9)
                fast_weight += 1.0
                fast += (v - fast) / fast_weight
                slow_weight += 1.0
                step = v - slow
                slow += step / slow_weight
                squares = max(squares + step * (v - slow), 0.0)  # rounding may overshoot after a long absence
                spread = np.sqrt(squares / slow_weight)
            levels[d, j, 0], levels[d, j, 1] = fast, fast_weight
            levels[d, j, 2], levels[d, j, 3], levels[d, j, 4] = slow, slow_weight, squares
            c = metric_column[j]
            out[i, c] = v
            if slow_weight > 0.0:
                out[i, c + 1] = fast
                out[i, c + 2] = slow
            trend = (fast - slow) / (spread + 1e-6 * abs(slow) + 1e-9) if slow_weight > 2.0 else 0.0
            out[i, c + 3] = min(max(deviation, -_CLIP), _CLIP)
            out[i, c + 4] = min(max(trend, -_CLIP), _CLIP)
            out[i, c + 5] = 0.0 if v == v else 1.0


def _grown(array: npt.NDArray[_Scalar], shape: tuple[int, ...], fill: float) -> npt.NDArray[_Scalar]:
    out = np.full(shape, fill, array.dtype)
    out[tuple(slice(0, n) for n in array.shape)] = array
    return out


class Windows:
    """The windows of all devices of one home type.

    Args:
        horizon_us: The horizon in microseconds.
        slot_us: Width of a slot in microseconds.
    """

    def __init__(self, *, horizon_us: int, slot_us: int) -> None:
        self.layout = Layout()
        self._horizon_h = horizon_us / _US_PER_H
        self._slot_us = slot_us
        self.last_ts = np.full(64, NEVER, np.int64)
        self._folded_ts = np.full(64, NEVER, np.int64)
        self._cadence_h = np.zeros(64)
        self._last_slot = np.full(64, NEVER, np.int64)
        self._levels = np.zeros((64, 4, 5))

    def reserve(self, devices: int) -> None:
        """Make room for this many devices and for the layout's metrics, by doubling."""
        room, metrics = self._levels.shape[:2]
        if devices > room:
            room = max(devices, 2 * room)
            self.last_ts = _grown(self.last_ts, (room,), NEVER)
            self._folded_ts = _grown(self._folded_ts, (room,), NEVER)
            self._cadence_h = _grown(self._cadence_h, (room,), 0.0)
            self._last_slot = _grown(self._last_slot, (room,), NEVER)
        if len(self.layout.metrics) > metrics:
            metrics = max(len(self.layout.metrics), metrics + metrics // 2)
        if (room, metrics) != self._levels.shape[:2]:
            self._levels = _grown(self._levels, (room, metrics, 5), 0.0)

    def sift(self, device: npt.NDArray[np.int32], ts: npt.NDArray[np.int64]) -> npt.NDArray[np.int8]:
        """Status of each reading in the order given, moving each device's newest instant; int8 (n,)."""
        return sift(device, ts, self.last_ts)

    def fold(
        self,
        device: npt.NDArray[np.int32],
        device_type: npt.NDArray[np.int16],
        ts: npt.NDArray[np.int64],
        offset_s: npt.NDArray[np.int32],
        cycle: npt.NDArray[np.bool_],
        values: npt.NDArray[np.float64],
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """Fold accepted readings, in order.

        Args:
            device, device_type: Numbers of device and device type; (n,).
            ts, offset_s, cycle: Instant in microseconds, offset of local time in seconds, cycle count or not; (n,).
            values: Metric values in the layout's order, NaN where unknown; (n, m). Implausible ones become NaN.

        Returns:
            Feature rows, float32 (n, f), and whether each reading is its device's first in its slot, bool (n,).
        """
        layout = self.layout
        rows, example = np.empty((len(ts), layout.width), np.float32), np.empty(len(ts), np.bool_)
        advance(
            device, device_type, ts, values, layout.low, layout.high, layout.known, layout.metric_column,
            layout.type_column, self._horizon_h, self._slot_us, self._folded_ts, self._cadence_h, self._last_slot,
            self._levels, rows, example,
        )  # fmt: skip
        fill_calendar(ts, offset_s, cycle, rows, _CALENDAR)
        return rows, example

    def forget_past(self, device: int) -> None:
        """A repair starts the device afresh: its levels and cadence go, its place in time stays."""
        self._folded_ts[device] = NEVER
        self._cadence_h[device] = 0.0
        self._levels[device] = 0.0

    def clear(self, devices: npt.NDArray[np.integer]) -> None:
        """Forget these devices altogether: whoever is read next under their numbers is somebody new."""
        self.last_ts[devices] = NEVER
        self._folded_ts[devices] = NEVER
        self._cadence_h[devices] = 0.0
        self._last_slot[devices] = NEVER
        self._levels[devices] = 0.0

    def adopt(self, other: "Windows", device: int) -> None:
        """Take over one device of other windows, of the same layout, as device 0. Room must be reserved."""
        self.last_ts[0] = other.last_ts[device]
        self._folded_ts[0] = other._folded_ts[device]
        self._cadence_h[0] = other._cadence_h[device]
        self._last_slot[0] = other._last_slot[device]
        metrics = len(self.layout.metrics)
        self._levels[0, :metrics] = other._levels[device, :metrics]

    def columns_of_state(self, devices: int) -> dict[str, npt.NDArray[np.generic]]:
        """Copies of the state of the first ``devices`` devices, by name."""
        metrics = len(self.layout.metrics)
        return {
            "last_ts": self.last_ts[:devices].copy(),
            "folded_ts": self._folded_ts[:devices].copy(),
            "cadence_h": self._cadence_h[:devices].copy(),
            "last_slot": self._last_slot[:devices].copy(),
            "levels": self._levels[:devices, :metrics].copy(),
        }

    def restore(self, columns: Sequence[str], state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Take over the layout of these columns, and the state of `columns_of_state`."""
        self.layout = Layout.of_columns(columns)
        devices = len(state["last_ts"])
        self.reserve(devices)
        self.last_ts[:devices] = state["last_ts"]
        self._folded_ts[:devices] = state["folded_ts"]
        self._cadence_h[:devices] = state["cadence_h"]
        self._last_slot[:devices] = state["last_slot"]
        self._levels[:devices, : len(self.layout.metrics)] = state["levels"]
