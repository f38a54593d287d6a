"""Endpoints that forget: a home, or one device of it."""

from typing import Annotated

import msgspec
from litestar import Controller, get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import PathParameter

from service.api.access.scopes import ADMIN
from service.api.bodies import decode_one, read_body, require_json
from service.api.streams import AppRequest
from service.contracts.forgetting import ErasureState, Forget, ForgetReceipt
from service.pipeline.service import Service

_FORGET = msgspec.json.Decoder(Forget)


class ForgetController(Controller):
    """Have the service forget, and see how far it is."""

    path = "/v1/forget"
    tags = ["forgetting"]  # noqa: RUF012 - Litestar reads it from the class
    opt = ADMIN  # to look, too: whoever has somebody forgotten needs one key
    request_max_body_size = None  # bounded by read_body

    @post(
        "/",
        status_code=200,
        summary="Forget a home or a device",
        description="What is known of it is gone from the answers at once, and from the disk behind them. It cannot be "
        "taken back. Models that learned from it are not unlearned.",
    )
    async def forget(self, request: AppRequest, service: NamedDependency[Service]) -> ForgetReceipt:
        """Forget all devices of a home, or one."""
        service.check_ready()
        require_json(request)
        return await service.forget(decode_one(_FORGET, await read_body(request)))

    @get("/{seq:int}", summary="How far an erasure is")
    async def erasure(
        self, service: NamedDependency[Service], seq: Annotated[int, PathParameter(ge=1, le=2**53)]
    ) -> ErasureState:
        """Whether what event ``seq`` forgot has left the disk, and what that waits for."""
        return await sync_to_thread(service.erasure, seq)
