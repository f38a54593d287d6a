"""Compiled models: a model as plain arrays.

The learner flattens River's trees and scikit-learn's forests into these; the service scores with them (see
`service.models.bound`) and imports neither library.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from msgspec import Struct

from service.contracts.decoding import UNDECODABLE
from service.contracts.errors import BadModel


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
    except UNDECODABLE as error:
        raise BadModel(f"not a compiled model: {error}") from error


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
