"""The models of the peers with River, what they see of a reading, and the label that they learn."""

import zlib
from collections.abc import Callable, Mapping
from numbers import Number
from types import MappingProxyType
from typing import Any

from river import compose, forest, linear_model, preprocessing

Row = dict[str, Any]


Given = Any
"""A reading, whoever decoded it: the service's own struct or a peer's model, with the same fields."""


def _mixed() -> Any:
    """Names one-hot, numbers standardised: River's own way with both in one row."""
    names = compose.SelectType(str) | preprocessing.OneHotEncoder()
    return names + (compose.SelectType(Number) | preprocessing.StandardScaler())


def whole(reading: Given) -> Row:
    """All that a reading says: its metrics, the two types, hour and weekday."""
    row = numbers(reading)
    row["home_type"], row["device_type"] = reading.home_type, reading.device_type
    row["hour"], row["weekday"] = reading.ts.hour, reading.ts.weekday()
    return row


def numbers(reading: Given) -> Row:
    """Its metrics alone."""
    return {name: value for name, value in reading.metrics.items() if value is not None}


class Peer:
    """A model that predicts for one reading, then learns it: the whole work of a peer.

    Args:
        kind: Its name in `KINDS`.
    """

    def __init__(self, kind: str) -> None:
        self._row, make = KINDS[kind]
        self._model = make()

    def step(self, reading: Given) -> float:
        """Predict and learn. The label costs nothing: it is made up from the reading.

        One label in ten is turned over, or a forest would have learned all there is by its first split.
        """
        row = self._row(reading)
        risk = self._model.predict_proba_one(row).get(True, 0.0)
        metrics = reading.metrics
        label = (metrics.get("error_rate") or 0.0) > 0.05 or (metrics.get("battery_pct") or 100.0) < 20.0
        turned = zlib.crc32(f"{reading.home_id}/{reading.device_id}/{reading.ts}".encode()) % 10 == 0
        self._model.learn_one(row, label != turned)
        return float(risk)


KINDS: Mapping[str, tuple[Callable[[Given], Row], Callable[[], Any]]] = MappingProxyType(
    {
        "logistic": (whole, lambda: _mixed() | linear_model.LogisticRegression()),
        "forest": (whole, lambda: forest.ARFClassifier(n_models=10, seed=1)),
        "numbers": (numbers, lambda: preprocessing.StandardScaler() | linear_model.LogisticRegression()),
    }
)
"""By name: what a model sees of a reading, and what makes it, with River's own settings."""
