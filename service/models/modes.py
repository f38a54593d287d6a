"""The mode forest: in which way a device that is likely to fail will do so, told by a few small trees.

It is asked for risky devices only, a row at a time, so plain numpy will do.
"""

from functools import cached_property

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from service.contracts.errors import BadModel
from service.models.compiled import CompiledForest


class CompiledModes(Struct, frozen=True, kw_only=True, dict=True):
    """Trees whose leaves hold shares of failure modes.

    Attributes:
        modes: Failure modes, in the order of the shares; (m,).
        trees: The trees. The ``value`` of a leaf is the number of its row in ``share``.
        share: float64 (leaves, m) shares of the modes among the positives in a leaf; a row adds up to 1.
    """

    modes: list[str]
    trees: CompiledForest
    share: bytes

    @property
    def names(self) -> list[str]:
        """Feature names, in the order in which rows hold them."""
        return self.trees.names

    def shares(self, row: npt.NDArray[np.float32], column: npt.NDArray[np.int32] | None = None) -> dict[str, float]:
        """Probability of each mode, given that the device fails; they add up to 1.

        Args:
            row: A feature row, NaN where unknown; (f,).
            column: Column of each of ``names`` in the row, -1 where it has none; by default they stand in their order.
        """
        nodes = self._nodes
        x = row if column is None else np.where(column >= 0, row[column], np.float32(np.nan))
        total = np.zeros(len(self.modes))
        for root in nodes.root:
            node = int(root)
            while (feature := int(nodes.feature[node])) >= 0:
                value = x[feature]
                left = nodes.missing_left[node] if value != value else np.float64(value) <= nodes.threshold[node]
                node = int(nodes.left[node] if left else nodes.right[node])
            total += nodes.share[int(nodes.value[node])]
        total /= len(nodes.root)
        return {mode: float(share) for mode, share in zip(self.modes, total, strict=True)}

    def check(self) -> None:
        """Raises `BadModel` unless every walk ends in a leaf with shares."""
        try:
            nodes = self._nodes
        except ValueError as error:  # a number of bytes that is no number of items, or rows that are no rows
            raise BadModel(f"the modes do not fit together: {error}") from error
        count = len(nodes.feature)
        number, branch = np.arange(count), nodes.feature >= 0
        lengths = {len(part) for part in (nodes.threshold, nodes.left, nodes.right, nodes.missing_left, nodes.value)}
        if (
            lengths != {count}
            or not len(nodes.root)
            or np.any((nodes.root < 0) | (nodes.root >= count))
            or np.any(nodes.feature >= len(self.names))
            or np.any(np.isnan(nodes.threshold))
            or any(np.any(branch & ((child <= number) | (child >= count))) for child in (nodes.left, nodes.right))
            or not np.all(branch | ((nodes.value >= 0) & (nodes.value < len(nodes.share))))
            or np.any(~(nodes.share >= 0.0) | (np.abs(nodes.share.sum(axis=1, keepdims=True) - 1.0) > 1e-9))
        ):
            raise BadModel("the modes do not fit together")

    @cached_property
    def _nodes(self) -> "_Nodes":
        return _Nodes(self)


class _Nodes:
    """Views on the bytes of a mode forest."""

    def __init__(self, model: CompiledModes) -> None:
        trees = model.trees
        self.feature, self.left, self.right, self.root = (
            np.frombuffer(part, np.int32) for part in (trees.feature, trees.left, trees.right, trees.root)
        )
        self.threshold, self.value = np.frombuffer(trees.threshold), np.frombuffer(trees.value)
        self.missing_left = np.frombuffer(trees.missing_left, np.bool_)
        self.share = np.frombuffer(model.share).reshape(-1, len(model.modes))
