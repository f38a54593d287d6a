"""Bound models: compiled models laid out for speed, and the kernels that score rows with them.

The numbers are the original's own (see ``tests/models``): at a node whose feature is unknown, the walk takes the branch
that the original would.

A walk down a tree is a chain of guesses, and a processor that guesses wrong waits. So here nothing is guessed: a step
is "child 0 or child 1, by one comparison", a leaf is its own child, and ten trees go down in step, so that ten chains
of loads overlap. One comparison must also send an unknown value the right way. NaN compares false, which is child 0;
at a node where it must go right, both sides are negated and the children change places. Rows are float32, so
thresholds are rounded to the float32 below: the same values pass.
"""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from service.contracts.errors import BadModel
from service.models.compiled import CompiledForest, CompiledLinear, CompiledModel

_LANES = 10
_TWO, _STILL = np.uint64(2), np.uint32(0)


@numba.njit(nogil=True, cache=True)
def _lay_out(
    feature: npt.NDArray[np.int32],
    threshold: npt.NDArray[np.float64],
    left: npt.NDArray[np.int32],
    right: npt.NDArray[np.int32],
    missing_left: npt.NDArray[np.bool_],
    names: int,
    input_: npt.NDArray[np.uint32],
    bar: npt.NDArray[np.float32],
    child: npt.NDArray[np.uint32],
) -> bool:
    """Fill in the walk's arrays; False if a walk could leave them."""
    nodes = len(feature)
    for n in range(nodes):
        if feature[n] < 0:
            input_[n], bar[n] = 0, np.inf
            child[2 * n] = child[2 * n + 1] = n
            continue
        if feature[n] >= names or not n < left[n] < nodes or not n < right[n] < nodes or np.isnan(threshold[n]):
            return False
        below = np.float32(threshold[n])
        if np.float64(below) > threshold[n]:
            below = np.nextafter(below, np.float32(-np.inf))
        if missing_left[n]:
            input_[n], bar[n] = feature[n], below
            child[2 * n], child[2 * n + 1] = left[n], right[n]
        else:  # x <= bar is -x > the number before -bar
            input_[n], bar[n] = feature[n] + names, np.nextafter(-below, np.float32(-np.inf))
            child[2 * n], child[2 * n + 1] = right[n], left[n]
    return True


@numba.njit(nogil=True, cache=True)
def _score_forest(
    rows: npt.NDArray[np.float32],
    column: npt.NDArray[np.int32],
    input_: npt.NDArray[np.uint32],
    bar: npt.NDArray[np.float32],
    child: npt.NDArray[np.uint32],
    value: npt.NDArray[np.float64],
    mass: npt.NDArray[np.float64],
    root: npt.NDArray[np.uint32],
    tree_weight: npt.NDArray[np.float64],
    out: npt.NDArray[np.float64],
    place: int,
) -> None:
    names, trees = len(column), len(root)
    x = np.full(2 * names + 1, np.nan, np.float32)  # never empty: a leaf looks at the first
    at = np.empty(_LANES, np.uint32)
    for i in range(rows.shape[0]):
        for j in range(names):
            if column[j] >= 0:
                x[j] = rows[i, column[j]]
                x[j + names] = -x[j]
        positive, total = 0.0, 0.0
        for first in range(0, trees, _LANES):
            lanes = min(_LANES, trees - first)
            for lane in range(_LANES):
                at[lane] = root[first + min(lane, lanes - 1)]
            moved = ~_STILL
            while moved != _STILL:
                moved = _STILL
                for lane in range(_LANES):
                    node = at[lane]
                    following = child[_TWO * node + np.uint64(x[input_[node]] > bar[node])]
                    moved |= node ^ following
                    at[lane] = following
            for lane in range(lanes):
                positive += tree_weight[first + lane] * value[at[lane]]
                total += tree_weight[first + lane] * mass[at[lane]]
        out[i, place] = positive / total if total > 0.0 else 0.0


@numba.njit(nogil=True, cache=True)
def _squash(rows: npt.NDArray[np.float32], out: npt.NDArray[np.float64]) -> None:
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            v = np.float64(rows[i, j])
            if v > 0.0:
                out[i, j] = np.log1p(v)
            elif v < 0.0:
                out[i, j] = -np.log1p(-v)
            else:
                out[i, j] = v  # 0 or unknown


@numba.njit(nogil=True, cache=True)
def _score_linear(
    squashed: npt.NDArray[np.float64],
    column: npt.NDArray[np.int32],
    mean: npt.NDArray[np.float64],
    scale: npt.NDArray[np.float64],
    weight: npt.NDArray[np.float64],
    intercept: float,
    out: npt.NDArray[np.float64],
    place: int,
) -> None:
    for i in range(squashed.shape[0]):
        z = intercept
        for j in range(len(column)):
            if column[j] >= 0 and scale[j] > 0.0:
                v = squashed[i, column[j]]
                if v == v:
                    z += weight[j] * ((v - mean[j]) / scale[j])
        if z >= 0.0:
            out[i, place] = 1.0 / (1.0 + np.exp(-z))
        else:
            e = np.exp(z)
            out[i, place] = e / (1.0 + e)


class Rows:
    """Feature rows to be scored by several models: float32 (n, f), C-contiguous."""

    def __init__(self, rows: npt.NDArray[np.float32]) -> None:
        self.rows = rows
        self._squashed: npt.NDArray[np.float64] | None = None

    def squashed(self) -> npt.NDArray[np.float64]:
        """Their signed logarithms, sign(x) log(1 + abs(x)), made once for all linear models; float64 (n, f)."""
        if self._squashed is None:
            self._squashed = np.empty(self.rows.shape)
            _squash(self.rows, self._squashed)
        return self._squashed


class ReadyModel:
    """A compiled model, checked and laid out for its kernel, not yet bound to a layout. Holds on to none of its bytes.

    Raises:
        BadModel: The arrays do not fit together; a walk over them could leave them.
    """

    def __init__(self, model: CompiledModel) -> None:
        self.names = model.names
        self.linear = isinstance(model, CompiledLinear)
        try:
            self.arrays = _linear(model) if isinstance(model, CompiledLinear) else _forest(model)
        except ValueError as error:  # a number of bytes that is no number of items
            raise BadModel(str(error)) from error


def _linear(model: CompiledLinear) -> tuple[Any, ...]:
    mean, scale, weight = (np.frombuffer(part).copy() for part in (model.mean, model.scale, model.weight))
    if not len(mean) == len(scale) == len(weight) == len(model.names):
        raise BadModel("columns of a linear model differ in length")
    return mean, scale, weight, model.intercept


def _forest(model: CompiledForest) -> tuple[Any, ...]:
    feature, left, right, root = (
        np.frombuffer(part, np.int32) for part in (model.feature, model.left, model.right, model.root)
    )
    threshold, value, mass, tree_weight = (
        np.frombuffer(part) for part in (model.threshold, model.value, model.mass, model.tree_weight)
    )
    missing_left = np.frombuffer(model.missing_left, np.bool_)
    nodes = len(feature)
    parts = (threshold, left, right, missing_left, value, mass)
    input_, bar, child = np.empty(nodes, np.uint32), np.empty(nodes, np.float32), np.empty(2 * nodes, np.uint32)
    if (
        any(len(part) != nodes for part in parts)
        or len(root) != len(tree_weight)
        or np.any((root < 0) | (root >= nodes))
        or not _lay_out(feature, threshold, left, right, missing_left, len(model.names), input_, bar, child)
    ):
        raise BadModel("the arrays of a forest do not fit together")
    return input_, bar, child, value.copy(), mass.copy(), root.astype(np.uint32), tree_weight.copy()


class BoundModel:
    """A model bound to the columns of one layout, ready to score its rows.

    Args:
        model: The model.
        column: Column of each of ``model.names`` in the rows, -1 where they have none; int32.

    Raises:
        BadModel: The arrays do not fit together; a walk over them could leave them.
    """

    def __init__(self, model: CompiledModel | ReadyModel, column: npt.NDArray[np.int32]) -> None:
        self._model = model if isinstance(model, ReadyModel) else ReadyModel(model)
        if len(column) != len(self._model.names):
            raise BadModel(f"{len(column)} columns for a model of {len(self._model.names)} features")
        self._column = column
        self._width = int(column.max(initial=-1)) + 1

    def score(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Raw probability of each row, float64 (n,), for feature rows float32 (n, f)."""
        out = np.empty((len(rows), 1))
        self.score_into(Rows(rows), out, 0)
        return out[:, 0]

    def score_into(self, rows: Rows, out: npt.NDArray[np.float64], place: int) -> None:
        """Raw probability of each row, into column ``place`` of ``out``, float64 (n, k).

        Raises:
            ValueError: The rows have too few columns.
        """
        if rows.rows.shape[1] < self._width:
            raise ValueError(f"rows of {rows.rows.shape[1]} columns for a model bound to {self._width}")
        kernel: Callable[..., None] = _score_linear if self._model.linear else _score_forest
        kernel(rows.squashed() if self._model.linear else rows.rows, self._column, *self._model.arrays, out, place)
