"""The service's own server for any application: granian, embedded, one worker, the same arguments."""

import asyncio
from collections.abc import Callable
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server


def serve(app: Callable[..., Any], port: int) -> None:
    """Serve an ASGI application on the loop-back address until the process is ended."""
    server = Server(
        app, address="127.0.0.1", port=port, interface=Interfaces.ASGINL, backlog=1024, backpressure=8192,
        log_enabled=False, websockets=False,
    )  # fmt: skip
    asyncio.run(server.serve())
