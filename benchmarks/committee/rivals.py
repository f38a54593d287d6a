"""Rivals: RandomForests that a service could not have, or would have to train all the time."""

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import RandomForestClassifier

from benchmarks.committee.stream import HOUR_US, Played

_TREES, _LEAST, _DRAWS = 60, 5, 10_000
_NEGATIVES = 25_000
_FEWEST = 30


def retrained(played: Played, every_us: int, seed: int) -> npt.NDArray[np.float64]:
    """Risks of a forest trained anew every so often on all labels that are final by then; (n,), NaN before the first.

    Of negatives it is given 25,000 at most, drawn from all of them; with more it was not better.
    """
    out = np.full(len(played.ts), np.nan)
    final = played.ts + played.horizon_us + played.horizon_us // 24
    rng = np.random.default_rng(seed)
    at = int(played.ts[0]) + every_us
    while at < played.ts[-1]:
        known, asked = np.flatnonzero(final <= at), np.flatnonzero((played.ts > at) & (played.ts <= at + every_us))
        if len(asked) and played.labels[known].sum() >= _FEWEST:
            out[asked] = _risks(played, known, asked, rng)
        at += every_us
    return out


def oracle(played: Played, since_us: int, seed: int) -> npt.NDArray[np.float64]:
    """Risks from an instant on by forests trained on all that came after it, of other devices; (n,), NaN before."""
    out = np.full(len(played.ts), np.nan)
    after = played.ts >= since_us
    rng = np.random.default_rng(seed)
    devices = np.unique(played.device[after])
    fold = dict(zip(devices.tolist(), rng.integers(0, 4, len(devices)).tolist(), strict=True))
    of = np.array([fold.get(device, -1) for device in played.device.tolist()])
    for number in range(4):
        asked, known = np.flatnonzero(after & (of == number)), np.flatnonzero(after & (of != number))
        if len(asked) and played.labels[known].sum() >= _FEWEST:
            out[asked] = _risks(played, known, asked, rng)
    return out


def every_us(played: Played, *, real: bool) -> int:
    """How often the retrained forest is trained: every day, or for real sets every horizon."""
    return played.horizon_us if real else 24 * HOUR_US


def _risks(
    played: Played, known: npt.NDArray[np.int64], asked: npt.NDArray[np.int64], rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    negatives = known[~played.labels[known]]
    if len(negatives) > _NEGATIVES:
        negatives = rng.choice(negatives, _NEGATIVES, replace=False)
    learned = np.concatenate([known[played.labels[known]], negatives])
    model = RandomForestClassifier(
        _TREES, min_samples_leaf=_LEAST, max_samples=min(_DRAWS, len(learned)), class_weight="balanced_subsample",
        random_state=int(rng.integers(2**31)),
    )  # fmt: skip
    model.fit(played.rows[learned], played.labels[learned])
    return np.asarray(model.predict_proba(played.rows[asked])[:, 1])
