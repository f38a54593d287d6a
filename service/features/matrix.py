"""From the open metrics of readings to a matrix in the layout's order."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from service.features.layout import Layout


def metric_matrix(
    metrics: Sequence[dict[str, float | None]], layout: Layout, max_metrics: int
) -> tuple[npt.NDArray[np.float64], int]:
    """Metric values as a float64 (n, m) matrix in the layout's order, NaN where unknown.

    New names are appended to the layout as long as it has fewer than ``max_metrics``; the values of further ones are
    left out, and how many is returned beside the matrix.
    """
    columns_of: dict[tuple[str, ...], list[int]] = {}
    row_index: list[int] = []
    column_index: list[int] = []
    flat: list[float | None] = []
    dropped = 0
    for i, given in enumerate(metrics):
        names = tuple(given)
        columns = columns_of.get(names)
        if columns is None:
            for name, value in given.items():
                if name not in layout.metric_index and value is not None and len(layout.metrics) < max_metrics:
                    layout.extend((name,), ())
            columns = [layout.metric_index.get(name, -1) for name in names]
            if -1 not in columns:
                columns_of[names] = columns
            dropped += sum(column < 0 and v is not None for column, v in zip(columns, given.values(), strict=True))
        column_index += columns
        row_index += [i] * len(names)
        flat += given.values()
    matrix = np.full((len(metrics), len(layout.metrics)), np.nan)
    columns_used = np.array(column_index, np.int64)
    values = np.array(flat, np.float64)  # None becomes NaN
    used = columns_used >= 0
    matrix[np.array(row_index, np.int64)[used], columns_used[used]] = values[used]
    return matrix, dropped
