"""Intervals: figures of risks with 90 % intervals of a bootstrap over devices.

A figure is a vector, (r + 1,): its value, then its value in each of r resamples. So differences and means of figures
that were taken of the same resamples are differences and means of vectors, and have intervals of their own. NaN stands
where a figure is undefined. Ends are percentiles of the resamples. A resample has some devices twice, which raises an
area a little: intervals of areas lie rather high, those of differences do not.
"""

import math
from collections.abc import Mapping
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from benchmarks.report import Row
from service.evaluation.metrics import Steps
from simulator.arrays import Flags, Floats
from simulator.chance.counter import key_of, units

RESAMPLES: Final = 200
_TAIL: Final = 0.05
_PURPOSE: Final = 0
_AT_MOST: Final = np.cumsum([math.exp(-1.0) / math.factorial(k) for k in range(16)])
"""How likely a Poisson variable of mean 1 is at most 0, 1, and so on."""

Draws = npt.NDArray[np.float32]


def draws_of(device: npt.NDArray[np.integer], seed: int, resamples: int = RESAMPLES) -> Draws:
    """How often each example counts: once, then as in each resample; (r + 1, n) for devices (n,).

    How often a device is drawn depends on its number and the seed alone, so that worlds of the same fleet are paired
    also where an example more or less is among them.

    Source: Chamandy, Muralidharan, Najmi and Naidu, "Estimating Uncertainty for Massive Data Streams", 2012 (each
    counts as often as a Poisson variable of mean 1 says).
    """
    out = np.ones((resamples + 1, len(device)), np.float32)
    numbers, place = np.unique(device, return_inverse=True)
    key = key_of(seed, _PURPOSE)
    for n in range(resamples):
        out[n + 1] = np.searchsorted(_AT_MOST, units(key, numbers, np.full(len(numbers), n), 0), side="right")[place]
    return out


def areas(labels: Flags, risks: Floats, draws: Draws) -> tuple[Floats, Floats]:
    """PR-AUC (average precision) and ROC-AUC, (r + 1,) each."""
    steps = Steps(labels, risks)
    pr, roc = np.full(len(draws), np.nan), np.full(len(draws), np.nan)
    for n, weights in enumerate(draws.astype(np.float64)):
        hits, alarms = steps.weighed(weights)
        if hits[-1] <= 0.0 or alarms[-1] <= 0.0:
            continue
        raised = hits + alarms
        precision = np.divide(hits, raised, out=np.zeros(len(hits)), where=raised > 0.0)
        pr[n] = np.sum(np.diff(hits, prepend=0.0) * precision) / hits[-1]
        heights = np.append(0.0, hits / hits[-1])
        roc[n] = np.sum(np.diff(alarms / alarms[-1], prepend=0.0) * (heights[1:] + heights[:-1]) / 2.0)
    return pr, roc


def pr_areas(labels: Flags, risks: Floats, draws: Draws) -> Floats:
    """PR-AUC alone, (r + 1,)."""
    return areas(labels, risks, draws)[0]


def decisions(labels: Flags, alarms: Flags, draws: Draws) -> dict[str, Floats]:
    """Accuracy, precision, recall and F1 of alarms (n,), by name, (r + 1,) each.

    Precision is undefined where nothing is raised, recall where nothing fails; F1 is then 0, unless both are.
    """
    counts = draws.astype(np.float64)
    hits, raised, failing = (counts @ those.astype(np.float64) for those in (labels & alarms, alarms, labels))
    return {
        "accuracy": _ratio(counts @ (labels == alarms).astype(np.float64), counts.sum(axis=1)),
        "precision": _ratio(hits, raised),
        "recall": _ratio(hits, failing),
        "f1": _ratio(2.0 * hits, raised + failing),
    }


def log_losses(labels: Flags, risks: Floats, draws: Draws) -> Floats:
    """Log loss in nats, (r + 1,), of risks that lie between 0 and 1."""
    loss = -np.where(labels, np.log(risks), np.log1p(-risks))
    counts = draws.astype(np.float64)
    return _ratio(counts @ loss, counts.sum(axis=1))


def _ratio(above: Floats, below: Floats) -> Floats:
    out = np.full(len(above), np.nan)
    np.divide(above, below, out=out, where=below > 0.0)
    return out


def interval(figure: Floats) -> tuple[float | None, float | None, float | None]:
    """Value, and lower and upper end of its 90 % interval; None where undefined."""
    resampled = figure[1:][~np.isnan(figure[1:])]
    low, high = np.quantile(resampled, [_TAIL, 1.0 - _TAIL]).tolist() if len(resampled) else (None, None)
    return (None if np.isnan(figure[0]) else float(figure[0])), low, high


def rows_of(name: str, figure: Floats, better: Literal["higher", "lower"] = "higher", unit: str = "") -> list[Row]:
    """A row, and two for its interval, ``.low`` and ``.high``."""
    value, low, high = interval(figure)
    return [
        Row(name, value, unit, better),
        Row(f"{name}.low", low, unit, better),
        Row(f"{name}.high", high, unit, better),
    ]


def all_rows(name: str, figures: Mapping[str, Floats]) -> list[Row]:
    """The rows of several figures of which more is better, by name of the metric."""
    return [row for metric, figure in figures.items() for row in rows_of(f"{name}.{metric}", figure)]


def interval_text(figure: Floats) -> str:
    """A figure for people, such as ``0.41 (0.36 to 0.47)``."""
    value, low, high = interval(figure)
    if value is None:
        return "-"
    return f"{value:.2f}" if low is None or high is None else f"{value:.2f} ({low:.2f} to {high:.2f})"
