"""The calibration of a home type's blend, learned from what the blend would say now about examples that matured.

The fleet's fit is a free one and follows quickly: it remembers two horizons, but 20,000 examples at least. A home
type's is drawn to it firmly: a few failures must not put home types out of scale with each other, and what comes over a
fleet comes over all.

Measured on captured streams of 26 homes, replayed (fits after 200 examples in a home type and 1,600 in the fleet):

    fleet                              home type      stationary            new failure mode
    half-life  sd (slope, offset)      sd             PR-AUC  top decile    PR-AUC  top decile
    160,000    .15, .3; repeats 48     .15, .3        .391    1.40          .387    1.50
    20,000     .4, .6; repeats 16      .15, .3        .390    1.25          .390    1.32
    20,000     .6, .8; repeats 10      .1, .15        .389    1.22          .391    1.27
    20,000     .4, .6; repeats 16, and the same of home types of 5,000 examples
                                                      .379    1.21          .382    1.26

(top decile: observed over expected). Members become better while they learn, so that a fit to what they said days ago
is too modest; the more it remembers, the more so.

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
"""The fleet is fitted after so many times as many examples; a fleet has eight home types."""
_HORIZONS = 2
_MOST_REPEATS = 48.0
_SLOPE_SD, _OFFSET_SD = 0.1, 0.15
_FLEET_REPEATS = 10.0
_FLEET_SLOPE_SD, _FLEET_OFFSET_SD = 0.6, 0.8
_EPSILON = 1e-7


class Calibration:
    """A fit to matured examples: the fleet's, or, drawn towards that, a home type's.

    Args:
        platt: What it is fitted by.
        every: After so many examples it is fitted anew.
        most_repeats: Bound on the positive examples of one device that count as about one.

    Attributes:
        slope, offset: Calibrated log odds are slope times the blend's plus offset.
        positives, failing: Positive examples so far, and devices that have had one.
    """

    def __init__(self, platt: Platt, every: int, most_repeats: float) -> None:
        self.slope, self.offset = 1.0, 0.0
        self.positives = self.failing = 0
        self._every = every
        self._platt = platt
        self._most_repeats = most_repeats
        self._since_fit = 0

    def remember(self, examples: int) -> None:
        """Let an example count half after two horizons, of which one has about so many ``examples``."""
        self._platt.half_life = max(HALF_LIFE, float(_HORIZONS * examples))

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
            self._platt.repeats = min(max(self.positives / max(self.failing, 1), 1.0), self._most_repeats)
            self.slope, self.offset = self._platt.fit(before)


def fleet_calibration() -> Calibration:
    """The fit of a fleet."""
    platt = Platt(slope_sd=_FLEET_SLOPE_SD, offset_sd=_FLEET_OFFSET_SD)
    return Calibration(platt, _FLEET * REFIT_EXAMPLES, _FLEET_REPEATS)


class HomeTypeCalibration(Calibration):
    """The fit of one home type, which also feeds the fleet's."""

    def __init__(self) -> None:
        super().__init__(Platt(slope_sd=_SLOPE_SD, offset_sd=_OFFSET_SD), REFIT_EXAMPLES, _MOST_REPEATS)
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
