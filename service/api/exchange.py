"""NDJSON exchange: lines come in, receipts go out, on one connection and at the same time.

Lines are committed in chunks as they arrive, in order; each chunk answers with one receipt line, whose item numbers
are line numbers of the whole body. A bad line affects only itself. Memory is bounded by one chunk: while one is being
committed the next is not read.
"""

import asyncio
from collections.abc import Awaitable, Callable
from threading import Event
from typing import Any, Generic, TypeVar

import msgspec
from litestar.types import Receive, Scope, Send

from service.api.bodies import NDJSON, malformed
from service.api.problems import problem_of
from service.contracts.decoding import UNDECODABLE
from service.contracts.errors import Busy, HearthbeatError
from service.contracts.predictions import Receipt, Refusal

CHUNK_LINES = 500
_LINE_BYTES = 1_000_000
_CHUNK_BYTES = 2_000_000
_LINGER_S = 0.02
_LOOK_UP_S = 0.5
_AGAIN_S = 0.05

T = TypeVar("T")


class NdjsonExchange(Generic[T]):
    """An ASGI application for one request.

    The framework's own streaming response would read the rest of the body itself, to notice a disconnect.

    Args:
        decoder: Decodes one line.
        commit: Takes the good lines of a chunk; returns their receipt.
        stopping: Set when the service is about to end; the exchange then ends too.
    """

    def __init__(
        self, decoder: msgspec.json.Decoder[T], commit: Callable[[list[T]], Awaitable[Receipt]], stopping: Event
    ) -> None:
        self._stopping = stopping
        self._decoder = decoder
        self._commit = commit
        self._rest = b""
        self._line = 0
        self._ended = False
        self._overlong = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", NDJSON.encode())]})
        incoming: asyncio.Queue[bytes | None] = asyncio.Queue(4)
        pump = asyncio.create_task(_pump(receive, incoming))
        try:
            while not self._ended:
                lines = await self._chunk(incoming)
                if lines:
                    body = await self._answer(lines)
                    await send({"type": "http.response.body", "body": body, "more_body": True})
        finally:
            pump.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _chunk(self, incoming: "asyncio.Queue[bytes | None]") -> list[tuple[int, bytes | None]]:
        """The next lines with their numbers: those that are there, and what comes within a moment. None: too long."""
        lines: list[tuple[int, bytes | None]] = []
        size = 0
        while len(lines) < CHUNK_LINES and size < _CHUNK_BYTES and not self._ended:
            try:
                part = await asyncio.wait_for(incoming.get(), _LINGER_S if lines else _LOOK_UP_S)
            except TimeoutError:
                self._ended = self._stopping.is_set() and not lines
                if lines or self._ended:
                    break
                continue
            size += len(part or b"")
            self._ended = part is None
            *whole, self._rest = (self._rest + (part or b"")).split(b"\n")
            if self._ended and self._rest:
                whole.append(self._rest)
            for line in whole:
                if line.strip() or self._overlong:
                    lines.append((self._line, None if self._overlong or len(line) > _LINE_BYTES else line))
                self._overlong = False
                self._line += 1
            if len(self._rest) > _LINE_BYTES:
                self._rest, self._overlong = b"", True
        return lines

    async def _answer(self, lines: list[tuple[int, bytes | None]]) -> bytes:
        items: list[T] = []
        numbers: list[int] = []
        refusals: list[Refusal] = []
        for number, line in lines:
            if line is None:
                detail = f"the line is longer than {_LINE_BYTES} bytes"
                refusals.append(Refusal(item=number, reason="malformed", detail=detail))
                continue
            try:
                items.append(self._decoder.decode(line))
                numbers.append(number)
            except UNDECODABLE as error:
                bad = malformed(error)
                refusals.append(Refusal(item=number, reason="malformed", detail=bad.detail, field=bad.field))
        receipt = Receipt()
        while items:
            try:
                receipt = await self._commit(items)
                break
            except Busy:
                await asyncio.sleep(_AGAIN_S)
            except HearthbeatError as error:
                self._ended = True
                return msgspec.json.encode(problem_of(error)[0]) + b"\n"
        refusals += [msgspec.structs.replace(refusal, item=numbers[refusal.item]) for refusal in receipt.refusals]
        refusals.sort(key=lambda refusal: refusal.item)
        whole = msgspec.structs.replace(receipt, refused=len(refusals), refusals=refusals)
        return msgspec.json.encode(whole) + b"\n"


async def _pump(receive: Receive, incoming: "asyncio.Queue[bytes | None]") -> None:
    """Move the body into the queue; None marks its end, or that the client has gone."""
    more = True
    while more:
        message: Any = await receive()
        if message["type"] == "http.disconnect":
            break
        if message.get("body"):
            await incoming.put(message["body"])
        more = message.get("more_body", False)
    await incoming.put(None)
