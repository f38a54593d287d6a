"""The likely failure mode: a multiclass River model that learns from positives alone, and its compiled form.

Softmax regression on standardised signed logs, learned slowly: a failing device comes up to 48 times in a row. Measured
on 6,700 positives of a simulated year, seven modes, each scored before it was learned: right for 67 % of the devices,
log loss 1.0; how often a device type fails in each mode 46 % and 1.45, Gaussian naive Bayes 43 % and 3.8 (features are
far from independent), a Hoeffding tree 41 % and 1.7. With each device 30 times in a row, a rate of .01 loses 1.25, .003
1.07, .001 .94, but that one learns too slowly where devices come seldom. An example takes 0.4 ms.
"""

from typing import Any

import numpy as np
from river import compose, linear_model, optim, preprocessing

from service.models.compiled_modes import CompiledOnlineModes
from service.models.online import Row, signed_log

MOST_MODES = 32
"""Modes at most, `OTHER` among them."""

OTHER = "other"
"""Modes that come when there are as many already."""

WARM_POSITIVES = 300
"""It may answer once it has learned so many, of two modes at least."""

_RATE = 0.003


def _build() -> compose.Pipeline:
    return compose.Pipeline(
        compose.FuncTransformer(signed_log),
        preprocessing.StandardScaler(),
        linear_model.SoftmaxRegression(optimizer=optim.SGD(_RATE)),
    )


class OnlineModes:
    """A River model of failure modes.

    Attributes:
        learned: Positives learned.
        modes: Modes in the order in which they came; River knows them by their number here.
    """

    def __init__(self) -> None:
        self.learned = 0
        self.modes: list[str] = []
        self._model = _build()

    def __getstate__(self) -> dict[str, Any]:
        """Plain numbers: River's model holds functions, and a snapshot takes none."""
        scaler, regression = self._model["StandardScaler"], self._model["SoftmaxRegression"]
        return {
            "learned": self.learned,
            "modes": self.modes,
            "scaler": [dict(part) for part in (scaler.counts, scaler.means, scaler.vars)],
            "weights": {number: dict(weights) for number, weights in regression.weights.items()},
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """A model of the same numbers goes on alike: plain gradient descent at one rate remembers nothing else."""
        self.learned, self.modes, self._model = state["learned"], state["modes"], _build()
        scaler, regression = self._model["StandardScaler"], self._model["SoftmaxRegression"]
        for part, values in zip((scaler.counts, scaler.means, scaler.vars), state["scaler"], strict=True):
            part.update(values)
        for number, weights in state["weights"].items():
            regression.weights[number].update(weights)

    @property
    def warm(self) -> bool:
        """Whether it may answer."""
        return self.learned >= WARM_POSITIVES and len(self.modes) > 1

    def learn(self, row: Row, mode: str) -> None:
        """Learn one positive example and the mode in which its device failed."""
        if mode not in self.modes:
            if len(self.modes) >= MOST_MODES - 1:
                mode = OTHER
            if mode not in self.modes:
                self.modes.append(mode)
        self._model.learn_one(row, self.modes.index(mode))
        self.learned += 1

    def shares(self, row: Row) -> dict[str, float]:
        """River's own probability of each mode, given that the device fails; empty before anything was learned."""
        return {self.modes[number]: float(share) for number, share in self._model.predict_proba_one(row).items()}

    def compiled(self) -> CompiledOnlineModes | None:
        """The compiled form as of now, or None before anything was learned."""
        if not self.learned:
            return None
        scaler, regression = self._model["StandardScaler"], self._model["SoftmaxRegression"]
        names = list(scaler.means)
        weight = [[regression.weights[number].get(name, 0.0) for name in names] for number in range(len(self.modes))]
        return CompiledOnlineModes(
            names=names,
            modes=list(self.modes),
            mean=np.array([scaler.means[name] for name in names], np.float64).tobytes(),
            scale=np.array([scaler.vars[name] ** 0.5 for name in names], np.float64).tobytes(),
            weight=np.array(weight, np.float64).tobytes(),
        )
