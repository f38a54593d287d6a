"""The batch models: RandomForests, capped in size, trained on many examples at once and compiled to plain arrays.

One foretells whether a device fails. A smaller one, fitted to positives alone, says in which mode.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier

from service.models.compiled import CompiledForest, ForestBuilder
from service.models.modes import CompiledModes

TREES, LEAVES = 50, 512
DRAWS = 10_000
"""Rows that a tree is grown of at most. Trees of other rows each err in other ways: it is faster, and no worse."""

MODE_TREES, MODE_LEAVES = 10, 32
MODE_POSITIVES = 10
"""A mode of which fewer positives are known is not told apart."""

_Leaf = Callable[[npt.NDArray[np.float64]], float]
"""What the compiled form keeps of a leaf's class shares."""


def train_forest(
    rows: npt.NDArray[np.float32],
    labels: npt.NDArray[np.bool_],
    *,
    seed: int,
    weights: npt.NDArray[np.float64] | None = None,
    trees: int = TREES,
    leaves: int = LEAVES,
) -> RandomForestClassifier:
    """Fit a RandomForest of ``trees`` trees of at most ``leaves`` leaves; classes count as often as they are there.

    Args:
        rows: Feature rows, NaN where unknown; (n, f).
        labels: True where the device failed within the horizon; (n,). Both classes must be there.
        seed: Seed of bootstraps and splits.
        weights: For how many examples each row stands, (n,). They count within a class only: how many rows of each
            class there are stays the odds that the forest sees.
        trees, leaves: Size.

    Raises:
        ValueError: Fewer than two classes.
    """
    if labels.all() or not labels.any():
        raise ValueError("a RandomForest needs failures and non-failures to learn from")
    model = RandomForestClassifier(
        n_estimators=trees,
        max_leaf_nodes=leaves,
        max_samples=min(len(rows), DRAWS),
        min_samples_leaf=5,
        random_state=seed,
        n_jobs=1,
    )
    if weights is None:
        return model.fit(rows, labels)
    mean = np.where(labels, weights[labels].mean(), weights[~labels].mean())
    return model.fit(rows, labels, sample_weight=weights / mean)


def compile_random_forest(model: RandomForestClassifier, names: Sequence[str]) -> CompiledForest:
    """Flatten a fitted binary RandomForest whose columns are ``names``."""
    positive = list(model.classes_).index(True)
    return _flattened(model, names, lambda share: float(share[positive] / share.sum()))


def train_modes(
    rows: npt.NDArray[np.float32], modes: Sequence[str], names: Sequence[str], *, seed: int
) -> CompiledModes | None:
    """Fit a small multiclass RandomForest to positives, and compile it.

    Args:
        rows: Feature rows of positives, NaN where unknown; (n, f).
        modes: Their failure modes, empty where unknown; of length n.
        names: Feature names; of length f.
        seed: Seed of bootstraps and splits.

    Returns:
        The model, or None where fewer than two modes have `MODE_POSITIVES` positives.
    """
    told = np.array(modes, np.str_)
    counted, counts = np.unique(told, return_counts=True)
    kept = [mode for mode, count in zip(counted.tolist(), counts, strict=True) if mode and count >= MODE_POSITIVES]
    if len(kept) < 2:
        return None
    among = np.isin(told, kept)
    model = RandomForestClassifier(
        n_estimators=MODE_TREES, max_leaf_nodes=MODE_LEAVES, min_samples_leaf=2, random_state=seed, n_jobs=1
    )
    model.fit(rows[among], told[among])
    shares: list[list[float]] = []

    def kept_share(share: npt.NDArray[np.float64]) -> float:
        shares.append((share / share.sum()).tolist())
        return float(len(shares) - 1)

    trees = _flattened(model, names, kept_share)
    return CompiledModes(modes=[str(mode) for mode in model.classes_], trees=trees, share=np.array(shares).tobytes())


def _flattened(model: RandomForestClassifier, names: Sequence[str], leaf: _Leaf) -> CompiledForest:
    builder = ForestBuilder()
    for estimator in model.estimators_:
        tree = estimator.tree_  # each of its attributes makes an array anew
        left, right = tree.children_left.tolist(), tree.children_right.tolist()
        feature, threshold = tree.feature.tolist(), tree.threshold.tolist()
        missing_left, shares = tree.missing_go_to_left.tolist(), tree.value[:, 0]
        builder.begin_tree(1.0)
        numbers: list[int] = []
        for node in range(tree.node_count):  # scikit-learn numbers parents before their children
            if left[node] < 0:
                numbers.append(builder.leaf(leaf(shares[node])))
            else:
                numbers.append(builder.branch(feature[node], threshold[node]))
        for node, number in enumerate(numbers):
            if left[node] >= 0:
                goes_left = bool(missing_left[node])
                builder.join(number, numbers[left[node]], numbers[right[node]], missing_left=goes_left)
    return builder.build(names)
