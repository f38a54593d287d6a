"""The bare loop: River in one process, written straight from the rules, as the yardstick for the service.

It shares with the service what defines the task (the features, the hash that samples) and nothing of its machinery:
no log, no processes, no compiled models, no columns.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from river import compose, forest, linear_model, optim, preprocessing

from service.contracts.outcomes import Failure, Outcome, Repair
from service.contracts.readings import Reading
from service.features.matrix import metric_matrix
from service.features.windows import Windows
from service.labels.sampling import unit_hash

MEMBERS = ("forest", "logistic", "global_forest", "global_logistic")
Device = tuple[str, str]


def _signed_log(x: dict[str, float]) -> dict[str, float]:
    return {name: math.copysign(math.log1p(abs(v)), v) for name, v in x.items()}


def _forest(seed: int, width: int) -> Any:
    return forest.ARFClassifier(n_models=10, max_features=round(math.sqrt(width)), leaf_prediction="mc", seed=seed)


def _logistic() -> Any:
    regression = linear_model.LogisticRegression(optimizer=optim.SGD(0.003))
    return compose.Pipeline(compose.FuncTransformer(_signed_log), preprocessing.StandardScaler(), regression)


class _Counts:
    """Matured and learned examples, for the shift of the sampling."""

    def __init__(self) -> None:
        self.positives = self.negatives = self.learned_positives = self.learned_negatives = 0

    def shift(self) -> float:
        learned = math.log((self.learned_positives + 0.5) / (self.learned_negatives + 0.5))
        return learned - math.log((self.positives + 0.5) / (self.negatives + 0.5))


@dataclass
class _Example:
    """An example, pending or final."""

    ts: int
    seq: int
    place: int
    device: Device
    row: dict[str, float]
    label: bool | None = None


class _HomeType:
    def __init__(self, number: int, horizon_us: int, seed: int) -> None:
        self.windows = Windows(horizon_us=horizon_us, slot_us=horizon_us // 48)
        self.devices: list[Device] = []
        self.counts = _Counts()
        self.models: dict[str, Any] = {}
        self.seed = seed + 1000 * (number + 1)
        self.pending: list[_Example] = []
        self.final: list[_Example] = []
        self.turns = 0
        self.heard: dict[Device, int] = {}
        self.newest: dict[Device, int] = {}
        self.watermark = -(2**62)

    def hear(self, device: Device, ts: int, turn: bool) -> None:
        self.turns += turn
        self.heard[device] = self.turns
        self.newest[device] = ts

    def move_watermark(self, lateness_us: int) -> None:
        last = sorted(self.heard, key=lambda device: -self.heard[device])[:64]
        known = sorted(self.newest[device] for device in last if self.heard[device] > self.turns - 256)
        self.watermark = max(self.watermark, known[(len(known) - 1) // 2] - lateness_us)


class BareRiver:
    """Predict, label, learn, one home type after the other.

    Args:
        horizon_us: The horizon; grace and lateness are the service's automatic ones.
        seed: Seed of the models and of sampling.
    """

    def __init__(self, horizon_us: int, seed: int = 1) -> None:
        self._horizon_us, self._seed = horizon_us, seed
        self._types: dict[str, _HomeType] = {}
        self._outcomes: dict[Device, list[Outcome]] = {}
        self._fleet = _Counts()
        self._global: dict[str, Any] = {}
        self.learned = 0

    def outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Enter outcomes, and apply corrections."""
        for outcome in outcomes:
            gone = getattr(outcome, "supersedes", None) or getattr(outcome, "retracts", None)
            for told in self._outcomes.values():
                told[:] = [other for other in told if other.outcome_id != gone]
            if isinstance(outcome, Failure | Repair):
                device = (outcome.home_id, outcome.device_id)
                self._outcomes.setdefault(device, []).append(outcome)
                if isinstance(outcome, Repair):
                    for of_type in self._types.values():
                        if device in of_type.devices:
                            of_type.windows.forget_past(of_type.devices.index(device))
        failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
        late: dict[int, list[Failure]] = {}
        for failure in failures:
            for n, of_type in enumerate(self._types.values()):
                if (failure.home_id, failure.device_id) in of_type.devices:
                    late.setdefault(n, []).append(failure)
        for n, told_late in late.items():
            self._learn_late(list(self._types.values())[n], told_late)

    def _learn_late(self, of_type: _HomeType, failures: Sequence[Failure]) -> None:
        """What was final and turns out positive is learned once more, as a positive."""
        final_us = of_type.watermark - self._horizon_us - self._horizon_us // 24
        found: dict[tuple[int, int], _Example] = {}
        for failure in failures:
            failed_us = round(failure.ts.timestamp() * 1e6)
            for example in of_type.final:
                near = failed_us - self._horizon_us <= example.ts <= min(final_us, failed_us - 1)
                if near and example.device == (failure.home_id, failure.device_id):
                    found[example.seq, example.place] = example
        order = sorted(found.values(), key=lambda e: (e.ts, of_type.devices.index(e.device), e.seq, e.place))
        for example in order:
            if example.label is True or self._label(of_type, example.device, example.ts) is not True:
                continue
            for counts in (of_type.counts, self._fleet):
                counts.positives += 1
                counts.learned_positives += 1
                counts.negatives -= example.label is False
            example.label = True
            self._train(of_type, example.row, True)

    def readings(self, seq: int, readings: Sequence[Reading]) -> list[dict[str, float]]:
        """Each reading's raw probabilities by member, lowered by the sampling shift, as log odds; then learn.

        The readings must be in order of time, none of them duplicate or late.
        """
        answers: list[dict[str, float]] = [{} for _ in readings]
        by_type: dict[str, list[int]] = {}
        for i, reading in enumerate(readings):
            by_type.setdefault(reading.home_type, []).append(i)
        rows: dict[str, tuple[Any, Any]] = {}
        for name, places in by_type.items():
            if name not in self._types:
                self._types[name] = _HomeType(len(self._types), self._horizon_us, self._seed)
            rows[name] = self._features(self._types[name], [readings[i] for i in places])
            for i, row in zip(places, rows[name][0], strict=True):
                answers[i] = self._predict(self._types[name], row)
        for name, places in by_type.items():
            self._learn(self._types[name], seq, [readings[i] for i in places], *rows[name])
        return answers

    def _features(self, of_type: _HomeType, readings: Sequence[Reading]) -> tuple[list[dict[str, float]], Any]:
        windows = of_type.windows
        numbers = []
        for reading in readings:
            device = (reading.home_id, reading.device_id)
            if device not in of_type.devices:
                of_type.devices.append(device)
            numbers.append(of_type.devices.index(device))
        values, _ = metric_matrix([reading.metrics for reading in readings], windows.layout, 64)
        for reading in readings:
            if reading.device_type not in windows.layout.type_index:
                windows.layout.extend((), (reading.device_type,))
        windows.reserve(len(of_type.devices))
        rows, example = windows.fold(
            np.array(numbers, np.int32),
            np.array([windows.layout.type_index[reading.device_type] for reading in readings], np.int16),
            np.array([round(reading.ts.timestamp() * 1e6) for reading in readings], np.int64),
            np.array([int((reading.ts.utcoffset() or timedelta()).total_seconds()) for reading in readings], np.int32),
            np.zeros(len(readings), np.bool_),
            values,
        )
        columns = windows.layout.columns
        return [{n: float(v) for n, v in zip(columns, row, strict=True) if v == v} for row in rows], example

    def _predict(self, of_type: _HomeType, row: dict[str, float]) -> dict[str, float]:
        out = {}
        for models, counts in ((of_type.models, of_type.counts), (self._global, self._fleet)):
            for member, model in models.items():
                p = min(max(model.predict_proba_one(row).get(True, 0.0), 1e-3), 1.0 - 1e-3)
                out[member] = math.log(p / (1.0 - p)) - counts.shift()
        return out

    def _learn(self, of_type: _HomeType, seq: int, readings: Sequence[Reading], rows: Any, example: Any) -> None:
        k = 0
        for i, reading in enumerate(readings):
            ts = round(reading.ts.timestamp() * 1e6)
            device = (reading.home_id, reading.device_id)
            if example[i]:
                if ts >= of_type.watermark:
                    of_type.pending.append(_Example(ts, seq, k, device, rows[i]))
                k += 1
            of_type.hear(device, ts, bool(example[i]))
        of_type.move_watermark(self._horizon_us // 48)
        due = of_type.watermark - self._horizon_us - self._horizon_us // 24
        matured = [example for example in of_type.pending if example.ts <= due]
        of_type.pending = [example for example in of_type.pending if example.ts > due]
        for example in sorted(matured, key=lambda e: (e.ts, e.seq, e.place)):
            example.label = self._label(of_type, example.device, example.ts)
            of_type.final.append(example)
            if example.label is not None:
                self._settle(of_type, example, example.label)

    def _label(self, of_type: _HomeType, device: Device, ts: int) -> bool | None:
        told = sorted(
            (round(outcome.ts.timestamp() * 1e6), isinstance(outcome, Repair))
            for outcome in self._outcomes.get(device, [])
            if isinstance(outcome, Failure | Repair)
        )
        before = [item for item in told if item[0] <= ts]
        if before and not before[-1][1] and ts < before[-1][0] + self._horizon_us:
            return None
        after = [item for item in told if ts < item[0] <= ts + self._horizon_us]
        if after:
            return None if after[0][1] else True
        return False if of_type.newest[device] >= ts + self._horizon_us else None

    def _settle(self, of_type: _HomeType, example: _Example, label: bool) -> None:
        own = of_type.counts
        rate = min(1.0, 2.0 * own.positives / (own.negatives + 1))
        lot = unit_hash(self._seed, example.seq, example.place)
        chosen = label or (own.positives > 0 and lot < max(0.02, rate))
        for counts in (own, self._fleet):
            counts.positives += label
            counts.negatives += not label
            counts.learned_positives += label and chosen
            counts.learned_negatives += chosen and not label
        if chosen:
            self._train(of_type, example.row, label)

    def _train(self, of_type: _HomeType, row: dict[str, float], label: bool) -> None:
        width = of_type.windows.layout.width
        self.learned += 1
        if not of_type.models:
            of_type.models = {"forest": _forest(of_type.seed, width), "logistic": _logistic()}
        if not self._global:
            self._global = {"global_forest": _forest(self._seed, width), "global_logistic": _logistic()}
        for model in (*of_type.models.values(), *self._global.values()):
            model.learn_one(row, label)
