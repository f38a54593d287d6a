"""The batch model: a RandomForest, capped in size, trained on many examples at once and compiled to plain arrays."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier

from service.models.compiled import CompiledForest, ForestBuilder

TREES, LEAVES = 50, 64


def train_forest(
    rows: npt.NDArray[np.float32], labels: npt.NDArray[np.bool_], *, seed: int, trees: int = TREES, leaves: int = LEAVES
) -> RandomForestClassifier:
    """Fit a RandomForest of ``trees`` trees of at most ``leaves`` leaves, classes weighted evenly in each bootstrap.

    Args:
        rows: Feature rows, NaN where unknown; (n, f).
        labels: True where the device failed within the horizon; (n,). Both classes must be there.
        seed: Seed of bootstraps and splits.
        trees, leaves: Size.

    Raises:
        ValueError: Fewer than two classes.
    """
    if labels.all() or not labels.any():
        raise ValueError("a RandomForest needs failures and non-failures to learn from")
    model = RandomForestClassifier(
        n_estimators=trees,
        max_leaf_nodes=leaves,
        min_samples_leaf=5,
        class_weight="balanced_subsample",
        random_state=seed,
        n_jobs=1,
    )
    return model.fit(rows, labels)


def compile_random_forest(model: RandomForestClassifier, names: Sequence[str]) -> CompiledForest:
    """Flatten a fitted binary RandomForest whose columns are ``names``."""
    builder = ForestBuilder()
    positive = list(model.classes_).index(True)
    for estimator in model.estimators_:
        tree = estimator.tree_
        builder.begin_tree(1.0)
        numbers: dict[int, int] = {}
        for node in range(tree.node_count):  # scikit-learn numbers parents before their children
            if tree.children_left[node] < 0:
                share = tree.value[node, 0]
                numbers[node] = builder.leaf(float(share[positive] / share.sum()))
            else:
                numbers[node] = builder.branch(int(tree.feature[node]), float(tree.threshold[node]))
        for node, number in numbers.items():
            left, right = int(tree.children_left[node]), int(tree.children_right[node])
            if left >= 0:
                missing_left = bool(tree.missing_go_to_left[node])
                builder.join(number, numbers[left], numbers[right], missing_left=missing_left)
    return builder.build(names)
