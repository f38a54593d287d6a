"""Drift of a loss: has a member's prequential log loss changed for good, and by how much?

River's ADWIN watches the means of blocks of examples, not the examples: a device that fails is positive in up to 48
examples in a row, and ADWIN's bound is for independent values. A block lasts an eighth of the horizon and holds at
least 100 examples. What is watched is the *excess*: the member's loss minus that of the base rate (the prior), in
units of the base rate's decayed mean loss. Otherwise every day with more failures than the last is a drift, and a bound
made for the range 0-1 sees nothing of rare failures. Only a rise is bad; falls are reported as well.

`service.evaluation.alarm` feeds these and draws the conclusions; figures are there.

Source: Bifet and Gavaldà, "Learning from time-changing data with adaptive windowing", SDM 2007.
"""

import math
from array import array
from typing import Any

from msgspec import Struct
from river.drift import ADWIN

DELTA = 0.02
"""ADWIN's confidence; chosen, with the gain, by the figures in `service.evaluation.alarm`."""

GAIN = 4.0
"""The excess is scaled by this for ADWIN, whose bound has a term for the range 0-1: means of blocks range far less."""

RECENT_BLOCKS = 2.0
"""Half-life of the recent excess, in blocks: a quarter of a horizon."""

MOST_BLOCKS = 1024
"""So many blocks are remembered at most, 128 horizons; then the older half is forgotten."""

_EPSILON = 1e-6


def log_loss_of(positive: bool, risk: float) -> float:
    """Log loss of one risk in nats; the risk is kept 1e-6 away from 0 and 1."""
    risk = min(max(risk, _EPSILON), 1.0 - _EPSILON)
    return -math.log(risk if positive else 1.0 - risk)


class LossDrifted(Struct, frozen=True, kw_only=True):
    """A member's loss has changed.

    Attributes:
        member: Whose.
        seq: The event after which it was noticed.
        at_us: The newest example's instant then, in microseconds.
        before: Mean excess over the base rate's loss in the blocks that ADWIN dropped, as a share of that loss; -1 is
            all-knowing, 0 is no better than the base rate.
        after: The recent excess.
    """

    member: str
    seq: int
    at_us: int
    before: float
    after: float

    @property
    def rise(self) -> bool:
        """Whether it has become worse."""
        return self.after > self.before


class LossDrift:
    """The watch on one member's excess, fed with means of blocks.

    Args:
        member: Whose.
        delta: ADWIN's confidence.

    Attributes:
        recent: Decayed mean of the last blocks' excess; None before the first.
    """

    def __init__(self, member: str, *, delta: float = DELTA) -> None:
        self.member = member
        self.delta = delta
        self.recent: float | None = None
        self._mass = 0.0
        self._values = array("d")
        self._adwin = self._anew()

    def __getstate__(self) -> dict[str, Any]:
        """Plain numbers, so that a snapshot survives an upgrade of River: ADWIN is made again of the values it has."""
        return self.__dict__ | {"_values": list(self._values), "_adwin": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """See `__getstate__`."""
        self.__dict__.update(state)
        self._values = array("d", state["_values"])
        self._adwin = self._anew()

    def _anew(self) -> Any:
        adwin: Any = ADWIN(delta=self.delta, clock=1)  # type: ignore[no-untyped-call]  # River ships no types
        for value in self._values:
            adwin.update(value)
        return adwin

    def add(self, excess: float, *, seq: int, at_us: int) -> LossDrifted | None:
        """Take the mean excess of a block that ended at event ``seq``; returns the change that it makes plain."""
        self._mass = 1.0 + 2.0 ** (-1.0 / RECENT_BLOCKS) * self._mass
        recent = self.recent if self.recent is not None else excess
        self.recent = recent + (excess - recent) / self._mass
        if len(self._values) == MOST_BLOCKS:
            del self._values[: MOST_BLOCKS // 2]
            self._adwin = self._anew()
        adwin, value = self._adwin, GAIN * excess
        # River empties the window at the first value after a drift.
        width, total = (0.0, 0.0) if adwin.drift_detected else (float(adwin.width), adwin.total)
        if adwin.drift_detected:
            del self._values[:]
        self._values.append(value)
        adwin.update(value)
        if not adwin.drift_detected:
            return None
        dropped = width + 1.0 - adwin.width
        before = (total + value - adwin.total) / dropped
        return LossDrifted(member=self.member, seq=seq, at_us=at_us, before=before / GAIN, after=self.recent)
