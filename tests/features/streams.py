"""Streams of readings as columns, folded into windows, for the tests of the windows."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.features.layout import ABSURD, PER_METRIC
from service.features.windows import Windows

HOUR = 3_600_000_000
MINUTE = HOUR // 60
START = 1_700_000_000_000_000
METRICS = ("battery_pct", "signal_dbm", "strange")
RAW, FAST, SLOW, DEVIATION, TREND, MISSING = range(6)


@dataclass
class Stream:
    """Readings of several devices, in order of time."""

    device: npt.NDArray[np.int32]
    ts: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ts)

    def part(self, start: int, end: int) -> "Stream":
        return Stream(self.device[start:end], self.ts[start:end], self.values[start:end])


def windows_of(*metrics: str, horizon_h: float = 24.0, devices: int = 8) -> Windows:
    horizon_us = int(horizon_h * HOUR)
    windows = Windows(horizon_us=horizon_us, slot_us=horizon_us // 48)
    windows.layout.extend(metrics, ["sensor"])
    windows.reserve(devices)
    return windows


def fold(windows: Windows, stream: Stream) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    n = len(stream)
    return windows.fold(
        stream.device,
        np.zeros(n, np.int16),
        stream.ts,
        np.zeros(n, np.int32),
        np.zeros(n, np.bool_),
        stream.values.copy(),
    )


def of_one_device(minutes: list[float], values: list[float]) -> Stream:
    ts = START + (np.array(minutes) * MINUTE).astype(np.int64)
    return Stream(np.zeros(len(ts), np.int32), ts, np.array(values)[:, None])


def blocks(windows: Windows, rows: npt.NDArray[np.float32], metric: int = 0) -> npt.NDArray[np.float32]:
    first = int(windows.layout.metric_column[metric])
    return rows[:, first : first + len(PER_METRIC)]


def random_stream(seed: int, n: int, devices: int = 4) -> Stream:
    """Uneven gaps, drifts, missing values, values that cannot be, and now and then one that is far off."""
    rng = np.random.default_rng(seed)
    device = rng.integers(0, devices, n).astype(np.int32)
    ts = START + np.cumsum(rng.choice([1, MINUTE, 7 * MINUTE, HOUR, 30 * HOUR], n, p=[0.05, 0.4, 0.4, 0.14, 0.01]))
    values = np.column_stack(
        [
            np.clip(60 - np.arange(n) / 20 + rng.normal(0, 3, n), -5, 105),
            -60 + 10 * rng.standard_normal(n),
            5 * rng.standard_normal(n) + device,
        ]
    )
    values[rng.random(values.shape) < 0.15] = np.nan
    values[rng.random(n) < 0.02, 2] = 1e7
    values[rng.random(n) < 0.02, 2] = -2 * ABSURD
    return Stream(device, ts.astype(np.int64), values)
