"""Curves: the same figures by windows of event time, few enough to be plotted from the rows alone."""

import numpy as np

from benchmarks.prequential.played import Bools, Floats
from benchmarks.report import Row
from service.evaluation.metrics import pr_auc

POINTS = 20


def curve_rows(name: str, days: Floats, labels: Bools, risks: Floats, points: int = POINTS) -> list[Row]:
    """PR-AUC in each of so many windows of equal length, and the middle of the window.

    A window of positives only has none: everybody would be perfect there.

    Args:
        name: Of stream and model, in the ids.
        days: Of the examples, ascending; (n,).
        labels, risks: Of the examples; (n,).
        points: How many windows.
    """
    if not len(days):
        return []
    edges = np.linspace(days[0], days[-1], points + 1)
    places = [0, *np.searchsorted(days, edges[1:-1], side="left").tolist(), len(days)]
    rows = []
    for k in range(points):
        part = slice(places[k], places[k + 1])
        rows.append(Row(f"{name}.curve.{k}.day", float((edges[k] + edges[k + 1]) / 2.0), "days", "higher"))
        quality = None if labels[part].all() else pr_auc(labels[part], risks[part])
        rows.append(Row(f"{name}.curve.{k}.pr_auc", quality, "", "higher"))
    return rows
