"""The waiting room before the scorer: bounded, first come, first served, left in groups."""

import threading
import time
from collections import deque
from typing import Generic, TypeVar

from service.contracts.errors import Busy, Unavailable

T = TypeVar("T")


class WaitingRoom(Generic[T]):
    """A queue between threads.

    Whoever takes is woken apart from who puts: an event loop puts all that one of its turns brings, and wakes once.

    Args:
        seats: How many may wait.
    """

    def __init__(self, seats: int) -> None:
        self._seats = seats
        self._waiting: deque[T] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._expected = 0

    def put(self, item: T) -> None:
        """Let one more wait; `wake` must follow.

        Raises:
            Busy: There is no room.
            Unavailable: It is closed.
        """
        with self._changed:
            if self._closed:
                raise Unavailable("the service is stopping")
            if len(self._waiting) >= self._seats:
                raise Busy("the queue before the scorer is full")
            self._waiting.append(item)

    def wake(self) -> None:
        """Wake whoever takes."""
        with self._changed:
            self._changed.notify()

    def answering(self, count: int) -> None:
        """So many who were taken are about to be answered.

        Clients that send one request after the other come back then. To go without them would keep groups small for
        good, and a small group costs nearly as much as a large one.
        """
        with self._changed:
            self._expected = len(self._waiting) + count if count > 1 else 0

    def take(self, most: int, linger_s: float = 0.0) -> list[T]:
        """Those who wait, at most so many; waits until there is one. Empty once it is closed and everybody has left.

        Until as many have come as are expected it waits a little longer, but not for more than ``linger_s``.
        """
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            until = time.monotonic() + linger_s
            while len(self._waiting) < min(self._expected, most) and not self._closed:
                left_s = until - time.monotonic()
                if left_s <= 0.0:
                    break
                self._changed.wait(left_s)
            return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    def close(self) -> None:
        """Let nobody in any more; who is there is still taken."""
        with self._changed:
            self._closed = True
            self._changed.notify()
