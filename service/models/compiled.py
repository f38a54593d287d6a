"""Compiled models: a model as plain arrays, and the kernels that score rows with them.

The learner flattens River's trees and scikit-learn's forests into these; the service scores with them and imports
neither library. The numbers are the original's own (see ``tests/models``): at a node whose feature is unknown, the walk
takes the branch that the original would.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numba
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from service.contracts.errors import BadModel


@numba.njit(nogil=True, cache=True)
def _score_forest(
    rows: npt.NDArray[np.float32],
    column: npt.NDArray[np.int32],
    feature: npt.NDArray[np.int32],
    threshold: npt.NDArray[np.float64],
    left: npt.NDArray[np.int32],
    right: npt.NDArray[np.int32],
    missing_left: npt.NDArray[np.bool_],
    value: npt.NDArray[np.float64],
    mass: npt.NDArray[np.float64],
    root: npt.NDArray[np.int32],
    tree_weight: npt.NDArray[np.float64],
    out: npt.NDArray[np.float64],
) -> None:
    for i in range(rows.shape[0]):
        positive, total = 0.0, 0.0
        for t in range(len(root)):
            node = root[t]
            while feature[node] >= 0:
                c = column[feature[node]]
                v = rows[i, c] if c >= 0 else np.float32(np.nan)
                go_left = missing_left[node] if v != v else np.float64(v) <= threshold[node]
                node = left[node] if go_left else right[node]
            positive += tree_weight[t] * value[node]
            total += tree_weight[t] * mass[node]
        out[i] = positive / total if total > 0.0 else 0.0


@numba.njit(nogil=True, cache=True)
def _score_linear(
    rows: npt.NDArray[np.float32],
    column: npt.NDArray[np.int32],
    mean: npt.NDArray[np.float64],
    scale: npt.NDArray[np.float64],
    weight: npt.NDArray[np.float64],
    intercept: float,
    out: npt.NDArray[np.float64],
) -> None:
    for i in range(rows.shape[0]):
        z = intercept
        for j in range(len(column)):
            if column[j] >= 0 and scale[j] > 0.0:
                v = np.float64(rows[i, column[j]])
                if v == v:
                    squashed = np.log1p(v) if v >= 0.0 else -np.log1p(-v)
                    z += weight[j] * ((squashed - mean[j]) / scale[j])
        if z >= 0.0:
            out[i] = 1.0 / (1.0 + np.exp(-z))
        else:
            e = np.exp(z)
            out[i] = e / (1.0 + e)


class CompiledForest(Struct, frozen=True, kw_only=True, tag="forest"):
    """Binary trees over named features, averaged with weights.

    Attributes:
        names: Features the model was grown on; ``feature`` indexes them.
        feature: int32 (nodes,), -1 in a leaf.
        threshold: float64 (nodes,); values at or below go left.
        left, right: int32 (nodes,) children.
        missing_left: bool (nodes,) where an unknown value goes.
        value: float64 (nodes,) probability of a failure in a leaf.
        mass: float64 (nodes,) 1 in a leaf that has an opinion, else 0.
        root: int32 (trees,).
        tree_weight: float64 (trees,).
    """

    names: list[str]
    feature: bytes
    threshold: bytes
    left: bytes
    right: bytes
    missing_left: bytes
    value: bytes
    mass: bytes
    root: bytes
    tree_weight: bytes


class CompiledLinear(Struct, frozen=True, kw_only=True, tag="linear"):
    """Logistic regression on signed logs, standardised. Float64 columns by name; ``scale`` 0 leaves a feature out."""

    names: list[str]
    mean: bytes
    scale: bytes
    weight: bytes
    intercept: float


CompiledModel = CompiledForest | CompiledLinear

_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[CompiledModel] = msgspec.msgpack.Decoder(CompiledModel)


def encode_model(model: CompiledModel) -> bytes:
    """The model as msgpack of plain arrays."""
    return _ENCODER.encode(model)


def decode_model(blob: bytes) -> CompiledModel:
    """The model of `encode_model`; runs no code of the blob's.

    Raises:
        BadModel: The blob is no model.
    """
    try:
        return _DECODER.decode(blob)
    except msgspec.MsgspecError as error:
        raise BadModel(f"not a compiled model: {error}") from error


class BoundModel:
    """A compiled model bound to the columns of one layout, ready to score its rows.

    Args:
        model: The compiled model.
        column: Column of each of ``model.names`` in the rows, -1 where they have none; int32.

    Raises:
        BadModel: The arrays do not fit together; a walk over them could leave them.
    """

    def __init__(self, model: CompiledModel, column: npt.NDArray[np.int32]) -> None:
        self._column = column
        self._width = int(column.max(initial=-1)) + 1
        try:
            self._unpack(model, column)
        except ValueError as error:  # a number of bytes that is no number of items
            raise BadModel(str(error)) from error

    def _unpack(self, model: CompiledModel, column: npt.NDArray[np.int32]) -> None:
        self._linear = isinstance(model, CompiledLinear)
        if isinstance(model, CompiledLinear):
            mean, scale, weight = (np.frombuffer(part) for part in (model.mean, model.scale, model.weight))
            if not len(mean) == len(scale) == len(weight) == len(model.names) == len(column):
                raise BadModel("columns of a linear model differ in length")
            self._arrays: tuple[Any, ...] = (mean, scale, weight, model.intercept)
            return
        parts = (
            np.frombuffer(model.feature, np.int32),
            np.frombuffer(model.threshold, np.float64),
            np.frombuffer(model.left, np.int32),
            np.frombuffer(model.right, np.int32),
            np.frombuffer(model.missing_left, np.bool_),
            np.frombuffer(model.value, np.float64),
            np.frombuffer(model.mass, np.float64),
        )
        root, tree_weight = np.frombuffer(model.root, np.int32), np.frombuffer(model.tree_weight, np.float64)
        feature, _, left, right, *_ = parts
        nodes = len(feature)
        inner = np.flatnonzero(feature >= 0)
        if (
            any(len(part) != nodes for part in parts)
            or len(root) != len(tree_weight)
            or len(column) != len(model.names)
            or np.any(feature >= len(model.names))
            or np.any((root < 0) | (root >= nodes))
            or np.any((left[inner] <= inner) | (left[inner] >= nodes))
            or np.any((right[inner] <= inner) | (right[inner] >= nodes))
        ):
            raise BadModel("the arrays of a forest do not fit together")
        self._arrays = (*parts, root, tree_weight)

    def score(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Raw probability of each row, float64 (n,), for feature rows float32 (n, f)."""
        if rows.shape[1] < self._width:
            raise ValueError(f"rows of {rows.shape[1]} columns for a model bound to {self._width}")
        out = np.empty(len(rows))
        kernel: Callable[..., None] = _score_linear if self._linear else _score_forest
        kernel(rows, self._column, *self._arrays, out)
        return out


class ForestBuilder:
    """Collects nodes, children after their parents, into a `CompiledForest`."""

    def __init__(self) -> None:
        self._nodes: list[tuple[int, float, int, int, bool, float, float]] = []
        self._roots: list[int] = []
        self._weights: list[float] = []

    def begin_tree(self, weight: float) -> None:
        """The next node is the root of a tree with this weight."""
        self._roots.append(len(self._nodes))
        self._weights.append(weight)

    def leaf(self, value: float, mass: float = 1.0) -> int:
        """Add a leaf; returns its number."""
        self._nodes.append((-1, 0.0, 0, 0, False, value, mass))
        return len(self._nodes) - 1

    def branch(self, feature: int, threshold: float) -> int:
        """Add a branch whose children follow; returns its number, for `join`."""
        self._nodes.append((feature, threshold, 0, 0, False, 0.0, 0.0))
        return len(self._nodes) - 1

    def join(self, branch: int, left: int, right: int, *, missing_left: bool) -> None:
        """Give a branch its children, and the way of unknown values."""
        feature, threshold, *_ = self._nodes[branch]
        self._nodes[branch] = (feature, threshold, left, right, missing_left, 0.0, 0.0)

    def build(self, names: Sequence[str]) -> CompiledForest:
        """The forest collected so far; ``names`` are the features that the branches number."""
        feature, threshold, left, right, missing_left, value, mass = zip(*self._nodes, strict=True)
        return CompiledForest(
            names=list(names),
            feature=np.array(feature, np.int32).tobytes(),
            threshold=np.array(threshold, np.float64).tobytes(),
            left=np.array(left, np.int32).tobytes(),
            right=np.array(right, np.int32).tobytes(),
            missing_left=np.array(missing_left, np.bool_).tobytes(),
            value=np.array(value, np.float64).tobytes(),
            mass=np.array(mass, np.float64).tobytes(),
            root=np.array(self._roots, np.int32).tobytes(),
            tree_weight=np.array(self._weights, np.float64).tobytes(),
        )
