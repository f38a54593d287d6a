"""The models of the peers with River, and the label that they learn."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from river import forest, linear_model, preprocessing

MODELS: Mapping[str, Callable[[], Any]] = MappingProxyType(
    {
        "logistic": lambda: preprocessing.StandardScaler() | linear_model.LogisticRegression(),
        "forest": lambda: forest.ARFClassifier(n_models=10, leaf_prediction="mc", seed=1),
    }
)
"""By name, what makes an untrained River model: those that our own online members are made of."""


def step(model: Any, metrics: Mapping[str, float | None]) -> float:
    """Predict for one reading, then learn it: the whole work of a peer."""
    row = {name: value for name, value in metrics.items() if value is not None}
    risk = model.predict_proba_one(row).get(True, 0.0)
    # A label costs nothing here: it is made up from the reading, so that there is something to learn.
    model.learn_one(row, row.get("error_rate", 0.0) > 0.05 or row.get("battery_pct", 100.0) < 20.0)
    return float(risk)
