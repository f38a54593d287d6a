"""The adaptive random forest as the online members use it: River's own, but of bounded size.

Left to itself River's forest grows by a leaf for every few examples, and a leaf that may still split keeps a picture of
every feature it watches, about 90 kB of it. Two things change here, neither of which changes a number while a tree is
small: `LeanSplitter` keeps the same picture in a few floats, and a tree that has `MAX_LEAVES` leaves stops to grow. Its
leaves go on counting, and where it goes wrong drift detection replaces it, as ever.

River also asks each tree before it learns, and walks down through generators both times. Here one walk serves for both;
what is kept, and each number drawn, is River's own.
"""

import sys
from typing import Any

from river import forest
from river.forest.adaptive_random_forest import BaseTreeClassifier
from river.tree.nodes.branch import NumericBinaryBranch
from river.utils.random import poisson

from service.models.splitter import LeanSplitter

TREES = 10
MAX_LEAVES = 256
"""Leaves of a tree at most; 2 * MAX_LEAVES - 1 nodes."""
MAX_DEPTH = 60
"""A leaf this deep does not split: trees are walked recursively when they are compiled or pickled."""

_Place = tuple[Any, list[Any], int]
"""A leaf, the branches above it from the root on, and which child it is, or -1 if a value was unknown on the way."""


class CappedTree(BaseTreeClassifier):
    """A tree of the forest; at `MAX_LEAVES` leaves it stops to grow, and lets go of what it would grow by."""

    _seen: dict[int, float] | None = None  # weights by the branch's id; a branch is there as long as its tree is

    def __getstate__(self) -> dict[str, Any]:
        """Without what can be added up again."""
        return self.__dict__ | {"_seen": None}

    def _weight(self, node: Any) -> float:
        """What a subtree has seen; added up once until it learns again."""
        if type(node) is not NumericBinaryBranch:
            return float(sum(node.stats.values()))
        if self._seen is None:
            self._seen = {}
        weight = self._seen.get(id(node))
        if weight is None:
            left, right = node.children
            weight = self._seen[id(node)] = self._weight(left) + self._weight(right)
        return weight

    def place_of(self, x: dict[Any, Any]) -> _Place:
        """Where an example belongs. Where a branch asks for an unknown value, the heavier child is taken."""
        node, above, child, known = self._root, list[Any](), 0, True
        while type(node) is NumericBinaryBranch:
            value = x.get(node.feature)
            left, right = node.children
            above.append(node)
            if value is None:
                known = False
                node = right if self._weight(left) < self._weight(right) else left
            else:
                child = 0 if value <= node.threshold else 1
                node = right if child else left
        return node, above, child if known else -1

    def label_at(self, leaf: Any) -> bool | None:
        """What the tree says in a leaf, None before it has learned anything; where both are as likely, False."""
        if leaf is None:
            return None
        if len(self.classes) == 1:
            return bool(next(iter(self.classes)))
        stats = leaf.stats
        scale = 1.0 / (sum(stats.values()) or 1.0)  # as River does it: what is just less may become equal
        return bool(stats.get(True, 0.0) * scale > stats.get(False, 0.0) * scale)

    def learn_one(self, x: dict[Any, Any], y: Any, *, w: float = 1.0) -> None:
        """Learn an example of some weight."""
        self.learn_at(self.place_of(x), x, y, w)

    def learn_at(self, place: _Place, x: dict[Any, Any], y: bool, w: float) -> None:
        """Learn an example whose place is known."""
        leaf, above, child = place
        self.classes.add(y)
        self._train_weight_seen_by_model += w
        if leaf is None:
            leaf = self._root = self._new_leaf()  # type: ignore[no-untyped-call]  # River ships no types
            self._n_active_leaves = 1
        if self._seen:
            for branch in above:
                self._seen.pop(id(branch), None)
        stats, splitters = leaf.stats, leaf.splitters
        stats[y] = stats[y] + w if y in stats else w
        if splitters is None:
            return
        if not leaf.feature_indices:
            leaf.feature_indices = leaf._sample_features(x, leaf.max_features)
        for name in leaf.feature_indices:
            if name in x:
                if name not in splitters:
                    splitters[name] = LeanSplitter(self.splitter.n_splits)
                splitters[name].update(x[name], y, w)
        if child >= 0 and self._growth_allowed:
            self._grow(leaf, above[-1] if above else None, child)

    def _grow(self, leaf: Any, above: Any, child: int) -> None:
        """Let a leaf split if it has seen enough for that."""
        if leaf.depth >= self.max_depth:
            leaf.deactivate()
            self._n_active_leaves -= 1
            self._n_inactive_leaves += 1
            return
        seen = sum(leaf.stats.values())
        if seen - leaf.last_split_attempt_at >= self.grace_period:
            self._attempt_to_split(leaf, above, child)
            leaf.last_split_attempt_at = seen

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

    def learn_one(self, x: dict[Any, Any], y: Any, **kwargs: Any) -> None:
        """Learn an example."""
        if not self.data:
            self._init_ensemble(sorted(x))
        for place, tree in enumerate(self.data):
            found = tree.place_of(x)
            said = tree.label_at(found[0])
            self._metrics[place].update(y, said)
            times = poisson(self.lambda_value, self._rng)
            if times > 0:
                beside = self._background[place]
                if isinstance(beside, CappedTree):
                    beside.learn_one(x, y, w=times)
                tree.learn_at(found, x, y, times)
                self._watch(place, said != y)

    def _watch(self, place: int, wrong: bool) -> None:
        """Where a tree errs more often than before, one grows beside it; where far more often, that takes its place."""
        warning, drift = self._warning_detectors[place], self._drift_detectors[place]
        warning.update(int(wrong))
        if warning.drift_detected:
            self._background[place] = self._new_base_model()
            self._warning_detectors[place] = self.warning_detector.clone()
            self._warning_tracker[place] += 1
        drift.update(int(wrong))
        if drift.drift_detected:
            background, self._background[place] = self._background[place], None
            if background is not None:
                self._warning_detectors[place] = self.warning_detector.clone()
            self.data[place] = background if background is not None else self._new_base_model()
            self._drift_detectors[place] = self.drift_detector.clone()
            self._metrics[place] = self.metric.clone()
            self._drift_tracker[place] += 1

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
