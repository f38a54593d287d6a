"""A plain service as one would write it first: FastAPI, pydantic, River, on uvicorn with its fast parser and loop.

Run as ``python -m benchmarks.peers.fastapi_river PORT MODEL``.
"""

import sys
from datetime import datetime

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from benchmarks.peers.models import Peer


class PeerReading(BaseModel):
    """A reading as a peer takes it: the same fields, hardly a check."""

    home_id: str
    device_id: str
    home_type: str
    device_type: str
    ts: datetime
    metrics: dict[str, float | None]
    time_basis: str = "clock"


def create_app(kind: str) -> FastAPI:
    """The application around an untrained model of this kind."""
    app = FastAPI()
    peer = Peer(kind)

    @app.post("/v1/readings")
    async def readings(items: list[PeerReading]) -> dict[str, int]:
        for item in items:
            peer.step(item)
        return {"accepted": len(items)}

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(sys.argv[2]), port=int(sys.argv[1]), log_level="warning", access_log=False, timeout_keep_alive=600
    )
