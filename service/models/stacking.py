"""Stacking: weights of the members, learned from how their risks and the labels went together.

The blend is a weighted mean of the members' logits. Non-negative weights are fitted to the matured examples of the last
horizons by logistic regression, drawn towards weights known before by a ridge: the fleet's towards what is expected, a
home type's towards the fleet's. Examples of one device repeat each other, so each counts as a thirtieth: a few failing
devices move the weights little, hundreds decide them.

Source: Breiman, "Stacked regressions", Machine Learning 24 (1996), for non-negative stacking; the ridge towards a prior
is the maximum a posteriori estimate under a Gaussian one.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from service.models.committee import BEFOREHAND, IN_TIME, STACKED

Floats = npt.NDArray[np.float64]

_POSITIVES, _NEGATIVES = 6_000, 12_000
_REPEATS = 30.0
_RIDGE = 30.0
_HALF_LIFE_HORIZONS = 3.0
_REMEMBERED = 200.0
_LONGER, _LONGEST = 1.5, 16.0
_HALFWAY = 30.0
_FITS_A_HORIZON = 4
_FEWEST = 20
_STEPS = 12
_CLOSE = 1e-6
_EPSILON = 1e-4


def expected(failing: int = 0) -> Floats:
    """What is expected of members before their risks are looked at, adding up to 1; float64 (members,).

    It begins with `BEFOREHAND` and goes to `IN_TIME`, half of the way with every 30 devices of the fleet that failed:
    of them checkpoints learn, and the baseline does not.

    Args:
        failing: How many devices of the fleet have failed so far.
    """
    left = 0.5 ** (failing / _HALFWAY)
    weights = np.array([left * BEFOREHAND[name] + (1.0 - left) * IN_TIME[name] for name in STACKED])
    return np.asarray(weights / weights.sum())


def log_odds(risk: npt.NDArray[np.float32], epsilon: float) -> Floats:
    """Log odds of risks kept ``epsilon`` away from 0 and 1, NaN where there is none; of the same shape."""
    kept = np.clip(risk.astype(np.float64), epsilon, 1.0 - epsilon)
    return np.asarray(np.log(kept) - np.log1p(-kept))


def member_logits(risks: Mapping[str, npt.NDArray[np.float32]], rows: npt.NDArray[np.int64]) -> Floats:
    """Log odds by example and member of `STACKED`, NaN where one gave none; float64 (len(rows), members)."""
    out = np.full((len(rows), len(STACKED)), np.nan)
    for place, member in enumerate(STACKED):
        if member in risks:
            out[:, place] = log_odds(risks[member][rows], _EPSILON)
    return out


class _Ring:
    """The newest rows, up to a bound, with how many examples each stands for and when it matured."""

    def __init__(self, room: int, width: int) -> None:
        self._room = room
        self._rows = np.zeros((0, width), np.float32)
        self._stands = np.zeros(0, np.float32)
        self._at_us = np.zeros(0, np.int64)
        self._next = 0

    def put(self, rows: Floats, stands: float, at_us: int) -> None:
        rows = rows[-self._room :]
        grow = min(len(rows), self._room - len(self._rows))
        if grow:
            self._rows = np.concatenate([self._rows, rows[:grow].astype(np.float32)])
            self._stands = np.append(self._stands, np.full(grow, stands, np.float32))
            self._at_us = np.append(self._at_us, np.full(grow, at_us))
        places = (self._next + np.arange(len(rows) - grow)) % self._room
        self._rows[places], self._stands[places], self._at_us[places] = rows[grow:], stands, at_us
        if len(places):
            self._next = int(places[-1] + 1) % self._room

    def left(self, now_us: int, half_life_us: float) -> Floats:
        """For how many examples each row still stands."""
        return np.asarray(self._stands * 0.5 ** ((now_us - self._at_us) / half_life_us))

    def held(self, now_us: int, half_life_us: float) -> tuple[Floats, Floats]:
        """Rows, and for how many examples each still stands; those of which next to nothing is left are left out."""
        left = self.left(now_us, half_life_us)
        recent = left > 0.05 * self._stands
        return self._rows[recent].astype(np.float64), left[recent]


class Stacking:
    """Weights of a fixed list of members, fitted anew every quarter of a horizon.

    Args:
        prior: Their weights before anything is known; (members,).
        horizon_us: The horizon in microseconds.

    Attributes:
        weights: float64 (members,), none negative.
    """

    def __init__(self, prior: Floats, horizon_us: int) -> None:
        members = len(prior)
        self.weights = prior.copy()
        self._members = members
        self._every_us = horizon_us // _FITS_A_HORIZON
        self._fitted_us = 0
        self._half_life_us = _HALF_LIFE_HORIZONS * horizon_us
        self._positives = _Ring(_POSITIVES, members)
        self._negatives = _Ring(_NEGATIVES, members)
        self._seen = [0.0, 0.0]
        self._kept = 0.0
        self._at_us = 0
        self._offset = 0.0

    def add(self, logits: Floats, positive: npt.NDArray[np.bool_], at_us: int) -> None:
        """Matured examples: their members' logits, NaN where one gave none, float64 (n, m), and labels, (n,).

        Of negatives every so many-th is kept, such that there are about twice as many as positives.
        """
        decay = 0.5 ** (max(at_us - self._at_us, 0) / self._half_life_us) if self._at_us else 1.0
        self._at_us = max(at_us, self._at_us)
        negatives = logits[~positive]
        self._seen = [self._seen[0] * decay + len(negatives), self._seen[1] * decay + int(positive.sum())]
        self._positives.put(logits[positive], 1.0, at_us)
        rate = min(1.0, 2.0 * self._seen[1] / max(self._seen[0], 1.0))
        due = self._kept + rate * np.arange(1, len(negatives) + 1)
        kept = np.floor(due) > np.floor(np.append(self._kept, due[:-1])) if len(negatives) else np.zeros(0, np.bool_)
        self._kept = float(due[-1] % 1.0) if len(negatives) else self._kept
        if kept.any():
            self._negatives.put(negatives[kept], 1.0 / rate, at_us)

    def refit(self, prior: Floats) -> None:
        """Fit the weights anew if it is time, drawn towards ``prior``, float64 (members,)."""
        if self._at_us - self._fitted_us >= self._every_us:
            self._fitted_us = self._at_us
            self.weights = self._fitted(prior)

    def _memory_us(self) -> float:
        """The half-life with which enough positives are left, at most `_LONGEST` times the usual one."""
        longest = _LONGEST * self._half_life_us
        half_life_us = self._half_life_us
        while half_life_us < longest and self._positives.left(self._at_us, half_life_us).sum() < _REMEMBERED:
            half_life_us *= _LONGER
        return min(half_life_us, longest)

    def _fitted(self, prior: Floats) -> Floats:
        half_life_us = self._memory_us()
        positives, p_left = self._positives.held(self._at_us, half_life_us)
        negatives, n_left = self._negatives.held(self._at_us, half_life_us)
        if len(positives) < _FEWEST or len(negatives) < _FEWEST:
            return prior.copy()
        rows = np.concatenate([positives, negatives])
        given = ~np.isnan(rows)
        voters = np.maximum(given.sum(1, keepdims=True), 1)
        filled = np.where(given, rows, np.where(given, rows, 0.0).sum(1, keepdims=True) / voters)
        mass = np.concatenate([p_left, n_left]) / _REPEATS
        labels = np.concatenate([np.ones(len(positives)), np.zeros(len(negatives))])
        return self._newton(filled, labels, mass, prior)

    def _newton(self, rows: Floats, labels: Floats, mass: Floats, prior: Floats) -> Floats:
        """Projected Newton steps: a weight that has come to zero and is pulled below is left out of the step.

        Sums are taken in order and not by a parallel library, so that the same log gives the same weights.
        """
        m = self._members
        design = np.column_stack([rows, np.ones(len(rows))])
        theta = np.append(self.weights, self._offset)
        ridge = np.append(np.full(m, _RIDGE), 1e-3)
        centre = np.append(prior, 0.0)
        for _ in range(_STEPS):
            risk = 1.0 / (1.0 + np.exp(-np.clip(np.einsum("ni,i->n", design, theta), -35.0, 35.0)))
            gradient = np.einsum("ni,n->i", design, mass * (risk - labels)) + ridge * (theta - centre)
            hessian = np.einsum("ni,nj->ij", design * (mass * risk * (1.0 - risk))[:, None], design) + np.diag(ridge)
            free = np.append((theta[:m] > 0.0) | (gradient[:m] < 0.0), True)
            step = np.zeros(m + 1)
            step[free] = np.linalg.solve(hessian[np.ix_(free, free)], gradient[free])
            moved = theta - np.clip(step, -2.0, 2.0)
            moved[:m] = np.maximum(moved[:m], 0.0)
            done = float(np.abs(moved - theta).max()) < _CLOSE
            theta = moved
            if done:
                break
        self._offset = float(theta[m])
        return theta[:m]
