"""Feature windows once more, slow and obvious: each level is a weighted mean over a list of all values ever seen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

US_PER_H = 3_600_000_000
Past = list[tuple[float, float]]
"""Values and their weights, which every reading decays."""


def mass(past: Past) -> float:
    return math.fsum(weight for _, weight in past)


def mean(past: Past) -> float:
    return math.fsum(value * weight for value, weight in past) / mass(past)


def spread(past: Past) -> float:
    middle = mean(past)
    return math.sqrt(math.fsum(weight * (value - middle) ** 2 for value, weight in past) / mass(past))


def faded(past: Past, factor: float) -> Past:
    return [(value, weight * factor) for value, weight in past]


def scaled(distance: float, past: Past) -> float:
    return max(-10.0, min(10.0, distance / (spread(past) + 1e-6 * abs(mean(past)) + 1e-9)))


@dataclass
class MetricPast:
    """One metric of one device."""

    low: float
    high: float
    known: bool
    fast: Past = field(default_factory=list)
    slow: Past = field(default_factory=list)

    def read(self, value: float, fade_fast: float, fade_slow: float) -> list[float]:
        """Raw, fast, slow, deviation, trend, missing."""
        self.fast, self.slow = faded(self.fast, fade_fast), faded(self.slow, fade_slow)
        settled = mass(self.slow) > 2.0
        deviation = 0.0
        present = self.low <= value <= self.high
        if present:
            if settled and not self.known:
                reach = 1000.0 * max(spread(self.slow), abs(mean(self.slow)), 1.0)
                value = max(mean(self.slow) - reach, min(mean(self.slow) + reach, value))
            if settled:
                deviation = scaled(value - mean(self.slow), self.slow)
            self.fast.append((value, 1.0))
            self.slow.append((value, 1.0))
        trend = scaled(mean(self.fast) - mean(self.slow), self.slow) if mass(self.slow) > 2.0 else 0.0
        levels = [mean(self.fast), mean(self.slow)] if self.slow else [math.nan, math.nan]
        return [value if present else math.nan, *levels, deviation, trend, 0.0 if present else 1.0]


@dataclass
class DevicePast:
    """One device."""

    horizon_us: int
    metrics: list[MetricPast]
    last_us: int | None = None
    cadence_h: float = 0.0

    def read(self, ts_us: int, values: Sequence[float]) -> list[float]:
        """The base columns without the calendar, then the columns of each metric."""
        gap_h, fade_fast, fade_slow = math.nan, 1.0, 1.0
        if self.last_us is not None:
            gap_h = (ts_us - self.last_us) / US_PER_H
            usual, horizon_h = self.cadence_h, self.horizon_us / US_PER_H
            self.cadence_h = (
                min(gap_h, 10.0 * horizon_h) if usual == 0.0 else 0.9 * usual + 0.1 * min(gap_h, 3.0 * usual)
            )
            fade_fast = 0.5 ** (gap_h / max(horizon_h / 10.0, 3.0 * self.cadence_h))
            fade_slow = 0.5 ** (gap_h / max(2.0 * horizon_h / 3.0, 20.0 * self.cadence_h))
        self.last_us = ts_us
        row = [gap_h]
        for metric, value in zip(self.metrics, values, strict=True):
            row += metric.read(value, fade_fast, fade_slow)
        return row
