"""The calibration of a home type's blend, learned from what the blend would say now about examples that matured.

A home type with few failing devices is drawn towards the fleet's fit, and that towards no change at all.

The members' risks given then are blended with the weights in force now, uncalibrated, so that the fit always is about
the committee as it is, and never about a blend that an earlier fit has changed.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from service.evaluation.calibration import HALF_LIFE, Platt
from service.labels.join import CENSORED, POSITIVE
from service.models.committee import ONLINE
from service.models.stacking import log_odds

REFIT_EXAMPLES = 200
_FLEET = 8
_MOST_REPEATS = 48.0
_EPSILON = 1e-7


class Calibration:
    """A fit to matured examples: the fleet's, or, drawn towards that, a home type's.

    Args:
        times: Its fits come so many times as seldom as a home type's, and it remembers so many times as much.

    Attributes:
        slope, offset: Calibrated log odds are slope times the blend's plus offset.
        positives, failing: Positive examples so far, and devices that have had one.
    """

    def __init__(self, times: int = 1) -> None:
        self.slope, self.offset = 1.0, 0.0
        self.positives = self.failing = 0
        self._every = times * REFIT_EXAMPLES
        self._platt = Platt(half_life=times * HALF_LIFE)
        self._since_fit = 0

    def count(self, logits: Sequence[float], positive: Sequence[bool]) -> None:
        """Count examples: what the blend would say of each, uncalibrated, and its label."""
        for logit, failed in zip(logits, positive, strict=True):
            self._platt.add(logit, failed)
        self._since_fit += len(logits)

    def correct(self, logits: Sequence[float], believed: Sequence[bool]) -> None:
        """Count examples as positive after all; ``believed`` says which of them had counted as negative."""
        for logit, was in zip(logits, believed, strict=True):
            self._platt.correct(logit, believed=was)
        self._since_fit += len(logits)

    def refit(self, before: tuple[float, float] = (1.0, 0.0)) -> None:
        """Fit anew if enough examples have come, drawn towards the slope and offset ``before``."""
        if self._since_fit >= self._every:
            self._since_fit = 0
            self._platt.repeats = min(max(self.positives / max(self.failing, 1), 1.0), _MOST_REPEATS)
            self.slope, self.offset = self._platt.fit(before)


def fleet_calibration() -> Calibration:
    """The fit of a fleet, which has as many examples as its home types together: they are eight."""
    return Calibration(_FLEET)


class HomeTypeCalibration(Calibration):
    """The fit of one home type, which also feeds the fleet's."""

    def __init__(self) -> None:
        super().__init__()
        self._failed = np.zeros(64, np.bool_)  # by device

    def learn(
        self,
        device: npt.NDArray[np.int32],
        label: npt.NDArray[np.int8],
        risks: Mapping[str, npt.NDArray[np.float32]],
        weights: Mapping[str, float],
        fleet: Calibration,
    ) -> None:
        """Count matured examples, columns (n,), here and in the fleet, and fit both anew if enough have come.

        Nothing is learned while the checkpoint, the baseline or the prior carries alone: that is not calibrated.
        """
        self._note(device[label == POSITIVE], fleet)
        if not _blended(weights):
            return
        known = label > CENSORED
        logits = blended_logits(risks, weights)[known].tolist()
        positive = (label[known] == POSITIVE).tolist()
        for fit in (fleet, self):
            fit.count(logits, positive)
        fleet.refit()
        self.refit((fleet.slope, fleet.offset))

    def learn_late(
        self,
        device: npt.NDArray[np.int32],
        believed: npt.NDArray[np.bool_],
        risks: Mapping[str, npt.NDArray[np.float32]],
        weights: Mapping[str, float],
        fleet: Calibration,
    ) -> None:
        """Count examples, columns (n,), that a late failure made positive; ``believed`` were counted as negative."""
        self._note(device, fleet)
        if not _blended(weights):
            return
        logits, was = blended_logits(risks, weights).tolist(), believed.tolist()
        for fit in (fleet, self):
            fit.correct(logits, was)

    def _note(self, failed: npt.NDArray[np.int32], fleet: Calibration) -> None:
        """Count positive examples and the devices they are of."""
        if not len(failed):
            return
        if failed.max() >= len(self._failed):
            room = max(int(failed.max()) + 1, 2 * len(self._failed)) - len(self._failed)
            self._failed = np.append(self._failed, np.zeros(room, np.bool_))
        new = int((~self._failed[np.unique(failed)]).sum())
        self._failed[failed] = True
        for fit in (fleet, self):
            fit.positives += len(failed)
            fit.failing += new


def _blended(weights: Mapping[str, float]) -> bool:
    """Whether nobody carries alone who is not calibrated."""
    voting = [member for member, weight in weights.items() if weight > 0.0]
    return len(voting) >= 2 or not ONLINE.isdisjoint(voting)


def blended_logits(
    risks: Mapping[str, npt.NDArray[np.float32]], weights: Mapping[str, float]
) -> npt.NDArray[np.float64]:
    """Weighted mean of the members' log odds, NaN where none with a weight gave a risk; (n,)."""
    count = max((len(column) for column in risks.values()), default=0)
    total, mass = np.zeros(count), np.zeros(count)
    for member, weight in weights.items():
        column = risks.get(member)
        if column is None or weight <= 0.0:
            continue
        given = ~np.isnan(column)
        total[given] += weight * log_odds(column[given], _EPSILON)
        mass[given] += weight
    return np.asarray(np.divide(total, mass, out=np.full(count, np.nan), where=mass > 0.0))
