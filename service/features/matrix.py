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
    shapes: dict[tuple[str, ...], int] = {}  # devices of a kind name the same metrics in the same order
    unsettled: set[int] = set()
    shape_of: list[int] = []
    flat: list[float | None] = []
    for given in metrics:
        names = tuple(given)
        shape = shapes.get(names)
        if shape is None:
            shape = shapes[names] = len(shapes)
            unsettled.add(shape)
        if unsettled and shape in unsettled and _settled(given, layout, max_metrics):
            unsettled.remove(shape)
        shape_of.append(shape)
        flat += given.values()
    matrix = np.full((len(metrics), len(layout.metrics)), np.nan)
    if not flat:
        return matrix, 0
    index = layout.metric_index
    columns_of = np.array([index.get(name, -1) for names in shapes for name in names])
    lengths = np.array([len(names) for names in shapes])[shape_of]
    row = np.repeat(np.arange(len(metrics)), lengths)
    ends = np.cumsum(lengths)
    starts_of = np.cumsum([0, *map(len, shapes)])[shape_of]
    column = columns_of[np.arange(len(flat)) + (starts_of - ends + lengths)[row]]
    values = np.array(flat, np.float64)  # None becomes NaN
    if not unsettled:
        matrix[row, column] = values
        return matrix, 0
    used = column >= 0
    matrix[row[used], column[used]] = values[used]
    return matrix, int(np.count_nonzero(~np.isnan(values[~used])))


def _settled(given: dict[str, float | None], layout: Layout, max_metrics: int) -> bool:
    """Give new names that have a value their columns; whether all names have one now."""
    settled = True
    for name, value in given.items():
        if name not in layout.metric_index:
            if value is not None and len(layout.metrics) < max_metrics:
                layout.extend((name,), ())
            else:
                settled = False
    return settled
