"""Lanes: connections that are kept alive and send side by side, each its own requests one after the other.

Where a stream meets the network. A lane has one connection and a short queue. Who fills the queues waits:

- while the lane's queue is full: a slow service slows the stream down, and nothing piles up;
- while what is still on its way, in any lane, began longer ago in event time than the window: else a lane that lags
  would come behind the service's watermark, and its readings would be no examples.

The first error of any lane ends the stream. What was answered is told before the next request of that lane goes out.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Generic, Self

from service.contracts.predictions import Receipt
from simulator.stream.client import Client, Notices
from simulator.stream.merge import R, Request

_PATIENCE_S = 10.0
"""How long a lane that is stopped may still wait for the answer on its way."""

_PIECE_S = 3600.0


class _Stopped(Exception):
    """The lanes have been stopped while a request waited to be tried again."""


class Lanes(Generic[R]):
    """Sends requests through lanes; a context manager that leaves nothing running behind.

    Args:
        url: Address of the service.
        lanes: How many lanes.
        answered: Told of each request that was answered, one at a time, in a lane's order, from the lane's thread.
        window_us: Event time that the requests on their way may span; None for any.
        depth: Requests of one lane that are queued or on their way at most. With 1 nothing is queued.
        key: Sent with each request, or None.

    Raises:
        UsageError: If ``url`` is no http address.
    """

    def __init__(
        self, url: str, lanes: int, answered: Callable[[Request[R], Receipt], None], window_us: int | None = None,
        depth: int = 3, key: str | None = None,
    ) -> None:  # fmt: skip
        self._answered, self._window_us, self._depth = answered, window_us, depth
        self._changed = threading.Condition()
        self._on_their_way: list[deque[Request[R]]] = [deque() for _ in range(lanes)]
        self._stopping = threading.Event()
        self._abandoned = False
        self._error: BaseException | None = None
        notices = Notices()
        clients = [Client(url, sleep=self._sleep, notices=notices, key=key) for _ in range(lanes)]
        # Daemons: a lane that has been abandoned keeps nobody from leaving.
        self._threads = [
            threading.Thread(target=self._run, args=(queue, client), name=f"lane-{number}", daemon=True)
            for number, (queue, client) in enumerate(zip(self._on_their_way, clients, strict=True))
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Stop: the requests on their way may finish, within bounds; the queued ones are not sent."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        deadline = time.monotonic() + _PATIENCE_S
        try:
            for thread in self._threads:
                thread.join(max(0.0, deadline - time.monotonic()))
        finally:
            with self._changed:
                self._abandoned = True

    def send(self, request: Request[R]) -> None:
        """Hand a request to its lane, after waiting until there is room.

        Raises:
            ServiceError: If a request of any lane has failed for good.
        """
        with self._changed:
            self._wait_until(lambda: self._has_room(request))
            self._on_their_way[request.lane].append(request)
            self._changed.notify_all()

    def rest(self, seconds: float) -> None:
        """Wait, but not longer than all is well.

        Raises:
            ServiceError: If a request of any lane has failed for good.
        """
        deadline = time.monotonic() + seconds
        # In pieces: a table may have gaps of years, and the system waits for no more than so long at once.
        while self._error is None and (left_s := deadline - time.monotonic()) > 0:
            with self._changed:
                self._changed.wait_for(lambda: self._error is not None, min(left_s, _PIECE_S))
        if self._error is not None:
            raise self._error

    def finish(self) -> None:
        """Wait until everything has been answered.

        Raises:
            ServiceError: If a request of any lane has failed for good.
        """
        with self._changed:
            self._wait_until(lambda: not any(self._on_their_way))

    def _wait_until(self, condition: Callable[[], bool]) -> None:
        self._changed.wait_for(lambda: self._error is not None or condition())
        if self._error is not None:
            raise self._error

    def _has_room(self, request: Request[R]) -> bool:
        if len(self._on_their_way[request.lane]) >= self._depth:
            return False
        oldest = min((queue[0].since for queue in self._on_their_way if queue), default=request.at)
        return self._window_us is None or request.at - oldest <= self._window_us

    def _run(self, queue: deque[Request[R]], client: Client) -> None:
        try:
            with client:
                while (request := self._next(queue)) is not None:
                    receipt = client.send(request)
                    with self._changed:
                        if self._abandoned:
                            return
                        self._answered(request, receipt)
                        queue.popleft()
                        self._changed.notify_all()
        except _Stopped:
            pass
        except BaseException as error:
            with self._changed:
                self._error = self._error or error
                self._changed.notify_all()
            self._stopping.set()

    def _next(self, queue: deque[Request[R]]) -> Request[R] | None:
        """Wait for the next request; it stays in the queue until it is answered. None if the lanes have stopped."""
        with self._changed:
            self._changed.wait_for(lambda: queue or self._stopping.is_set())
            return None if self._stopping.is_set() else queue[0]

    def _sleep(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise _Stopped
