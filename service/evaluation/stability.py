"""Population stability: how far a set of feature rows has moved from a reference, feature by feature, without labels.

A reference is made of a span of a home type's example rows: deciles, the share of rows in each bin between them and of
those where the value is missing, and how far the feature wanders by itself: the largest index of any one window of the
reference against the whole. Rows are far from independent (few devices, many rows of each, days and weeks have
their rhythms), so a fixed threshold means nothing where devices are few. The reference should cover a week: of four
days, two in five features of a simulated fleet "moved" at the weekend.

Watched are the fast levels and the missing flags of all metrics, and the gap; trends and deviations follow the rhythms
of days, slow levels lag, raw values tell no more.

Source: Siddiqi, "Credit Risk Scorecards", Wiley 2006 (the index, and .25 for a major shift); Yurdakul and Naranjo,
"Statistical properties of the population stability index", Journal of Risk Model Validation 14 (2020) (its law grows
with the number of bins over the number of independent rows).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct

DAY_US: Final = 86_400_000_000
BINS: Final = 11
"""Ten between the deciles, and one for missing values."""

_WATCHED = ("fast", "missing", "gap_h")
_LEAST_SHARE = 1e-3
_LEAST_WINDOWS = 3
_LEAST_ROWS = 100
_CHUNK = 4096


class Reference(Struct, frozen=True, kw_only=True):
    """What a home type's features looked like in a span of time.

    Attributes:
        columns: Names of the watched features; (f,).
        edges: Deciles; float32 (f, 9).
        shares: Share of rows by bin, the last one missing values; float64 (f, 11).
        wander: The largest index of one window of the reference against the whole; float64 (f,).
        window_us: Width of that window, and of the one to be compared: the horizon, at least a day.
    """

    columns: list[str]
    edges: bytes
    shares: bytes
    wander: bytes
    window_us: int


def watched(columns: Sequence[str]) -> list[int]:
    """Which of some feature columns are watched."""
    return [number for number, name in enumerate(columns) if name.rsplit(".", 1)[-1] in _WATCHED]


def reference_of(
    columns: Sequence[str],
    rows: npt.NDArray[np.float32],
    ts: npt.NDArray[np.int64],
    horizon_us: int,
    weight: npt.NDArray[np.float64] | None = None,
) -> Reference | None:
    """Make a reference; None if the rows are too few or span fewer than three windows.

    Args:
        columns: Names of the rows' columns; (k,).
        rows: Feature rows, NaN where unknown; (n, k).
        ts: Their instants in microseconds; (n,).
        horizon_us: The horizon in microseconds.
        weight: How many rows each stands for, where some were sampled; (n,). Default: one.
    """
    chosen = watched(columns)
    window_us = max(DAY_US, horizon_us)
    values = rows[:, chosen]
    if not len(rows):
        return None
    weight = np.ones(len(rows)) if weight is None else weight
    number = (ts - ts.min()) // window_us
    windows = [taken for n in np.unique(number) if (taken := number == n).sum() >= _LEAST_ROWS]
    if len(windows) < _LEAST_WINDOWS or not chosen:
        return None
    edges = _deciles(values, weight)
    shares = shares_of(counts_of(values, edges, weight))
    indices = [stability_index(shares, shares_of(counts_of(values[w], edges, weight[w]))) for w in windows]
    return Reference(
        columns=[columns[number] for number in chosen],
        edges=edges.tobytes(),
        shares=shares.tobytes(),
        wander=np.max(indices, axis=0).tobytes(),
        window_us=window_us,
    )


def _deciles(values: npt.NDArray[np.float32], weight: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Weighted deciles of each column's known values, (f, 9); infinite where there are none."""
    edges = np.full((values.shape[1], 9), np.inf, np.float32)
    for column, edge in zip(values.T, edges, strict=True):
        known = np.flatnonzero(~np.isnan(column))
        if len(known):
            order = known[np.argsort(column[known], kind="stable")]
            passed = np.cumsum(weight[order])
            edge[:] = column[order[np.searchsorted(passed, passed[-1] * np.arange(1, 10) / 10.0)]]
    return edges


def counts_of(
    values: npt.NDArray[np.float32], edges: npt.NDArray[np.float32], weight: npt.NDArray[np.float64] | None = None
) -> npt.NDArray[np.float64]:
    """Rows by bin, float64 (f, 11), of values (n, f). A value is in the bin whose upper edge is at or above it."""
    features = len(edges)
    counts = np.zeros(features * BINS)
    offset = np.arange(features) * BINS
    for start in range(0, len(values), _CHUNK):
        part = values[start : start + _CHUNK]
        bins = np.where(np.isnan(part), BINS - 1, (part[:, :, None] > edges).sum(axis=2))
        mass = None if weight is None else np.repeat(weight[start : start + _CHUNK], features)
        counts += np.bincount((bins + offset).ravel(), mass, len(counts))
    return counts.reshape(features, BINS)


def shares_of(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Shares by bin, as if one more row lay evenly over all bins; (f, 11) of (f, 11)."""
    return np.asarray((counts + 1.0 / BINS) / (counts.sum(axis=1, keepdims=True) + 1.0))


def stability_index(shares: npt.NDArray[np.float64], others: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Population stability index of each feature, (f,), of shares (f, 11); a share counts as .001 at least."""
    p, q = np.maximum(shares, _LEAST_SHARE), np.maximum(others, _LEAST_SHARE)
    return np.asarray(((p - q) * np.log(p / q)).sum(axis=1))
