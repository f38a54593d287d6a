"""Rules: other ways to weigh the members, replayed on the risks that they gave. They are known as labels become final.

- *equal*: the mean of the log odds of all members that gave a risk;
- *softmax*: weights exp(-5 times decayed mean log loss), of each home type, drawn towards the fleet's;
- *champion*: the member with the least decayed log loss alone; only one that is better by a hundredth replaces it.

The prior is no member here, and nobody is benched or calibrated.
"""

import numpy as np
import numpy.typing as npt

from benchmarks.prequential.played import NOT_BELIEVED, Ints, Played
from service.models.committee import PRIOR

_STEPS_A_HORIZON = 24
_HALF_LIFE_HORIZONS = 3.0
_SHARPNESS = 5.0
_BETTER = 0.01
_DRAWN = 1_000.0  # examples' worth of the fleet in the losses of a home type
_EPSILON = 1e-4

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int8]


def by_rule(played: Played) -> dict[str, Floats]:
    """Scores of each rule, log odds whose order counts; (n,) each."""
    names = [name for name in played.members if name != PRIOR]
    risks = np.column_stack([played.members[name] for name in names])
    given = ~np.isnan(risks)
    kept = np.clip(np.nan_to_num(risks, nan=0.5), _EPSILON, 1.0 - _EPSILON)
    logits = np.log(kept) - np.log1p(-kept)

    step_us = max(played.horizon_us // _STEPS_A_HORIZON, 1)
    begin = int(played.ts[0])
    step = (played.ts - begin) // step_us
    final = (played.ts + played.horizon_us + played.horizon_us // 24 - begin) // step_us + 1
    home_type, group = np.unique(played.device >> 32, return_inverse=True)
    steps, width = int(step.max()) + 1, len(names)

    shape = (steps, len(home_type), width)
    total, mass = np.zeros(shape), np.zeros(shape)
    for at, labels in _known(played, final, begin, step_us):
        known = np.flatnonzero((at < steps) & (labels != NOT_BELIEVED))
        sign = np.where(labels[known, None] == 1, -1.0, 1.0)
        loss = np.where(given[known], np.logaddexp(0.0, sign * logits[known]), 0.0)
        np.add.at(total, (at[known], group[known]), loss)
        np.add.at(mass, (at[known], group[known]), given[known].astype(np.float64))
    keep = 0.5 ** (1.0 / (_HALF_LIFE_HORIZONS * _STEPS_A_HORIZON))
    softmax, champion = np.full(shape, 1.0 / width), np.full(shape, 1.0 / width)
    first = np.full(len(home_type), -1)
    for now in range(1, steps):
        total[now] += keep * total[now - 1]
        mass[now] += keep * mass[now - 1]
        means = _means(total[now], mass[now])
        if np.isnan(means).all():
            continue
        level = np.where(np.isnan(means), np.inf, means)
        weights = np.exp(-_SHARPNESS * (level - level.min(1, keepdims=True)))
        softmax[now] = weights / weights.sum(1, keepdims=True)
        first = _champions(level, first)
        champion[now] = np.eye(width)[first]
    return {
        "equal": _blend(logits, given, np.ones((len(logits), width))),
        "softmax": _blend(logits, given, softmax[step, group]),
        "champion": _blend(logits, given, champion[step, group]),
    }


def _known(played: Played, final: Ints, begin_us: int, step_us: int) -> list[tuple[Ints, Labels]]:
    """Steps from which on labels are known, (n,), and these, (n,): as first believed, then as corrected."""
    labels = played.labels.astype(np.int8)
    if played.believed is None or played.corrected_us is None:
        return [(final, labels)]
    corrected = np.maximum((played.corrected_us - begin_us) // step_us + 1, final)
    changed = np.where((labels != played.believed) & (played.corrected_us >= 0), labels, np.int8(NOT_BELIEVED))
    return [(final, played.believed), (corrected, changed)]


def _means(total: Floats, mass: Floats) -> Floats:
    """Mean log loss by home type and member, drawn towards the fleet's; NaN where nobody knows it. (h, m)."""
    of_all = mass.sum(0)
    fleet = np.where(of_all > 0.0, total.sum(0) / np.maximum(of_all, 1e-9), np.nan)
    return np.asarray((total + _DRAWN * fleet) / (mass + _DRAWN))


def _champions(level: Floats, first: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Who leads each home type: who led (-1: nobody), unless somebody is better by a hundredth. (h,)."""
    best = level.argmin(1)
    rows = np.arange(len(level))
    challenged = (first < 0) | (level[rows, best] < level[rows, first] * (1.0 - _BETTER))
    return np.where(challenged, best, first)


def _blend(logits: Floats, given: npt.NDArray[np.bool_], weights: Floats) -> Floats:
    """Weighted mean of the log odds of those that gave a risk; where none with a weight did, of all that did. (n,)."""
    weights = np.where(given, weights, 0.0)
    lost = weights.sum(1) <= 0.0
    weights[lost] = given[lost]
    return np.asarray((weights * logits).sum(1) / np.maximum(weights.sum(1), 1e-9))
