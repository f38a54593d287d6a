"""What a leaf of an online tree keeps of a feature, and where it would split: River's arithmetic in a few floats."""

from math import erf, inf, log2, sqrt
from typing import Any

from river.tree.splitter.base import Splitter
from river.tree.utils import BranchFactory

_Kept = list[float]
"""Of a class of label: weight, mean, sum of squared deviations, least and greatest value."""

_WEIGHT, _MEAN, _SQUARES, _LOW, _HIGH = range(5)
_NOTHING: _Kept = [0.0, 0.0, 0.0, inf, inf]
_ROOT_OF_TWO = sqrt(2.0)


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
        self._classes: dict[bool, _Kept] = {}

    def update(self, att_val: Any, target_val: Any, w: float) -> None:
        """Count a value of the feature."""
        kept = self._classes.get(target_val)
        if kept is None:
            weight, before, squares, low, high = 0.0, 0.0, 0.0, att_val, att_val
        else:
            weight, before, squares, low, high = kept
            if att_val < low:
                low = att_val
            elif att_val > high:
                high = att_val
        weight += w
        mean = before + (w / weight) * (att_val - before)
        self._classes[target_val] = [weight, mean, squares + w * (att_val - before) * (att_val - mean), low, high]

    def cond_proba(self, att_val: Any, target_val: Any) -> float:
        """Not needed by majority-class leaves."""
        raise NotImplementedError

    def best_evaluated_split_suggestion(
        self, criterion: Any, pre_split_dist: Any, att_idx: Any, binary_only: bool
    ) -> BranchFactory:
        """The threshold of most information gain among the candidates.

        The gain is River's ``InfoGainSplitCriterion``, which ``criterion`` must be; a threshold with no more than its
        ``min_branch_fraction`` on a side is none.
        """
        best, at = -inf, None
        before, least = _entropy(*pre_split_dist.values()), criterion.min_branch_fraction
        one, other = (*self._classes.values(), _NOTHING, _NOTHING)[:2]
        one_spread, other_spread = _spread(one), _spread(other)
        for threshold in self._thresholds():
            one_below, other_below = _below(threshold, one, one_spread), _below(threshold, other, other_spread)
            one_above, other_above = one[_WEIGHT] - one_below, other[_WEIGHT] - other_below
            below, above = one_below + other_below, one_above + other_above
            total = below + above
            if below / total > least and above / total > least:
                after = below * _entropy(one_below, other_below) + above * _entropy(one_above, other_above)
                merit = before - after / total
                if merit > best:
                    best, at = merit, threshold
        return BranchFactory() if at is None else BranchFactory(best, att_idx, at, self._sides(at))

    def _thresholds(self) -> list[float]:
        if not self._classes:
            return []
        low = min(kept[_LOW] for kept in self._classes.values())
        high = max(kept[_HIGH] for kept in self._classes.values())
        width = (high - low) / (self.n_splits + 1.0)
        candidates = [low + width * (place + 1) for place in range(self.n_splits)]
        return [threshold for threshold in candidates if low < threshold < high]

    def _sides(self, threshold: float) -> list[dict[bool, float]]:
        """Estimated weights by class at or below the threshold, and above it; a class that has none is left out."""
        left: dict[bool, float] = {}
        right: dict[bool, float] = {}
        for label, kept in self._classes.items():
            below = _below(threshold, kept, _spread(kept))
            if threshold >= kept[_LOW]:
                left[label] = below
            if threshold < kept[_HIGH]:
                right[label] = kept[_WEIGHT] - below
        return [left, right]


def _spread(kept: _Kept) -> float:
    """Standard deviation of a class."""
    weight = kept[_WEIGHT]
    spread: float = (kept[_SQUARES] / (weight - 1) if weight > 1 else 0.0) ** 0.5
    return spread


def _below(threshold: float, kept: _Kept, spread: float) -> float:
    """How much of a class is at or below a threshold, if it is distributed normally between its least and greatest."""
    weight, mean, _, low, high = kept
    if threshold < low:
        return 0.0
    if threshold >= high:
        return weight
    return 0.5 * (1.0 + erf((threshold - mean) / spread / _ROOT_OF_TWO)) * weight if spread else 0.0


def _entropy(one: float = 0.0, other: float = 0.0) -> float:
    """In bits, of the weights of two classes."""
    entropy = 0.0
    if one > 0.0:
        entropy -= one * log2(one)
    if other > 0.0:
        entropy -= other * log2(other)
    total = one + other
    return (entropy + total * log2(total)) / total if total > 0.0 else 0.0
