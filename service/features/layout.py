"""The layout of a home type's feature rows: which column holds what.

Columns are only ever appended, in the order in which the log brings new metrics and device types. A row logged early
is therefore a prefix of a row logged late, and column numbers never change their meaning.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from service.contracts.readings import CATALOGUE

BASE_COLUMNS = ("gap_h", "hour_sin", "hour_cos", "weekday_sin", "weekday_cos", "season_sin", "season_cos")
"""Columns that every row begins with: hours since the device's last reading, then the calendar."""

PER_METRIC = ("raw", "fast", "slow", "deviation", "trend", "missing")
"""The block of columns of one metric; see `service.features.windows`."""

_TYPE = "device_type="
_ABSENT = {"deviation": 0.0, "trend": 0.0, "missing": 1.0}

ABSURD = 1e30
"""A value of an unknown metric beyond this magnitude counts as missing: it would overflow float32 arithmetic."""


def metric_of(column: str) -> str | None:
    """The metric that a feature is computed from, or None if it is computed from none."""
    metric, _, part = column.rpartition(".")
    return metric if metric and part in PER_METRIC and not column.startswith(_TYPE) else None


def absent_values(columns: Sequence[str]) -> npt.NDArray[np.float32]:
    """What the columns hold in the row of a device that has nothing to put there; NaN where that is nothing, (f,).

    A row that was logged before a column came lacks these values; they are what it would hold if it had been logged
    afterwards.
    """
    out = np.full(len(columns), np.nan, np.float32)
    for n, column in enumerate(columns):
        if column.startswith(_TYPE):
            out[n] = 0.0
        elif metric_of(column) is not None:
            out[n] = _ABSENT.get(column.rpartition(".")[2], np.nan)
    return out


class Layout:
    """Names and positions of the feature columns of one home type.

    Attributes:
        metrics: Metric names, in log order; shape (m,).
        device_types: Device types, in log order.
        columns: Feature names, such as ``battery_pct.fast`` or ``device_type=light``; shape (f,).
        metric_column: First column of each metric's block; int32 (m,).
        type_column: One-hot column of each device type; int32.
        low, high: Plausible bounds by metric; float64 (m,).
    """

    def __init__(self) -> None:
        self.metrics: list[str] = []
        self.device_types: list[str] = []
        self.columns: list[str] = list(BASE_COLUMNS)
        self.metric_index: dict[str, int] = {}
        self.type_index: dict[str, int] = {}
        self.metric_column = np.zeros(0, np.int32)
        self.type_column = np.zeros(0, np.int32)
        self.low = np.zeros(0)
        self.high = np.zeros(0)
        self.known = np.zeros(0, np.bool_)

    def extend(self, metrics: Sequence[str], device_types: Sequence[str]) -> None:
        """Append new metrics, then new device types. Names that are there already must not be passed."""
        for name in metrics:
            self.metric_index[name] = len(self.metrics)
            self.metrics.append(name)
            known = CATALOGUE.get(name)
            low, high = (known.low, known.high) if known else (-ABSURD, ABSURD)
            self.metric_column = np.append(self.metric_column, np.int32(len(self.columns)))
            self.low, self.high = np.append(self.low, low), np.append(self.high, high)
            self.known = np.append(self.known, known is not None)
            self.columns.extend(f"{name}.{part}" for part in PER_METRIC)
        for name in device_types:
            self.type_index[name] = len(self.device_types)
            self.device_types.append(name)
            self.type_column = np.append(self.type_column, np.int32(len(self.columns)))
            self.columns.append(_TYPE + name)

    @classmethod
    def of_columns(cls, columns: Sequence[str]) -> "Layout":
        """The layout that has these columns, in this order."""
        layout = cls()
        n = len(layout.columns)
        while n < len(columns):
            if columns[n].startswith(_TYPE):
                layout.extend((), (columns[n].removeprefix(_TYPE),))
            else:
                layout.extend((columns[n].rsplit(".", 1)[0],), ())
            n = len(layout.columns)
        return layout

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.columns)

    def bind(self, names: Sequence[str]) -> npt.NDArray[np.int32]:
        """Column of each of ``names`` in this layout, -1 where it has none; int32 (len(names),)."""
        position = {name: column for column, name in enumerate(self.columns)}
        return np.array([position.get(name, -1) for name in names], np.int32)
