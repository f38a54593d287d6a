"""The calibration of a home type's blend, learned from what the blend would say now about examples that matured.

The members' risks given then are blended with the weights in force now, uncalibrated, so that the fit always is about
the committee as it is, and never about a blend that an earlier fit has changed.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from service.evaluation.calibration import Platt
from service.labels.join import CENSORED, POSITIVE
from service.models.committee import ONLINE
from service.models.stacking import log_odds

REFIT_EXAMPLES = 200
_MOST_REPEATS = 48.0
_EPSILON = 1e-7


class Calibration:
    """The fit of one home type.

    Attributes:
        slope, offset: Calibrated log odds are slope times the blend's plus offset.
        failing: Which devices have had a positive example; (room for devices,).
        positives: Positive examples so far.
    """

    def __init__(self) -> None:
        self.slope, self.offset = 1.0, 0.0
        self.failing = np.zeros(64, np.bool_)
        self.positives = 0
        self._platt = Platt()
        self._since_fit = 0

    def learn(
        self,
        device: npt.NDArray[np.int32],
        label: npt.NDArray[np.int8],
        risks: Mapping[str, npt.NDArray[np.float32]],
        weights: Mapping[str, float],
    ) -> None:
        """Count matured examples, columns (n,), and fit anew if enough have come.

        Nothing is learned while the checkpoint, the baseline or the prior carries alone: that is not calibrated.
        """
        failed = device[label == POSITIVE]
        if len(failed):
            if failed.max() >= len(self.failing):
                room = max(int(failed.max()) + 1, 2 * len(self.failing)) - len(self.failing)
                self.failing = np.append(self.failing, np.zeros(room, np.bool_))
            self.failing[failed] = True
            self.positives += len(failed)
        voting = [member for member, weight in weights.items() if weight > 0.0]
        if len(voting) < 2 and ONLINE.isdisjoint(voting):
            return
        known = label > CENSORED
        for logit, positive in zip(
            blended_logits(risks, weights)[known].tolist(), (label[known] == POSITIVE).tolist(), strict=True
        ):
            self._platt.add(logit, positive)
        self._since_fit += int(known.sum())
        if self._since_fit >= REFIT_EXAMPLES:
            self._since_fit = 0
            self._platt.repeats = min(max(self.positives / max(int(self.failing.sum()), 1), 1.0), _MOST_REPEATS)
            self.slope, self.offset = self._platt.fit()


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
