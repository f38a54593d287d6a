"""Models: what learns a batch of samples, and how its answers are asked for."""

import math
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.report import BenchError
from service.models.blend import RAW_FLOOR
from service.models.bound import BoundModel
from service.models.compiled import CompiledModel
from service.models.forest import compile_random_forest, train_forest
from service.models.online import OnlineModel
from simulator.arrays import Flags, Floats

Rows = npt.NDArray[np.float32]
Score = Callable[[Rows], Floats]
"""From feature rows (n, f) to raw probabilities, (n,)."""

_PIECE: Final = 1_000


def forest_score(columns: Sequence[str], rows: Rows, labels: Flags, seed: int) -> Score:
    """Train the service's RandomForest; it answers in its compiled form, whose numbers are the original's.

    Raises:
        BenchError: There are not both classes.
    """
    try:
        model = train_forest(rows, labels, seed=seed)
    except ValueError as error:
        raise BenchError(f"of {len(labels)} samples {int(labels.sum())} are failures: {error}") from None
    return compiled_score(compile_random_forest(model, columns), columns)


def online_score(kind: str, columns: Sequence[str], rows: Rows, labels: Flags, seed: int) -> Score:
    """Let a River member learn rows one by one, in their order; it answers in its compiled form."""
    compiled = learned_online(kind, columns, rows, labels, seed).compiled()
    assert compiled is not None, "a model that has learned has a compiled form"
    return compiled_score(compiled, columns)


def learned_online(kind: str, columns: Sequence[str], rows: Rows, labels: Flags, seed: int) -> OnlineModel:
    """Let a River member learn rows one by one, in their order."""
    model = OnlineModel(kind, seed)
    for first in range(0, len(rows), _PIECE):  # as dicts, rows take much memory
        piece = slice(first, first + _PIECE)
        for row, label in zip(as_dicts(columns, rows[piece]), labels[piece].tolist(), strict=True):
            model.learn(row, label, features=len(columns))
    return model


def compiled_score(model: CompiledModel, columns: Sequence[str]) -> Score:
    """How a compiled model scores rows of these columns."""
    place = {name: number for number, name in enumerate(columns)}
    return BoundModel(model, np.array([place[name] for name in model.names], np.int32)).score


def as_dicts(columns: Sequence[str], rows: Rows) -> list[dict[str, float]]:
    """Rows as River takes them: an unknown value is a missing key."""
    return [{name: v for name, v in zip(columns, row, strict=True) if v == v} for row in rows.tolist()]


def risks_of(raw: Floats, learned_odds: float, base_rate: float) -> Floats:
    """Risks, (n,), of raw probabilities that were learned at other odds, as the service corrects them.

    Args:
        raw: Raw probabilities, (n,); they are kept `RAW_FLOOR` away from 0 and 1.
        learned_odds: Odds of a failure among what was learned.
        base_rate: Share of failures among all that was known.
    """
    clipped = np.clip(raw, RAW_FLOOR, 1.0 - RAW_FLOOR)
    shift = math.log(learned_odds) - math.log(base_rate / (1.0 - base_rate))
    return np.asarray(1.0 / (1.0 + np.exp(-(np.log(clipped) - np.log1p(-clipped) - shift))))


def odds_of(labels: Flags) -> float:
    """Odds of a failure among labels, (n,)."""
    positives = int(labels.sum())
    return (positives + 0.5) / (len(labels) - positives + 0.5)
