"""Fitting: from a pool of examples to a compiled forest, with what is needed to read its answers as risks."""

import math

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from service.features.layout import metric_of
from service.jobs.training.pool import Floats, Pool
from service.models.blend import RAW_FLOOR, blend
from service.models.bound import BoundModel
from service.models.compiled import CompiledForest
from service.models.forest import compile_random_forest, train_forest


class Fitted(Struct, frozen=True, kw_only=True):
    """A forest, and by how much leaving negatives out of what it learned raises its log odds."""

    forest: CompiledForest
    shift: float


def fit(pool: Pool, seed: int) -> Fitted:
    """Fit a forest to a pool.

    Classes are not weighed: forests that weigh them evenly tell failures apart less well; see ADR 0013. Within a class
    a row weighs as much as it stands for.

    Raises:
        ValueError: Not both classes are there.
    """
    forest = train_forest(pool.rows, pool.labels, seed=seed, weights=pool.weights)
    learned = pool.positives / (len(pool) - pool.positives)
    shift = math.log(learned) - math.log(pool.base_rate / (1.0 - pool.base_rate))
    return Fitted(forest=compile_random_forest(forest, pool.columns), shift=shift)


def risks_of(fitted: Fitted, pool: Pool) -> Floats:
    """The risks that a forest alone would answer for the rows of a pool; (k,)."""
    place = {name: n for n, name in enumerate(pool.columns)}
    column = np.array([place.get(name, -1) for name in fitted.forest.names], np.int32)
    risks: npt.NDArray[np.float64] = BoundModel(fitted.forest, column).score(pool.rows)[:, None]
    blend(risks, np.array([RAW_FLOOR]), np.array([fitted.shift]), np.ones(1), 1.0, 0.0, np.empty(len(risks)))
    return risks[:, 0]


def known_metrics(pool: Pool) -> list[str]:
    """Names of the metrics of which a pool holds a value."""
    return sorted(
        metric
        for n, column in enumerate(pool.columns)
        if column.endswith(".raw") and (metric := metric_of(column)) and not np.isnan(pool.rows[:, n]).all()
    )
