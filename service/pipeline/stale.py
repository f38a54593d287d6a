"""Staleness: whether the learner has fallen behind for so long that its models should not speak."""

from collections import deque
from collections.abc import Callable

from service.contracts.events import LearnerStood


class LearnerWatch:
    """Watches how long ago the oldest event was logged that the learner has not folded.

    Args:
        after_s: From so many seconds on it counts as stale; it is back at half of that.
        clock: Seconds, only ever rising.
    """

    def __init__(self, after_s: float, clock: Callable[[], float]) -> None:
        self._after_s = after_s
        self._clock = clock
        self._logged: deque[tuple[float, int]] = deque()
        self.lag_s = 0.0

    def look(
        self, seq: int, learned_seq: int, stale: str | None, fault: str | None, now_us: int
    ) -> LearnerStood | None:
        """What is to be logged of it, if anything.

        Args:
            seq: The newest event.
            learned_seq: The newest that is learned.
            stale: Why it counts as stale now, or None.
            fault: What ails the learner, if anything is known.
            now_us: Microseconds since the epoch, for the event.
        """
        now = self._clock()
        if not self._logged or self._logged[-1][1] < seq:
            self._logged.append((now, seq))
        while self._logged and self._logged[0][1] <= learned_seq:
            self._logged.popleft()
        self.lag_s = now - self._logged[0][0] if self._logged else 0.0
        if stale is None and self.lag_s >= self._after_s:
            why = fault or f"nothing that was logged in the last {self.lag_s:.0f} s is learned yet"
            return LearnerStood(received_us=now_us, stale=True, why=why)
        if stale is not None and self.lag_s <= self._after_s / 2.0:
            return LearnerStood(received_us=now_us, stale=False, why="it has caught up")
        return None
