"""The waiting room before the scorer: bounded, first come, first served, left in groups.

Small requests go before large ones. Who sends a single reading would else wait for thousands that came a moment
earlier, and requests that wait side by side have no order among themselves that anybody could rely on.
"""

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
        small: Who weighs no more goes before those who weigh more.
    """

    def __init__(self, seats: int, small: int = 0) -> None:
        self.seats = seats
        self._small = small
        self._waiting: tuple[deque[tuple[T, int]], deque[tuple[T, int]]] = (deque(), deque())
        self._weight = 0
        self._changed = threading.Condition()
        self._closed = False
        self._expected = 0

    def put(self, item: T, weight: int = 1) -> None:
        """Let one more wait; `wake` must follow.

        Raises:
            Busy: There is no room.
            Unavailable: It is closed.
        """
        with self._changed:
            if self._closed:
                raise Unavailable("the service is stopping")
            if self._count() >= self.seats:
                raise Busy("the queue before the scorer is full")
            self._waiting[weight > self._small].append((item, weight))
            self._weight += weight

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
            self._expected = self._count() + count if count > 1 else 0

    def take(self, most: int, enough: int = 0, linger_s: float = 0.0) -> list[T]:
        """Those who wait, as long as together they weigh at most so much, but at least one.

        Waits until there is one. If those who wait weigh less than ``enough`` it waits a little longer, but not for
        more than ``linger_s`` and not once as many have come as are expected. Empty once it is closed and everybody has
        left.
        """
        with self._changed:
            while not self._count() and not self._closed:
                self._changed.wait()
            until = time.monotonic() + linger_s
            while self._count() < self._expected and self._weight < enough and not self._closed:
                left_s = until - time.monotonic()
                if left_s <= 0.0:
                    break
                self._changed.wait(left_s)
            group: list[T] = []
            room = most
            for line in self._waiting:
                while line and (line[0][1] <= room or not group):
                    item, weight = line.popleft()
                    group.append(item)
                    room -= weight
            self._weight -= most - room
            return group

    def close(self) -> None:
        """Let nobody in any more; who is there is still taken."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def __len__(self) -> int:
        with self._changed:
            return self._count()

    def _count(self) -> int:
        return len(self._waiting[0]) + len(self._waiting[1])
