"""Retention: how much of the log is kept. Only what no fold needs any more may go, and of that what is old or too much.

A fold needs what follows its oldest kept snapshot; the learner also needs the events that hold its pending examples.
"""

from msgspec import Struct

from service.contracts.events import decode_event
from service.contracts.ports import EventLog

_STEP = 2000
"""Events forgotten at once, at most: deleting many in one go would hold up the writer."""


class Retention(Struct, frozen=True, kw_only=True):
    """Limits of the log.

    Attributes:
        keep_us: Events older than this, by the clock of intake, may go; in microseconds.
        max_bytes: Beyond this size the oldest events may go.
    """

    keep_us: int
    max_bytes: int

    def prune(self, log: EventLog, *, now_us: int, needed_seq: int) -> int:
        """Forget what may go; at most a step at a time.

        Args:
            log: The log.
            now_us: The clock of intake, in microseconds.
            needed_seq: The first event that a fold needs.

        Returns:
            How many events were forgotten.

        Raises:
            OSError: It could not be done.
        """
        first = log.first_seq()
        limit = min(needed_seq, first + _STEP)
        if limit <= first:
            return 0
        if log.size_bytes() <= self.max_bytes:
            limit = _first_younger(log, now_us - self.keep_us, first, limit)
        log.prune(limit)
        return log.first_seq() - first


def _first_younger(log: EventLog, than_us: int, low: int, high: int) -> int:
    """The first event in [low, high) received after an instant, ``high`` if there is none; by bisection."""
    while low < high:
        middle = (low + high) // 2
        record = log.get(middle)
        if record is not None and decode_event(record.blob).received_us <= than_us:
            low = middle + 1
        else:
            high = middle
    return low
