"""The outermost layer: every request gets an id and is counted; what went wrong, or took long, is a line in the log.

A service that takes thousands of requests a second cannot write a line for each.
"""

import logging
import re
import secrets
import time
from collections.abc import Awaitable
from itertools import count
from typing import Any
from urllib.parse import quote

from litestar.types import ASGIApp, HTTPScope, Message, Receive, Send

from service.observe.logs import REQUEST_ID
from service.observe.traffic import ABORTED, ELSEWHERE, Traffic

_LOG = logging.getLogger("hearthbeat.http")
_HEADER = b"x-request-id"
_TOKEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_SLOW_S = 1.0
_LINES_A_SECOND = 10
_PATH_CHARACTERS = 200
_PROBES = "/health"  # whoever looks every second is told 503 while the service starts, and that is no news


class _Answer:
    """The way of an answer's messages to the server. The first gets the id, the status is noted."""

    __slots__ = ("_request_id", "_send", "in_pieces", "status")

    def __init__(self, send: Send, request_id: bytes) -> None:
        self._send = send
        self._request_id = request_id
        self.status = ABORTED
        self.in_pieces = False

    def __call__(self, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message["headers"], (_HEADER, self._request_id)]
        elif message.get("more_body"):
            self.in_pieces = True
        return self._send(message)


class Traced:
    """An ASGI application around the service's own.

    Args:
        app: The service's application.
        traffic: Where requests are counted.
    """

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self._app = app
        self._traffic = traffic
        self._made = f"{secrets.token_hex(4)}-".encode()
        self._numbers = count(1)
        self._second = 0
        self._lines = 0
        self._not_told = 0

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Serve one request; the server is told to bring nothing else."""
        began = time.perf_counter()
        request_id = self._given(scope) or self._made + b"%x" % next(self._numbers)
        REQUEST_ID.set(request_id)
        answer = _Answer(send, request_id)
        try:
            await self._app(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - began
            status, method = answer.status, scope["method"]
            route = scope.get("path_template") or ELSEWHERE
            self._traffic.count(method, route, status, None if answer.in_pieces else seconds)
            if (status >= 400 or (seconds > _SLOW_S and not answer.in_pieces)) and not route.startswith(_PROBES):
                self._tell(scope, route, status, seconds)

    def _given(self, scope: HTTPScope) -> bytes | None:
        """The id that the request brings, if it is one that may stand in a log and in a header."""
        for name, value in scope["headers"]:
            if name == _HEADER:
                return value if _TOKEN.fullmatch(value) else None
        return None

    def _tell(self, scope: HTTPScope, route: str, status: int, seconds: float) -> None:
        """A line for a request. A storm of them becomes a few lines and the number of the others."""
        level = logging.WARNING if status >= 500 or seconds > _SLOW_S else logging.INFO
        if not _LOG.isEnabledFor(level):
            return
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._lines = second, 0
        if self._lines >= _LINES_A_SECOND:
            self._not_told += 1
            return
        self._lines += 1
        fields: dict[str, Any] = {
            "method": str(scope["method"])[:20],
            "path": quote(scope["path"])[:_PATH_CHARACTERS],
            "route": route,
            "status": status,
            "duration_ms": round(seconds * 1e3, 3),
        }
        if self._not_told:
            fields["requests_not_told"], self._not_told = self._not_told, 0
        _LOG.log(level, "request failed" if status >= 400 else "request was slow", extra=fields)
