"""The ring: the risky readings written last, for those who listen. The thread of `Ingest` fills it, event by event."""

import threading
from collections import deque
from collections.abc import Sequence

from service.contracts.events import ReadingsLogged
from service.pipeline.live.risks import RiskyEvent, pick

_ROWS = 20_000


class Ring:
    """The newest risky readings, as many as there is room for. What is not in it stands in the log.

    Args:
        rows: How many readings it holds; of one event it holds all.

    Attributes:
        listening: Whether anybody is. Nothing is kept while nobody does.
        next_seq: The event that will be written next; all before it are durable.
    """

    def __init__(self, rows: int = _ROWS) -> None:
        self.listening = False
        self.next_seq = 1
        self._lock = threading.Lock()
        self._room = rows
        self._asked: list[float] = []
        self._lowest = 1.0
        self._events: deque[RiskyEvent] = deque()
        self._rows = 0
        self._from_seq = self._to_seq = 0  # the ring holds what is risky from the one to before the other

    def join(self, min_risk: float) -> None:
        """Somebody listens from now on."""
        with self._lock:
            if not self._asked or min_risk < self._lowest:
                self._lowest = min_risk
                self._clear(self._to_seq)
            self._asked.append(min_risk)
            self.listening = True

    def leave(self, min_risk: float) -> None:
        """Somebody who joined listens no longer."""
        with self._lock:
            self._asked.remove(min_risk)
            self._lowest = min(self._asked, default=1.0)
            if not self._asked:
                self.listening = False
                self._clear(self._to_seq)

    def publish(self, seq: int, events: Sequence[tuple[int, ReadingsLogged]] | None, next_seq: int) -> None:
        """Events from ``seq`` to before ``next_seq`` were made durable.

        Args:
            seq: The first of them.
            events: Those with readings, or None if nobody listened when they were made, or one of them forgot devices:
                then the ring forgets all it holds.
            next_seq: The event that comes after them.
        """
        if events is not None and seq < next_seq:
            with self._lock:
                if seq != self._to_seq:
                    self._clear(seq)
                for at_seq, event in events:
                    risky = pick(at_seq, event, self._lowest)
                    if risky is not None:
                        self._events.append(risky)
                        self._rows += risky.size
                while self._rows > self._room and len(self._events) > 1:
                    gone = self._events.popleft()
                    self._rows -= gone.size
                    self._from_seq = gone.seq + 1
                self._to_seq = next_seq
        elif self._events:
            with self._lock:
                self._clear(next_seq)
        self.next_seq = next_seq

    def since(self, seq: int) -> tuple[list[RiskyEvent], int] | None:
        """What is risky from event ``seq`` on, and the event to go on with; None if that must be read from the log."""
        with self._lock:
            if seq >= self.next_seq:
                return [], seq
            if seq < self._from_seq or self._to_seq < self.next_seq:
                return None
            newer: list[RiskyEvent] = []
            for event in reversed(self._events):
                if event.seq < seq:
                    break
                newer.append(event)
            return newer[::-1], self._to_seq

    def _clear(self, seq: int) -> None:
        self._events.clear()
        self._rows = 0
        self._from_seq = self._to_seq = seq
