"""The forest of bounded size: River's own numbers while it is small, and never larger than its cap."""

import pickle
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from river import forest
from river.tree import HoeffdingTreeClassifier

from service.models import capped
from service.models.capped import CappedForest, CappedTree
from service.models.forest import LEAVES, train_forest
from service.models.online import compile_forest
from service.models.splitter import LeanSplitter
from tests.models.rows import as_dicts, labels_of, some_rows


def learned(model: forest.ARFClassifier, n: int, seed: int = 3) -> forest.ARFClassifier:
    rows = some_rows(n, seed)
    for turn, (row, label) in enumerate(zip(as_dicts(rows), labels_of(rows, seed).tolist(), strict=True)):
        model.learn_one(row, label != (turn > n // 2))  # the world turns into its opposite: trees are replaced
    return model


def test_small_trees_are_rivers_own() -> None:
    """The same risks to the last bit, through splits, missing values and drift."""
    ours = learned(CappedForest(max_features=3, seed=5), 2_000)
    theirs = learned(forest.ARFClassifier(n_models=10, max_features=3, leaf_prediction="mc", seed=5), 2_000)
    asked = as_dicts(some_rows(2_000, 9, missing=0.3))

    assert sum(theirs._drift_tracker.values()) > 0
    assert sum(tree.n_branches for tree in theirs) > 20
    assert [theirs.predict_proba_one(row) for row in asked] == [ours.predict_proba_one(row) for row in asked]


def test_what_is_kept_is_rivers_own() -> None:
    """At any moment: votes, drawn random numbers, and what each leaf has seen of which features."""
    ours = CappedForest(max_features=3, seed=5)
    theirs = forest.ARFClassifier(n_models=10, max_features=3, leaf_prediction="mc", seed=5)
    rows = some_rows(1_500, 3, missing=0.4)
    for turn, (row, label) in enumerate(zip(as_dicts(rows), labels_of(rows, 3).tolist(), strict=True)):
        for model in (ours, theirs):
            model.learn_one(row, label != (turn > 700))
        if turn % 50 == 0:
            assert [metric.get() for metric in theirs._metrics] == [metric.get() for metric in ours._metrics]
            assert theirs._rng.getstate() == ours._rng.getstate()
            for one, other in zip((*ours, *ours._background), (*theirs, *theirs._background), strict=True):
                assert _kept(other) == _kept(one)

    assert sum(theirs._drift_tracker.values()) > 0
    assert ours._warning_tracker == theirs._warning_tracker


def _kept(tree: HoeffdingTreeClassifier | None) -> list[object]:
    if tree is None or tree._root is None:
        return []
    counts = (tree._train_weight_seen_by_model, tree._n_active_leaves, tree._n_inactive_leaves, sorted(tree.classes))
    every: list[Any] = tree._find_leaves()
    leaves = [
        (leaf.stats, leaf.depth, leaf.last_split_attempt_at, leaf.feature_indices, list(leaf.splitters or ()))
        for leaf in every
    ]
    return [counts, *leaves]


@pytest.fixture
def small_cap(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(capped, "MAX_LEAVES", 12)
    return 12


def test_no_tree_outgrows_the_cap(small_cap: int) -> None:
    """Neither those that vote nor those that grow beside them; at the cap the means to split are let go."""
    model = CappedForest(max_features=3, seed=5)
    rows = some_rows(3_000, 4)
    full = 0
    for row, label in zip(as_dicts(rows), labels_of(rows, 4).tolist(), strict=True):
        model.learn_one(row, label)
        trees = [tree for tree in (*model, *model._background) if tree is not None]
        assert max(tree.n_leaves or 0 for tree in trees) <= small_cap
        for tree in trees:
            if tree.n_leaves == small_cap:
                full += 1
                assert not any(leaf.is_active() for leaf in tree._find_leaves())
                assert (0, small_cap) == (tree._n_active_leaves, tree._n_inactive_leaves)
    assert full > 100


def test_a_full_tree_goes_on_counting(small_cap: int) -> None:
    """It does not split, but what its leaves say follows what comes."""
    tree = CappedTree(max_features=2, grace_period=10, delta=0.01, leaf_prediction="mc", splitter=LeanSplitter(),
                      rng=random.Random(1))  # fmt: skip
    learn: Callable[..., None] = tree.learn_one
    predict: Callable[..., dict[bool, float]] = tree.predict_proba_one
    rng = np.random.default_rng(1)
    for x in rng.random((4_000, 2)).tolist():
        learn({"a": x[0], "b": x[1]}, int(8 * x[0]) % 2 == 1)
    assert small_cap == tree.n_leaves
    before = predict({"a": 0.05, "b": 0.5})
    for _ in range(2_000):
        learn({"a": 0.05, "b": 0.5}, True)

    assert before[True] < 0.5 < predict({"a": 0.05, "b": 0.5})[True]
    assert small_cap == tree.n_leaves


def test_the_deepest_tree_can_be_compiled_and_kept() -> None:
    """A tree as deep as the cap allows is within the depth of recursion, with room to spare."""
    model = CappedForest(max_features=2, seed=1)
    for place in range(2_000):
        model.learn_one({"a": float(place % 2), "b": float(place)}, place % 2 == 0)
    branch = model[0]._root
    ends = list(branch.children)
    for _ in range(capped.MAX_DEPTH - 1):  # a chain: each right child is a branch again
        deeper = type(branch)(branch.stats, branch.feature, branch.threshold, branch.depth + 1, *ends)
        branch.children[1] = deeper
        branch = deeper

    assert len(compile_forest(model).feature) // 4 > capped.MAX_DEPTH
    assert pickle.loads(pickle.dumps(model)).predict_proba_one({"a": 1.0, "b": 1.0}) == model.predict_proba_one(
        {"a": 1.0, "b": 1.0}
    )


def test_a_trained_forest_has_its_cap() -> None:
    """No tree of a RandomForest has more leaves than stated, however much there is to tell apart."""
    rows = some_rows(20_000, 3, missing=0.0)
    model = train_forest(rows, np.random.default_rng(3).random(len(rows)) < 0.5, seed=1, trees=5)

    assert max(tree.tree_.n_leaves for tree in model.estimators_) == LEAVES
