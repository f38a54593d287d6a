"""Scoring: how much faster are compiled models than the originals, and do they give the same numbers?

Three models learn the same simulated examples. Then the same rows are scored by each original and by its compiled form,
in turns, so that both meet the same load of the machine. River scores row by row, as it can only; scikit-learn is asked
for all rows at once, where it is at its best, and row by row, as a service would ask.
"""

import statistics
import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier

from benchmarks.report import Row
from benchmarks.steps import Step, steps
from benchmarks.workload import Workload
from service.models.bound import BoundModel
from service.models.compiled import CompiledModel
from service.models.forest import compile_random_forest, train_forest
from service.models.online import BUILDERS, OnlineModel
from simulator.dataset import labelled_samples

_HORIZON_US = 86_400_000_000
_SKLEARN_SINGLE = 50  # rows asked for one by one, at some milliseconds each

Floats = npt.NDArray[np.float64]
Score = Callable[[], Floats]


def measure(workload: Workload, *, drawn: int = 40_000, scored: int = 1_000, rounds: int = 5) -> list[Row]:
    """Compare the two online models and the random forest with their compiled forms.

    Args:
        workload: ``full`` means four times the rounds, ``quick`` one of a fifth of the samples.
        drawn: How many simulated examples there are before those that are scored. Learned are, as in the service, all
            positives and two negatives for each.
        scored: How many rows are scored.
        rounds: How often; the medians count.
    """
    rounds *= 4 if workload.full else 1
    if workload.quick:
        drawn, rounds = drawn // 5, 1
    with steps(2 + len(BUILDERS)) as step:
        return _measured(drawn, scored, rounds, workload.seed, step)


def _measured(drawn: int, scored: int, rounds: int, seed: int, step: Step) -> list[Row]:
    step("drawing samples")
    samples = labelled_samples(drawn + scored, seed=seed, horizon_us=_HORIZON_US)
    chosen = _chosen(samples.labels[:drawn], seed)
    learned, labels, rows = samples.rows[chosen], samples.labels[chosen], samples.rows[drawn:]
    out: list[Row] = []
    for kind in BUILDERS:
        step(f"River's {kind}")
        model = OnlineModel(kind, seed)
        for row, label in zip(_as_dicts(samples.columns, learned), labels.tolist(), strict=True):
            model.learn(row, label)
        compiled = model.compiled()
        if compiled is None:
            raise AssertionError("a model that has learned has a compiled form")
        original = _river(model, _as_dicts(samples.columns, rows))
        out += _compare(kind, original, _compiled(compiled, samples.columns, rows), rounds)
    step("the random forest")
    forest = train_forest(learned, labels, seed=seed)
    return out + _random_forest(forest, samples.columns, rows, rounds)


def _chosen(labels: npt.NDArray[np.bool_], seed: int) -> npt.NDArray[np.intp]:
    positives, negatives = np.flatnonzero(labels), np.flatnonzero(~labels)
    some = np.random.default_rng(seed).choice(negatives, 2 * len(positives), replace=False)
    return np.sort(np.concatenate([positives, some]))


def _random_forest(
    forest: RandomForestClassifier, columns: Sequence[str], rows: npt.NDArray[np.float32], rounds: int
) -> list[Row]:
    positive = list(forest.classes_).index(True)
    score = _compiled(compile_random_forest(forest, columns), columns, rows)
    out = _compare("random_forest", lambda: forest.predict_proba(rows)[:, positive], score, rounds)
    few = rows[:_SKLEARN_SINGLE]
    began = time.perf_counter()
    for i in range(len(few)):
        forest.predict_proba(few[i : i + 1])
    rate = len(few) / (time.perf_counter() - began)
    return [*out, Row("scoring.random_forest.row_by_row.rows_per_s", rate, "rows/s", "higher")]


def _compare(name: str, original: Score, compiled: Score, rounds: int) -> list[Row]:
    difference = float(np.abs(original() - compiled()).max())  # the first call also loads the kernel
    seconds: dict[Score, list[float]] = {original: [], compiled: []}
    for _ in range(rounds):
        for score, times in seconds.items():
            began = time.perf_counter()
            score()
            times.append(time.perf_counter() - began)
    rows = len(compiled())
    theirs, ours = statistics.median(seconds[original]), statistics.median(seconds[compiled])
    return [
        Row(f"scoring.{name}.original.rows_per_s", rows / theirs, "rows/s", "higher"),
        Row(f"scoring.{name}.compiled.rows_per_s", rows / ours, "rows/s", "higher"),
        Row(f"scoring.{name}.speedup", theirs / ours, "times", "higher"),
        Row(f"scoring.{name}.largest_difference", difference, "", "lower"),
    ]


def _river(model: OnlineModel, dicts: Sequence[dict[str, float]]) -> Score:
    return lambda: np.array([model.predict(row) for row in dicts])


def _compiled(model: CompiledModel, columns: Sequence[str], rows: npt.NDArray[np.float32]) -> Score:
    place = {name: number for number, name in enumerate(columns)}
    bound = BoundModel(model, np.array([place[name] for name in model.names], np.int32))
    return lambda: bound.score(rows)


def _as_dicts(columns: Sequence[str], rows: npt.NDArray[np.float32]) -> list[dict[str, float]]:
    """Rows as River takes them: an unknown value is a missing key."""
    return [{name: v for name, v in zip(columns, row, strict=True) if v == v} for row in rows.tolist()]
