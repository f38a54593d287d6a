"""Models that are asked what the fleet's samples tell, trained on some homes and tested on others."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import precision_recall_curve
from sklearn.tree import DecisionTreeClassifier

from benchmarks.report import BenchError
from service.evaluation.metrics import pr_auc
from simulator.arrays import Codes, Flags, Floats, Ints
from simulator.samples.samples import Samples
from simulator.world.homes import HOME_TYPES

Rows = npt.NDArray[np.float32]

TESTED_SHARE: Final = 0.4
_UNKNOWN: Final = np.float32(-1e3)
_CALENDAR: Final = ("hour_", "weekday_", "season_")


class Task(Struct, frozen=True, kw_only=True):
    """Samples of which some homes are learned from and the others tested on.

    Attributes:
        columns: Feature names, (f,).
        rows: Feature rows, unknown values far below all others; float32 (n, f).
        labels: Whether the device fails within the horizon, (n,).
        train: Rows to learn from, (a,).
        test: Rows to test on, (b,).
    """

    columns: Sequence[str]
    rows: Rows
    labels: Flags
    train: Ints
    test: Ints

    @property
    def tested(self) -> Flags:
        """Labels of the rows to test on, (b,)."""
        return self.labels[self.test]

    def risks(self, model: RandomForestClassifier, rows: Rows) -> Floats:
        """What a model says of the rows to test on, taken from ``rows`` (n, g), (b,)."""
        return np.asarray(model.predict_proba(rows[self.test])[:, 1])

    def boosted(self, seed: int) -> float:
        """PR-AUC of gradient boosting, the strongest model tried."""
        model = HistGradientBoostingClassifier(max_iter=200, learning_rate=0.08, random_state=seed)
        model.fit(self.rows[self.train], self.labels[self.train])
        return area(self.tested, np.asarray(model.predict_proba(self.rows[self.test])[:, 1]))

    def shuffled(self, columns: Sequence[int], seed: int) -> Rows:
        """The rows with some columns, kept together, dealt out anew among the samples; (n, f)."""
        rows, dealt = self.rows.copy(), np.asarray(columns)
        rng = np.random.default_rng([seed, 1])
        for part in (self.train, self.test):
            rows[np.ix_(part, dealt)] = self.rows[np.ix_(rng.permutation(part), dealt)]
        return rows


def split(samples: Samples, seed: int) -> Task:
    """Part samples by home, so that no device is on both sides."""
    homes = int(samples.home.max()) + 1
    tested = np.random.default_rng([seed, 0]).permutation(homes)[: int(homes * TESTED_SHARE)]
    test = np.isin(samples.home, tested)
    return Task(
        columns=samples.columns,
        rows=np.nan_to_num(samples.rows, nan=float(_UNKNOWN)),
        labels=samples.labels,
        train=np.flatnonzero(~test),
        test=np.flatnonzero(test),
    )


def raw_of(columns: Sequence[str]) -> list[int]:
    """The columns of a single reading: its metrics and what kind of device it is."""
    return [i for i, name in enumerate(columns) if name.endswith(".raw") or name.startswith("device_type=")]


def calendar_of(columns: Sequence[str]) -> list[int]:
    """The calendar's columns."""
    return [i for i, name in enumerate(columns) if name.startswith(_CALENDAR)]


def forest(rows: Rows, labels: Flags, seed: int) -> RandomForestClassifier:
    """Train a random forest that weighs both classes evenly."""
    model = RandomForestClassifier(
        60, min_samples_leaf=8, class_weight="balanced_subsample", n_jobs=1, random_state=seed
    )
    return model.fit(rows, labels)


def tree_scores(task: Task, columns: Sequence[int]) -> tuple[float, float]:
    """Best F1, over all thresholds, and PR-AUC of a tree of depth 3; the better of two that weigh classes otherwise."""
    f1, auc = 0.0, 0.0
    rows = task.rows[:, columns]
    for weight in (None, "balanced"):
        tree = DecisionTreeClassifier(max_depth=3, class_weight=weight, random_state=0)
        tree.fit(rows[task.train], task.labels[task.train])
        risks = np.asarray(tree.predict_proba(rows[task.test])[:, 1])
        precision, recall, _ = precision_recall_curve(task.tested, risks)
        f1 = max(f1, float(np.max(2 * precision * recall / np.maximum(precision + recall, 1e-12))))
        auc = max(auc, area(task.tested, risks))
    return f1, auc


def compare_homes(task: Task, home_type: Codes, seed: int) -> tuple[list[float], list[float]]:
    """Train a forest for each home type and let it score every other.

    Returns:
        PR-AUC of each on its own home type, (8,), and what is lost when another scores it, (56,).
    """
    train = [task.train[home_type[task.train] == code] for code in range(len(HOME_TYPES))]
    test = [task.test[home_type[task.test] == code] for code in range(len(HOME_TYPES))]
    models = [forest(task.rows[part], task.labels[part], seed) for part in train]
    auc = np.array(
        [[area(task.labels[part], np.asarray(m.predict_proba(task.rows[part])[:, 1])) for part in test] for m in models]
    )
    own = np.diag(auc)
    lost = own[None, :] - auc
    return own.tolist(), lost[~np.eye(len(own), dtype=bool)].tolist()


def area(labels: Flags, risks: Floats) -> float:
    """PR-AUC.

    Raises:
        BenchError: There is no positive label.
    """
    value = pr_auc(labels, risks)
    if value is None:
        raise BenchError("too few samples: no failure among those tested on")
    return value
