"""The online members: River models that learn one example at a time, and their compiled form.

`BUILDERS` and `COMPILERS` are tables, with a row for each kind of member. To add one, write a builder and a way to
compile what it builds.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from river import compose, linear_model, optim, preprocessing
from river.tree.nodes.branch import NumericBinaryBranch

from service.models.capped import CappedForest
from service.models.compiled import CompiledForest, CompiledLinear, CompiledModel, ForestBuilder

Row = dict[str, float]
"""A feature row as River takes it: unknown values are missing keys."""


def signed_log(row: Row) -> Row:
    """Each value v becomes sign(v)·ln(1 + |v|): counters and raw attributes span many orders of magnitude."""
    return {name: math.log1p(v) if v >= 0.0 else -math.log1p(-v) for name, v in row.items()}


def build_forest(seed: int, features: int) -> CappedForest:
    """Adaptive random forest of bounded size; see `service.models.capped`."""
    return CappedForest(max_features=max(2, round(math.sqrt(features))), seed=seed)


def build_logistic(seed: int, features: int) -> compose.Pipeline:
    """Logistic regression by stochastic gradient descent on standardised signed logs."""
    return compose.Pipeline(
        compose.FuncTransformer(signed_log),
        preprocessing.StandardScaler(),
        linear_model.LogisticRegression(optimizer=optim.SGD(0.003)),
    )


BUILDERS: Mapping[str, Callable[[int, int], Any]] = {"forest": build_forest, "logistic": build_logistic}
"""By kind: a function of (seed, number of features) that builds an untrained River model."""


class OnlineModel:
    """A River model, how much it has learned, and its compiled form.

    Args:
        kind: A key of `BUILDERS`.
        seed: Seed of all its randomness.
        since_seq: It began anew at this event, and learns what matures later.
    """

    def __init__(self, kind: str, seed: int, *, since_seq: int = 0) -> None:
        self.kind = kind
        self.since_seq = since_seq
        self.learned = 0
        self.positives = 0
        self.seed = seed
        self._model: Any = None
        self._compiled: CompiledModel | None = None

    def __getstate__(self) -> dict[str, Any]:
        """The compiled form is left out; it is made again when it is asked for."""
        return self.__dict__ | {"_compiled": None}

    def learn(self, row: Row, label: bool, *, features: int | None = None) -> None:
        """Learn one example. At the first one, ``features`` tells how many there are; default: as many as it has."""
        if self._model is None:
            self._model = BUILDERS[self.kind](self.seed, features or len(row))
        self._model.learn_one(row, label)
        self.learned += 1
        self.positives += label
        self._compiled = None

    def predict(self, row: Row) -> float:
        """River's own probability of a failure; 0 before anything was learned."""
        if self._model is None:
            return 0.0
        return float(self._model.predict_proba_one(row).get(True, 0.0))

    def compiled(self) -> CompiledModel | None:
        """The compiled form as of now, or None before anything was learned."""
        if self._compiled is None and self._model is not None:
            self._compiled = COMPILERS[self.kind](self._model)
        return self._compiled


def compile_forest(model: CappedForest) -> CompiledForest:
    """Flatten an adaptive random forest with majority-class leaves.

    A tree's vote is weighted by its accuracy so far if that is above 0, and a leaf that has seen nothing abstains, as
    in River's ``predict_proba_one``.
    """
    number: dict[str, int] = {}
    builder = ForestBuilder()
    for tree, metric in zip(model, model._metrics, strict=True):
        weight = metric.get()
        builder.begin_tree(weight if weight > 0.0 else 1.0)
        _flatten(tree._root, builder, number)
    return builder.build(list(number))


def _flatten(node: Any, builder: ForestBuilder, number: dict[str, int]) -> tuple[int, float]:
    """Add a River subtree; returns its number and the weight it has seen."""
    if type(node) is not NumericBinaryBranch:  # it is abstract: to ask whether something is an instance takes long
        stats = node.stats if node is not None else {}
        total = float(sum(stats.values()))
        if total <= 0.0:
            return builder.leaf(0.0, 0.0), total
        return builder.leaf(stats.get(True, 0.0) / total), total
    branch = builder.branch(number.setdefault(node.feature, len(number)), node.threshold)
    left, left_weight = _flatten(node.children[0], builder, number)
    right, right_weight = _flatten(node.children[1], builder, number)
    builder.join(branch, left, right, missing_left=not left_weight < right_weight)
    return branch, left_weight + right_weight


def compile_logistic(model: compose.Pipeline) -> CompiledLinear:
    """The scaler's means and deviations beside the regression's weights."""
    scaler, regression = model["StandardScaler"], model["LogisticRegression"]
    weights: dict[str, float] = regression.weights
    names = list(weights)
    return CompiledLinear(
        names=names,
        mean=np.array([scaler.means[name] for name in names], np.float64).tobytes(),
        scale=np.array([scaler.vars[name] ** 0.5 for name in names], np.float64).tobytes(),
        weight=np.array([weights[name] for name in names], np.float64).tobytes(),
        intercept=float(regression.intercept),
    )


COMPILERS: Mapping[str, Callable[[Any], CompiledModel]] = {"forest": compile_forest, "logistic": compile_logistic}
"""By kind: a function that gives the compiled form of what the builder of that kind builds."""
