"""The live stream over HTTP: Server-Sent Events, for browsers' `EventSource`, `curl -N` and home automation.

One task a listener. It looks for news a few times a second rather than being woken by each commit: to wake it would
cost the scorer more than to score. While a listener does not read, its task waits with it, and what it is then behind
comes from the log; nothing is kept for it.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from threading import Event

import msgspec
from litestar.concurrency import sync_to_thread
from litestar.types import Message, Receive, Scope, Send

from service.api.access.gate import Admitted
from service.contracts.errors import LogDamaged, MissingScope, NoKey
from service.pipeline.live.feed import Feed, Item, Listener, kind_of
from service.pipeline.live.place import Place, place_id

SSE = "text/event-stream"
_LOG = logging.getLogger("hearthbeat.stream")
_LOOK_S = 0.25
_HEARTBEAT_S = 15.0
_PATIENCE_S = 30.0
_RETRY_MS = 2_000
_ENCODER = msgspec.json.Encoder()
_HEADERS = [
    (b"content-type", SSE.encode()),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # proxies must not collect events before they hand them on
]


class LiveStream:
    """An ASGI application for one request.

    Args:
        feed: What there is to be told.
        place: Where to go on, or None to begin with what comes next.
        min_risk: Risks from here on are told.
        home_type: Tell only of homes of this type, and of the fleet.
        stopping: Set when the service is about to end; the stream then ends too.
        by: What the request was let in by; once that is not good any longer, the stream ends.
    """

    def __init__(
        self,
        feed: Feed,
        place: Place | None,
        *,
        min_risk: float,
        home_type: str | None,
        stopping: Event,
        by: Admitted | None = None,
    ) -> None:
        self._feed = feed
        self._place = place
        self._min_risk = min_risk
        self._home_type = home_type
        self._stopping = stopping
        self._by = by

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request until the client goes, does not read any longer, or the service stops.

        Raises:
            Busy: There are as many streams as there may be.
        """
        self._feed.enter()
        gone = asyncio.create_task(_until_gone(receive))
        try:
            listener = await sync_to_thread(
                Listener, self._feed, self._place, min_risk=self._min_risk, home_type=self._home_type
            )
            try:
                await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
                await self._tell(listener, send, gone)
            finally:
                listener.close()
        finally:
            gone.cancel()
            self._feed.open -= 1

    async def _tell(self, listener: Listener, send: Send, gone: "asyncio.Task[None]") -> None:
        body = b"retry: %d\n%s" % (_RETRY_MS, _heartbeat(listener.place))
        told_at = time.monotonic()
        while not self._is_over(gone):
            if body:
                if not await self._put(send, gone, body):
                    return
                told_at = time.monotonic()
            items: Sequence[Item] = ()
            if listener.behind():
                try:
                    items = await sync_to_thread(listener.take)
                except (OSError, LogDamaged) as error:
                    _LOG.warning("a live stream ends: %s", error)
                    break
                self._feed.sent.update(kind_of(what) for _, what in items)
            body = b"".join([_event(place, kind_of(what), _ENCODER.encode(what)) for place, what in items])
            if not body:
                await asyncio.wait({gone}, timeout=_LOOK_S)
                if time.monotonic() - told_at >= _HEARTBEAT_S:
                    body = _heartbeat(listener.place)
        await self._put(send, gone, b"", more=False)

    async def _put(self, send: Send, gone: "asyncio.Task[None]", body: bytes, *, more: bool = True) -> bool:
        """Hand a part over to the server, which takes it as the client reads. False: the stream cannot go on."""
        message: Message = {"type": "http.response.body", "body": body, "more_body": more}
        sending = asyncio.ensure_future(send(message))
        deadline = time.monotonic() + _PATIENCE_S
        while not sending.done():
            await asyncio.wait({sending}, timeout=_LOOK_S)
            if not sending.done() and (time.monotonic() > deadline or self._is_over(gone)):
                sending.cancel()
                return False
        return sending.exception() is None

    def _is_over(self, gone: "asyncio.Task[None]") -> bool:
        """Whether the service stops, the client has gone, or its key was revoked."""
        if self._stopping.is_set() or gone.done():
            return True
        try:
            if self._by is not None:
                self._by.still()
        except (NoKey, MissingScope) as error:
            _LOG.info("a live stream ends: %s", error)
            return True
        return False


async def _until_gone(receive: Receive) -> None:
    """Ends when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        continue


def _event(place: Place, kind: str, data: bytes) -> bytes:
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (place_id(place).encode(), kind.encode(), data)


def _heartbeat(place: Place) -> bytes:
    """A comment, so that nobody in between takes the connection for dead; and how far all was told by now."""
    return b": heartbeat\nid: %s\n\n" % place_id(place).encode()
