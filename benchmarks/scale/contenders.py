"""Contenders: what is trained on more and more samples. Settings are fixed, the same for all sizes, and tuned for none.

All work on one thread, so that times compare; only TabPFN takes what it finds. `CONTENDERS` is a table: to add one,
write a function that fits it.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from msgspec import Struct
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from benchmarks.batch.models import Rows, Score, as_dicts, learned_online, odds_of
from service.models.compiled import CompiledModel
from service.models.forest import compile_random_forest, train_forest
from simulator.arrays import Flags, Floats

_ROUNDS, _RATE = 200, 0.05  # of gradient boosting, of both kinds
_TABPFN_CPU, _TABPFN_GPU = 1_000, 10_000  # samples: what its makers think feasible, and what its first versions are for
_TABPFN_PIECE: Final = 1_000


class Unavailable(Exception):
    """A contender cannot take part; the reason, for the user."""


class Fitted(Struct, frozen=True, kw_only=True):
    """A fitted model.

    Attributes:
        model: What must be kept of it.
        score: How it answers in its own library; from rows (n, f) to raw probabilities (n,).
        odds: Odds of a failure that it has learned.
        compiled: Makes the form in which the service has it, if it has one.
        row_by_row: Whether its library scores rows only one by one.
    """

    model: Any
    score: Score
    odds: float
    compiled: Callable[[], CompiledModel | None] = lambda: None
    row_by_row: bool = False


Fit = Callable[[Sequence[str], Rows, Flags, int], Fitted]
"""From feature names (f,), rows (n, f) in order of time, labels (n,) and a seed to a fitted model.

Raises:
    Unavailable: It cannot.
"""


def _random_forest(columns: Sequence[str], rows: Rows, labels: Flags, seed: int) -> Fitted:
    """The service's own, of bounded size."""
    model = train_forest(rows, labels, seed=seed)
    compiled = partial(compile_random_forest, model, columns)
    return Fitted(model=model, score=_of_sklearn(model), odds=odds_of(labels), compiled=compiled)


def _uncapped(columns: Sequence[str], rows: Rows, labels: Flags, seed: int) -> Fitted:
    """Twice the trees, each grown of as many rows as there are, with as many leaves as it wants."""
    model = RandomForestClassifier(100, min_samples_leaf=5, random_state=seed, n_jobs=1).fit(rows, labels)
    return Fitted(model=model, score=_of_sklearn(model), odds=odds_of(labels))


def _hist_gradient_boosting(columns: Sequence[str], rows: Rows, labels: Flags, seed: int) -> Fitted:
    model = HistGradientBoostingClassifier(
        max_iter=_ROUNDS, learning_rate=_RATE, early_stopping=False, random_state=seed
    ).fit(rows, labels)
    return Fitted(model=model, score=_of_sklearn(model), odds=odds_of(labels))


def _lightgbm(columns: Sequence[str], rows: Rows, labels: Flags, seed: int) -> Fitted:
    if find_spec("lightgbm") is None:
        raise Unavailable("lightgbm is not installed: pip install 'hearthbeat[bench]'")
    lightgbm = import_module("lightgbm")
    settings = {
        "objective": "binary", "learning_rate": _RATE, "num_threads": 1, "verbosity": -1, "seed": seed,
        "deterministic": True, "force_row_wise": True,
    }  # fmt: skip
    model = lightgbm.train(settings, lightgbm.Dataset(rows, labels.astype(np.float32)), _ROUNDS)
    model.free_dataset()
    return Fitted(
        model=model, score=lambda asked: np.asarray(model.predict(asked, num_threads=1)), odds=odds_of(labels)
    )


def _online(kind: str) -> Fit:
    def fit(columns: Sequence[str], rows: Rows, labels: Flags, seed: int) -> Fitted:
        model = learned_online(kind, columns, rows, labels, seed)
        return Fitted(
            model=model, odds=odds_of(labels), row_by_row=True, compiled=model.compiled,
            score=lambda asked: np.array([model.predict(row) for row in as_dicts(columns, asked)]),
        )  # fmt: skip

    return fit


def _tabpfn(columns: Sequence[str], rows: Rows, labels: Flags, seed: int) -> Fitted:
    """TabPFN, which loads weights at its first use, from the net if they are not there.

    Source: Hollmann et al., "Accurate predictions on small data with a tabular foundation model", Nature 637 (2025).
    """
    if find_spec("tabpfn") is None:
        raise Unavailable("tabpfn is not installed: pip install 'hearthbeat[tabpfn]'")
    os.environ.setdefault("TABPFN_NO_BROWSER", "1")  # it would wait for somebody to sign in
    try:
        gpu = bool(import_module("torch").cuda.is_available())
        most = _TABPFN_GPU if gpu else _TABPFN_CPU
        if len(rows) > most:
            raise Unavailable(f"{'with' if gpu else 'without'} a GPU it is asked to learn {most:,} samples at most")
        model = import_module("tabpfn").TabPFNClassifier(device="cuda" if gpu else "cpu", random_state=seed)
        model.fit(rows, labels.astype(np.int64))
        model.predict_proba(rows[:2])  # whatever is missing shows itself now
    except Unavailable:
        raise
    except Exception as error:  # whatever it lacks: weights, a licence that is accepted, memory
        first = next(iter(str(error).strip().splitlines()), "")
        raise Unavailable(f"tabpfn cannot be used: {type(error).__name__}: {first}") from error
    positive = list(model.classes_).index(1)

    def score(asked: Rows) -> Floats:
        pieces = [asked[n : n + _TABPFN_PIECE] for n in range(0, len(asked), _TABPFN_PIECE)]
        return np.concatenate([np.asarray(model.predict_proba(piece), np.float64)[:, positive] for piece in pieces])

    return Fitted(model=model, score=score, odds=odds_of(labels))


def _of_sklearn(model: Any) -> Score:
    positive = list(model.classes_).index(True)
    return lambda asked: np.asarray(model.predict_proba(asked)[:, positive])


CONTENDERS: Mapping[str, Fit] = MappingProxyType(
    {
        "random_forest": _random_forest,
        "random_forest_uncapped": _uncapped,
        "hist_gradient_boosting": _hist_gradient_boosting,
        "lightgbm": _lightgbm,
        "river_forest": _online("forest"),
        "river_logistic": _online("logistic"),
        "tabpfn": _tabpfn,
    }
)
"""How each is fitted, by name."""
