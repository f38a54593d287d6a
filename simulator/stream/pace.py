"""Pace: how fast a stream may go. Between the cut requests and the lanes."""

import time
from collections.abc import Callable

from simulator.arrays import SECOND


class Pace:
    """Says how long a request has to wait.

    Args:
        speed: Event-time seconds per second, or None (or 0) for any. Time lost is caught up with.
        rate: Readings per second at most, or None for any. Time lost stays lost: no second sees more.
        clock: Monotonic seconds.
    """

    def __init__(self, speed: float | None, rate: float | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._speed, self._rate, self._clock = speed or None, rate, clock
        self._began: tuple[float, int] | None = None
        self._free_at = 0.0

    def wait_s(self, at: int, readings: int) -> float:
        """Return how many seconds a request must wait before it is sent; 0 for at once. To be called once for each.

        Args:
            at: Its event time in microseconds.
            readings: How many readings it holds.
        """
        now = self._clock()
        if self._began is None:
            self._began = now, at
        due = now
        if self._speed is not None:
            due = max(due, self._began[0] + (at - self._began[1]) / SECOND / self._speed)
        if self._rate is not None:
            due = max(due, self._free_at)
            self._free_at = due + readings / self._rate
        return due - now

    def most_readings(self, batch: int) -> int:
        """Return how many readings a request may hold so that the rate is kept within each quarter of a second."""
        return batch if self._rate is None else max(1, min(batch, int(self._rate / 4)))

    def longest_us(self) -> int | None:
        """Return the event time that a request may span so that there is at least about one a second."""
        return None if self._speed is None else max(1, int(self._speed * SECOND))
