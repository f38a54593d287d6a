"""Load: requests made before the time runs, over connections kept alive, each with one request on its way.

One thread, non-blocking sockets, no HTTP library: what it takes of a core is measured with every round, so that nobody
takes the load for the service.
"""

import contextlib
import selectors
import socket
import time
from collections.abc import Iterable, Sequence

from msgspec import Struct

from benchmarks.report import BenchError

_SILENT_S = 60.0
_HEAD = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: */*\r\n"
    "Content-Length: {length}\r\n\r\n"
)


class Played(Struct, frozen=True, kw_only=True):
    """What came of some requests.

    Attributes:
        seconds: From the first byte sent to the last received.
        cpu_s: What the load itself took of its core meanwhile.
        answers: The bodies of the answers, in the order in which they came.
    """

    seconds: float
    cpu_s: float
    answers: list[bytes]


def request(path: str, body: bytes) -> bytes:
    """A whole HTTP request."""
    return _HEAD.format(path=path, length=len(body)).encode() + body


def play(port: int, lanes: Sequence[Sequence[bytes]]) -> Played:
    """Send the requests of each lane over a connection of its own, the next one as soon as the last is answered.

    Raises:
        BenchError: An answer is not 200, or none comes for a minute, or a connection is lost.
    """
    expected = sum(len(lane) for lane in lanes)
    answers: list[bytes] = []
    with selectors.DefaultSelector() as selector:
        lines = [_Line(port, lane, selector) for lane in lanes if lane]
        try:
            began, cpu = time.perf_counter(), time.thread_time()
            for line in lines:
                line.send()
            while len(answers) < expected:
                ready = selector.select(_SILENT_S)
                if not ready:
                    raise BenchError(f"no answer for {_SILENT_S:g} s")
                for key, events in ready:
                    _turn(key.data, events, answers)
            return Played(seconds=time.perf_counter() - began, cpu_s=time.thread_time() - cpu, answers=answers)
        except OSError as error:
            raise BenchError(f"a connection is lost: {error}") from None
        finally:
            for line in lines:
                line.close()


def _turn(line: "_Line", events: int, answers: list[bytes]) -> None:
    if events & selectors.EVENT_WRITE:
        line.flush()
    if events & selectors.EVENT_READ and (answer := line.receive()) is not None:
        answers.append(answer)
        line.send()


class _Line:
    """One connection with at most one request on its way."""

    def __init__(self, port: int, requests: Iterable[bytes], selector: selectors.BaseSelector) -> None:
        self._waiting = iter(requests)
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)  # a whole body at once, if it may be
        self._socket.setblocking(False)
        self._selector = selector
        self._left = memoryview(b"")
        self._got = b""
        selector.register(self._socket, selectors.EVENT_READ, self)

    def send(self) -> None:
        """Begin to send the next request, if there is one."""
        message = next(self._waiting, None)
        if message is not None:
            self._left = memoryview(message)
            self.flush()

    def flush(self) -> None:
        """Send what goes; wait for room if something is left."""
        waited = len(self._left) > 0 and self._selector.get_key(self._socket).events & selectors.EVENT_WRITE
        with contextlib.suppress(BlockingIOError):
            self._left = self._left[self._socket.send(self._left) :]
        if self._left and not waited:
            self._selector.modify(self._socket, selectors.EVENT_READ | selectors.EVENT_WRITE, self)
        elif waited and not self._left:
            self._selector.modify(self._socket, selectors.EVENT_READ, self)

    def receive(self) -> bytes | None:
        """Take in what has come; returns the body of the answer once it is whole."""
        part = self._socket.recv(1 << 20)
        if not part:
            raise BenchError("the connection was closed before the answer")
        self._got = self._got + part if self._got else part
        head, found, body = self._got.partition(b"\r\n\r\n")
        if not found:
            return None
        if not head.startswith(b"HTTP/1.1 200"):
            raise BenchError(f"the answer is {head[9:].splitlines()[0].decode()}: {body[:300].decode()}")
        _, found, rest = head.lower().partition(b"content-length:")
        length = int(rest.partition(b"\r\n")[0]) if found else 0
        if len(body) < length:
            return None
        self._got = b""
        return body

    def close(self) -> None:
        self._selector.unregister(self._socket)
        self._socket.close()
