"""Silence of labels: have outcomes stopped arriving, or has merely nothing failed for a while?

While nobody reports failures every example becomes negative at maturity, and a learner that believed this would talk
itself into health. So the fleet's own rate of outcomes by event time is kept, and a gap in which a dozen were to be
expected is a silence: for independent outcomes its chance is exp(-12). It began with the last outcome and ends with the
next one; a negative whose horizon reaches into it must not be believed.

    outcomes   · ·  ·   · ·  ·                          ·· ·  ·
    event time ─┬────────────┬──────────┬───────────────┬──────►
                rate         since      declared        over

What was held back during a silence and is told afterwards says nothing about the rate: neither the silence nor the
outcomes that happened before its end are counted. Nor is history from before the fleet was heard. Outcomes of one
request and one instant count once.

Measured on simulated fleets of 5 to 100 homes (3 to 65 outcomes a day, repairs and corrections among them; outcomes of
one device come in clusters): no false silence in 1,680 days, where 8 instead of 12 gave 12. Five days without outcomes
were noticed 4 to 5 hours after their begin in a fleet of 100 homes, 17 to 25 in one of 20, two to three days in one of
10, half of the time in one of 5; and were over within minutes. None in the lives of FD001's engines or Backblaze's
drives.
"""

import math
from collections.abc import Iterable

_HOUR_US = 3_600_000_000
EXPECTED = 12.0
"""So many outcomes missed make a silence."""
LEAST_SEEN = 10.0
"""No silence is declared before so many have been counted."""
LEAST_GAP_US = 2 * _HOUR_US
GAP_SHARE = 1 / 8
"""A silence lasts at least this share of the horizon, and two hours."""
HALF_LIFE_US = 14 * 24 * _HOUR_US
HALF_LIFE_HORIZONS = 14


class LabelSilence:
    """Whether a fleet's outcomes have stopped arriving. Fed in the order of the log.

    Args:
        horizon_us: The horizon in microseconds.

    Attributes:
        since_us: Event time of the last outcome while there is silence, in microseconds; else None.
    """

    def __init__(self, horizon_us: int) -> None:
        self.since_us: int | None = None
        self._horizon_us = horizon_us
        self._half_life_us = max(HALF_LIFE_US, HALF_LIFE_HORIZONS * horizon_us)
        self._least_gap_us = max(LEAST_GAP_US, int(GAP_SHARE * horizon_us))
        self._now_us: int | None = None
        self._last_us = 0
        self._counted_from_us = 0
        self._count = 0.0
        self._exposure_us = 0.0

    def advance(self, now_us: int) -> bool:
        """Readings have brought the fleet's event time to ``now_us``, in microseconds; it never goes back.

        Returns:
            Whether a silence is declared now.
        """
        if self._now_us is None:
            self._now_us = self._last_us = now_us
            self._counted_from_us = now_us - self._horizon_us
            return False
        self._now_us = max(self._now_us, now_us)
        gap_us = self._now_us - self._last_us
        if self.since_us is not None or gap_us < self._least_gap_us or self._count < LEAST_SEEN:
            return False
        if self.rate() * gap_us < EXPECTED:
            return False
        self.since_us = self._last_us
        return True

    def arrive(self, ts_us: Iterable[int]) -> bool:
        """Outcomes have arrived in one request.

        Args:
            ts_us: The instants at which they happened, in microseconds.

        Returns:
            Whether a silence is over.
        """
        instants = set(ts_us)
        if self._now_us is None or not instants:
            return False
        over = self.since_us is not None
        if over:
            self.since_us = None
            self._counted_from_us = self._now_us
        else:
            passed_us = self._now_us - self._last_us
            keep = 2.0 ** (-passed_us / self._half_life_us)
            self._exposure_us = keep * self._exposure_us + (1.0 - keep) * self._half_life_us / math.log(2.0)
            self._count = keep * self._count + sum(instant > self._counted_from_us for instant in instants)
        self._last_us = self._now_us
        return over

    def rate(self) -> float:
        """Outcomes per microsecond of event time, cautiously: a standard deviation below the decayed mean."""
        if self._exposure_us <= 0.0:
            return 0.0
        return max(self._count - math.sqrt(self._count), 0.0) / self._exposure_us
