"""From the open metrics of readings to a matrix in the layout's order."""

import contextlib
from collections.abc import Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt

from service.features.layout import Layout

_MANY = 8  # rows from which on NumPy's calls cost less than a loop


def metric_matrix(
    metrics: Sequence[dict[str, float | None]], layout: Layout, max_metrics: int
) -> tuple[npt.NDArray[np.float64], int]:
    """Metric values as a float64 (n, m) matrix in the layout's order, NaN where unknown.

    New names are appended to the layout as long as it has fewer than ``max_metrics``; the values of further ones are
    left out, and how many is returned beside the matrix.
    """
    if len(metrics) >= _MANY:
        with contextlib.suppress(KeyError):  # a new name: below
            return _scattered(metrics, layout), 0
    index = layout.metric_index
    rows: list[list[float | None]] = []
    blank: list[float | None] = [np.nan] * len(layout.metrics)
    dropped = 0
    for given in metrics:
        row = blank.copy()
        try:
            for name, value in given.items():
                row[index[name]] = value
        except KeyError:
            _extend(layout, given, max_metrics)
            blank = [np.nan] * len(layout.metrics)
            row = [given.get(name, np.nan) for name in layout.metrics]
            dropped += sum(value is not None and name not in index for name, value in given.items())
        rows.append(row)
    width = len(layout.metrics)
    for row in rows:
        if len(row) == width:
            break
        row += [np.nan] * (width - len(row))
    flat = list(chain.from_iterable(rows))
    return np.array(flat, np.float64).reshape(len(rows), width), dropped  # None becomes NaN


def _scattered(metrics: Sequence[dict[str, float | None]], layout: Layout) -> npt.NDArray[np.float64]:
    """The matrix of known names: all values at once to their places, without a loop in Python.

    Raises:
        KeyError: A name is new.
    """
    column = list(map(layout.metric_index.__getitem__, chain.from_iterable(metrics)))
    row = np.repeat(np.arange(len(metrics)), np.fromiter(map(len, metrics), np.int64, len(metrics)))
    out = np.full((len(metrics), len(layout.metrics)), np.nan)
    out[row, column] = np.array(list(chain.from_iterable(map(dict.values, metrics))), np.float64)  # None becomes NaN
    return out


def _extend(layout: Layout, given: dict[str, float | None], max_metrics: int) -> None:
    """Give new names that have a value their columns, as long as there is room."""
    for name, value in given.items():
        if name not in layout.metric_index and value is not None and len(layout.metrics) < max_metrics:
            layout.extend((name,), ())
