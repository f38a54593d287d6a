"""The wire's ceiling: the raw body is decoded into the service's own structs, and that is all.

No framework and no route: whatever answers over this server has to do at least this. Run as
``python -m benchmarks.peers.wire PORT``.
"""

import sys
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.peers.server import serve
from service.contracts.readings import ReadingDecoder, ReadingsDecoder

_HEAD = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]}


async def app(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    """Decode a body, one reading or an array of them, and answer with how many there were."""
    parts = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"".join(parts)
    count = len(ReadingsDecoder.decode(body)) if body[:1] == b"[" else len([ReadingDecoder.decode(body)])
    await send(_HEAD)
    await send({"type": "http.response.body", "body": b'{"accepted":%d}' % count})


if __name__ == "__main__":
    serve(app, int(sys.argv[1]))
