"""The adaptive random forest as the online members use it: River's own, but of bounded size.

Left to itself River's forest grows by a leaf for every few examples, and a leaf that may still split keeps a picture of
every feature it watches, about 90 kB of it. Two things change here, neither of which changes a number while a tree is
small: `LeanSplitter` keeps the same picture in a few floats, and a tree that has `MAX_LEAVES` leaves stops to grow. Its
leaves go on counting, and where it goes wrong drift detection replaces it, as ever.
"""

import sys
from typing import Any

from river import forest
from river.forest.adaptive_random_forest import BaseTreeClassifier
from river.tree.splitter.base import Splitter
from river.tree.utils import BranchFactory
from river.utils.math import norm_cdf

TREES = 10
MAX_LEAVES = 256
"""Leaves of a tree at most; 2 * MAX_LEAVES - 1 nodes."""
MAX_DEPTH = 60
"""A leaf this deep does not split: trees are walked recursively when they are compiled or pickled."""

_COUNT, _MEAN, _SQUARES, _LOW, _HIGH = range(5)


class LeanSplitter(Splitter):
    """River's ``GaussianSplitter`` without the random generator that each of its Gaussians drags along (2.5 kB).

    For every class of label five numbers are kept: weight, mean, sum of squared deviations, least and greatest value.
    The arithmetic is River's, operation by operation, so that trees come out the same.

    Args:
        n_splits: Candidate thresholds, evenly spaced between the least and the greatest value.
    """

    def __init__(self, n_splits: int = 10) -> None:
        super().__init__()
        self.n_splits = n_splits
        self._classes: dict[bool, list[float]] = {}

    def update(self, att_val: Any, target_val: Any, w: float) -> None:
        """Count a value of the feature."""
        kept = self._classes.get(target_val)
        if kept is None:
            kept = self._classes[target_val] = [0.0, 0.0, 0.0, att_val, att_val]
        elif att_val < kept[_LOW]:
            kept[_LOW] = att_val
        elif att_val > kept[_HIGH]:
            kept[_HIGH] = att_val
        before = kept[_MEAN]
        kept[_COUNT] += w
        kept[_MEAN] += (w / kept[_COUNT]) * (att_val - before)
        kept[_SQUARES] += w * (att_val - before) * (att_val - kept[_MEAN])

    def cond_proba(self, att_val: Any, target_val: Any) -> float:
        """Not needed by majority-class leaves."""
        raise NotImplementedError

    def best_evaluated_split_suggestion(
        self, criterion: Any, pre_split_dist: Any, att_idx: Any, binary_only: bool
    ) -> BranchFactory:
        """The threshold of most merit among the candidates."""
        best = BranchFactory()
        for threshold in self._thresholds():
            sides = self._sides(threshold)
            merit = criterion.merit_of_split(pre_split_dist, sides)
            if merit > best.merit:
                best = BranchFactory(merit, att_idx, threshold, sides)
        return best

    def _thresholds(self) -> list[float]:
        if not self._classes:
            return []
        low = min(kept[_LOW] for kept in self._classes.values())
        high = max(kept[_HIGH] for kept in self._classes.values())
        width = (high - low) / (self.n_splits + 1.0)
        candidates = (low + width * (place + 1) for place in range(self.n_splits))
        return [threshold for threshold in candidates if low < threshold < high]

    def _sides(self, threshold: float) -> list[dict[bool, float]]:
        """Estimated weights by class at or below the threshold, and above it."""
        left: dict[bool, float] = {}
        right: dict[bool, float] = {}
        for label, kept in self._classes.items():
            if threshold < kept[_LOW]:
                right[label] = kept[_COUNT]
            elif threshold >= kept[_HIGH]:
                left[label] = kept[_COUNT]
            else:
                left[label] = _share_below(threshold, kept) * kept[_COUNT]
                right[label] = kept[_COUNT] - left[label]
        return [left, right]


def _share_below(threshold: float, kept: list[float]) -> float:
    variance = kept[_SQUARES] / (kept[_COUNT] - 1) if kept[_COUNT] > 1 else 0.0
    spread = variance**0.5
    below: float = norm_cdf((threshold - kept[_MEAN]) / spread) if spread else 0.0
    return below


class CappedTree(BaseTreeClassifier):
    """A tree of the forest; at `MAX_LEAVES` leaves it stops to grow, and lets go of what it would grow by."""

    def _attempt_to_split(self, leaf: Any, parent: Any, parent_branch: Any, **kwargs: Any) -> None:
        super()._attempt_to_split(leaf, parent, parent_branch, **kwargs)
        if self._n_active_leaves + self._n_inactive_leaves >= MAX_LEAVES:
            self._growth_allowed = False
            for grown in self._find_leaves():
                grown.deactivate()  # type: ignore[no-untyped-call]  # River ships no types
            self._n_inactive_leaves += self._n_active_leaves
            self._n_active_leaves = 0


class CappedForest(forest.ARFClassifier):
    """An adaptive random forest with majority-class leaves, which compile exactly, of bounded size.

    Source: Gomes et al., "Adaptive random forests for evolving data stream classification", Machine Learning, 2017.

    Args:
        max_features: Features that a leaf watches.
        seed: Seed of bootstraps and of the features watched.
    """

    def __init__(self, max_features: int, seed: int) -> None:
        super().__init__(
            n_models=TREES,
            max_features=max_features,
            leaf_prediction="mc",
            splitter=LeanSplitter(),
            max_depth=MAX_DEPTH,
            memory_estimate_period=sys.maxsize,  # River's own bound weighs all objects, which takes seconds
            seed=seed,
        )

    def _new_base_model(self) -> CappedTree:
        return CappedTree(
            max_features=int(self.max_features),
            grace_period=self.grace_period,
            split_criterion=self.split_criterion,
            delta=self.delta,
            tau=self.tau,
            leaf_prediction=self.leaf_prediction,
            splitter=self.splitter,
            max_depth=self.max_depth,
            binary_split=self.binary_split,
            min_branch_fraction=self.min_branch_fraction,
            max_share_to_split=self.max_share_to_split,
            memory_estimate_period=self.memory_estimate_period,
            merit_preprune=self.merit_preprune,
            rng=self._rng,
        )
