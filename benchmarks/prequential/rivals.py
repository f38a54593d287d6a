"""Rivals: what a service could have done instead, trained in batch on what it could have known; and an oracle."""

import math
import pickle
import time
from importlib.util import find_spec
from typing import Any, Final, Literal

import numpy as np
from msgspec import Struct

from benchmarks.prequential.history import Hindsight, History, Known, Questions, questions
from benchmarks.prequential.once import fingerprint, once
from benchmarks.prequential.played import Cost, Floats, Played, Rows
from benchmarks.report import BenchError

Kind = Literal["forest", "lightgbm"]

_TREES, _LEAST, _DRAWS = 60, 5, 10_000
_NEGATIVES = 25_000
FEWEST: Final = 30
"""Positives that a training needs."""
FROZEN: Final = 10_000
"""Examples that a frozen model is trained on, at most."""
SKIPPED: Final = 0.3
"""A frozen model is trained at the latest when this share of the examples has come, so that the rest can judge it."""
_EPSILON = 1e-4


class Rival(Struct, frozen=True, kw_only=True):
    """What a rival answered.

    Attributes:
        risks: NaN where it gave none; (n,).
        cost: What that took.
    """

    risks: Floats
    cost: Cost


class _Trained:
    """A model fitted to examples with known labels, which counts its CPU time."""

    def __init__(self, kind: Kind, asked: Questions, known: Known, rng: np.random.Generator) -> None:
        began = time.process_time()
        positives, negatives = known.examples[known.labels], known.examples[~known.labels]
        healthy = len(negatives)
        if healthy > _NEGATIVES:
            negatives = rng.choice(negatives, _NEGATIVES, replace=False)
        learned = np.concatenate([positives, negatives])
        labels = np.arange(len(learned)) < len(positives)
        seed = int(rng.integers(2**31))
        self._model = _forest(len(learned), seed) if kind == "forest" else _lightgbm(seed)
        self._model.fit(asked.rows[learned], labels)
        self._shift = math.log(healthy / len(negatives))  # by how much leaving negatives out raises the log odds
        self.fit_s = time.process_time() - began
        self.ask_s = 0.0

    def risks(self, rows: Rows) -> Floats:
        """What it says of rows, (n, f); (n,)."""
        began = time.process_time()
        raw = np.clip(self._model.predict_proba(rows)[:, 1], _EPSILON, 1.0 - _EPSILON)
        out = 1.0 / (1.0 + (1.0 - raw) / raw * math.exp(self._shift))
        self.ask_s += time.process_time() - began
        return np.asarray(out, np.float64)

    def size(self) -> int:
        """Bytes of the pickled model."""
        return len(pickle.dumps(self._model, protocol=5))


def check_lightgbm() -> None:
    """Tell before a long run that a rival is missing.

    Raises:
        BenchError: LightGBM is absent.
    """
    if find_spec("lightgbm") is None:
        raise BenchError("LightGBM is not installed: pip install 'hearthbeat[bench]'")


def retrained_beside(played: Played, every_us: int, seed: int, kind: Kind = "forest") -> Rival:
    """`retrained` beside a stream; in a report, once for all benchmarks."""
    return once(
        lambda: retrained(questions(played), History(played), every_us, seed, kind),
        "retrained", fingerprint(played), every_us, seed, kind,
    )  # fmt: skip


def retrained(asked: Questions, history: History, every_us: int, seed: int, kind: Kind = "forest") -> Rival:
    """A model trained anew every so often on all labels that are final by then; before the first it gives no risk.

    Of negatives it is given 25,000 at most, drawn from all of them; with more it was not better.
    """
    out = np.full(len(asked.ts), np.nan)
    rng = np.random.default_rng(seed)
    fit_s, ask_s, answered, size = 0.0, 0.0, 0, 0
    at = int(asked.ts[0]) + every_us
    while at < asked.ts[-1]:
        until = at + every_us
        places = np.arange(*np.searchsorted(asked.ts, [at, until], side="right"))
        known = history.known(at)
        if len(places) and _enough(known):
            model = _Trained(kind, asked, known, rng)
            out[places] = model.risks(asked.rows[places])
            fit_s, ask_s, answered = fit_s + model.fit_s, ask_s + model.ask_s, answered + len(places)
            if until >= asked.ts[-1]:
                size = model.size()
        at = until
    return Rival(risks=out, cost=_cost(asked, fit_s, ask_s, answered, size))


def frozen(asked: Questions, history: History, seed: int) -> Rival:
    """A RandomForest trained once, on the first up to 10,000 labels that are final, and never again."""
    out = np.full(len(asked.ts), np.nan)
    at = int(asked.ts[int(SKIPPED * (len(asked.ts) - 1))])
    enough = history.final_at(FROZEN)
    at = at if enough is None else min(at, enough)
    known = history.known(at).first(FROZEN)
    if not _enough(known):  # failures are too rare: it waits for them
        places = asked.ts[np.searchsorted(asked.ts, at, side="right") :: max(len(asked.ts) // 200, 1)]
        later = (int(instant) for instant in places)
        at = next((instant for instant in later if _enough(history.known(instant))), int(asked.ts[-1]))
        known = history.known(at)
    if not _enough(known):
        return Rival(risks=out, cost=Cost(cpu_s=0.0))
    model = _Trained("forest", asked, known, np.random.default_rng(seed))
    places = np.flatnonzero(asked.ts > at)
    out[places] = model.risks(asked.rows[places])
    return Rival(risks=out, cost=_cost(asked, model.fit_s, model.ask_s, len(places), model.size()))


def oracle(asked: Questions, hindsight: Hindsight, since_us: int, seed: int) -> Floats:
    """Risks from an instant on by forests trained on all that came after it, of other devices; (n,), NaN before."""
    out = np.full(len(asked.ts), np.nan)
    after = asked.ts >= since_us
    rng = np.random.default_rng(seed)
    devices = np.unique(asked.device[after])
    fold = rng.integers(0, 4, len(devices))
    for number in range(4):
        mine = devices[fold == number]
        places, known = np.flatnonzero(after & np.isin(asked.device, mine)), hindsight.of_others(mine, since_us)
        if len(places) and _enough(known):
            out[places] = _Trained("forest", asked, known, rng).risks(asked.rows[places])
    return out


def _enough(known: Known) -> bool:
    return int(known.labels.sum()) >= FEWEST and not known.labels.all()


def _cost(asked: Questions, fit_s: float, ask_s: float, answered: int, size: int) -> Cost:
    """Fits are what they were; answering is as if every reading had been asked about."""
    each = ask_s / answered if answered else 0.0
    return Cost(cpu_s=1e6 * (fit_s / asked.readings + each), bytes=size or None)


def _forest(learned: int, seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    # Classes are not weighed: forests that weigh them evenly were worse rivals, on drives (PR-AUC of the weeks .18, .11
    # and .33 against .37, .18 and .42) and on a fleet (.16 and .37 against .18 and .40).
    return RandomForestClassifier(_TREES, min_samples_leaf=_LEAST, max_samples=min(_DRAWS, learned), random_state=seed)


def _lightgbm(seed: int) -> Any:
    from lightgbm import LGBMClassifier

    # Its own defaults, but for what makes one thread fast and the result the same each time.
    return LGBMClassifier(random_state=seed, n_jobs=1, deterministic=True, force_col_wise=True, verbose=-1)
