"""An empty POST: what Litestar itself takes for a request that does nothing.

Run as ``python -m benchmarks.peers.empty PORT``.
"""

import sys

from litestar import Litestar, post

from benchmarks.peers.server import serve


@post("/v1/readings", status_code=200)
async def readings() -> None:
    """Do nothing; the body is not even looked at."""


if __name__ == "__main__":
    serve(Litestar([readings], openapi_config=None, logging_config=None), int(sys.argv[1]))
