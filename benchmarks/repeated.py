"""Repetition: the rows of several runs of one benchmark beside each other, with their medians."""

import statistics
from collections import defaultdict
from collections.abc import Mapping

from benchmarks.report import Row


def repeated(runs: Mapping[str, list[Row]]) -> list[Row]:
    """The first run's rows under their own ids, the others' under their run's name, and the medians of all.

    Args:
        runs: Each run's rows by its name; at least one. Of a single run nothing more is told than its rows.
    """
    first, *others = runs
    rows = list(runs[first])
    if not others:
        return rows
    for name in others:
        rows += [_renamed(row, name, row.value) for row in runs[name]]
    values: defaultdict[str, list[float]] = defaultdict(list)
    for run in runs.values():
        for row in run:
            if row.value is not None:
                values[row.id].append(row.value)
    return rows + [_renamed(row, "median", statistics.median(values[row.id])) for row in runs[first] if values[row.id]]


def _renamed(row: Row, part: str, value: float | None) -> Row:
    first, _, rest = row.id.partition(".")
    return Row(f"{first}.{part}.{rest}", value, row.unit, row.better)
