"""Endpoints that take something in: readings, outcomes, and an operator's word on event time."""

import asyncio
from collections.abc import Awaitable, Callable
from threading import Event
from typing import TypeVar

import msgspec
from litestar import Controller, Request, Response, post
from litestar.datastructures import State
from litestar.params import FromQuery

from service.api.access.gate import Admitted, admitted
from service.api.access.scopes import ADMIN, INGEST
from service.api.answers import HandedOver, json_answer
from service.api.bodies import NDJSON, decode_items, decode_one, media_type, read_body, require_json, settings_of
from service.api.exchange import NdjsonExchange
from service.contracts.errors import RefusedItem
from service.contracts.outcomes import Outcome, OutcomeDecoder, OutcomesDecoder
from service.contracts.predictions import Receipt
from service.contracts.readings import Reading, ReadingDecoder, ReadingsDecoder
from service.contracts.standing import Advance, AdvanceReceipt
from service.pipeline.scoring.intake.arrivals import ReadingsJob
from service.pipeline.scoring.requests import OutcomesJob
from service.pipeline.service import Service, now_us

AppRequest = Request[None, None, State]
T = TypeVar("T")

_LOOK_UP_S = 0.5
_ENCODER = msgspec.json.Encoder()
_ADVANCE = msgspec.json.Decoder(Advance)


def service_of(request: AppRequest) -> Service:
    """The application's service. Where readings stream in it is not injected: that takes as long as to decode one."""
    service: Service = request.app.state.service
    return service


def _alone(receipt: Receipt) -> Receipt:
    """A single object that was refused is an error, not a receipt."""
    if receipt.refusals:
        refusal = receipt.refusals[0]
        raise RefusedItem(refusal.reason, refusal.detail, field=refusal.field)
    return receipt


async def _take(
    request: AppRequest,
    service: Service,
    one: msgspec.json.Decoder[T],
    many: msgspec.json.Decoder[list[T]],
    commit: Callable[[list[T]], Awaitable[Receipt]],
) -> Response[bytes]:
    """Read a body by its media type, commit what is in it, and answer with what became of it."""
    service.check_ready()
    by = admitted(request)
    if media_type(request) == NDJSON:
        paced = commit if by is None else _paced(by, commit, service.stopping)
        return HandedOver(NdjsonExchange(one, paced, service.stopping))
    body = await read_body(request)
    items, array = decode_items(one, many, body, settings_of(request).max_items)
    if by is not None:
        by.charge(len(items) - 1)  # the request itself was counted as one
    receipt = await commit(items)
    return json_answer(_ENCODER.encode(receipt if array else _alone(receipt)))


def _paced(
    by: Admitted, commit: Callable[[list[T]], Awaitable[Receipt]], stopping: Event
) -> Callable[[list[T]], Awaitable[Receipt]]:
    """``commit`` for a stream: no faster than the rate limit allows, and no longer than its key is good."""

    async def commit_paced(items: list[T]) -> Receipt:
        while (wait_s := by.wait_s()) > 0.0 and not stopping.is_set():
            await asyncio.sleep(min(wait_s, _LOOK_UP_S))
            by.still()
        by.still()
        receipt = await commit(items)
        by.charge(len(items))
        return receipt

    return commit_paced


class StreamController(Controller):
    """What streams in. Every answer leaves after its event is durable."""

    path = "/v1"
    tags = ["streams"]  # noqa: RUF012 - Litestar reads it from the class
    request_max_body_size = None  # bounded by read_body; NDJSON may be of any length

    @post(
        "/readings",
        opt=INGEST,
        status_code=200,
        summary="Send readings",
        description="One reading, a JSON array (all or, if an item is malformed, none), or NDJSON (chunk by chunk; one "
        "receipt line a chunk). Sending the same again is safe.",
    )
    async def readings(
        self,
        request: AppRequest,
        risks: FromQuery[bool] = False,
        members: FromQuery[bool] = False,
    ) -> Response[bytes]:
        """Score and store readings.

        Args:
            request: The request.
            risks: Answer with each reading's risk.
            members: And with each member's part in it.
        """
        service = service_of(request)

        async def commit(readings: list[Reading]) -> Receipt:
            job = ReadingsJob(readings=readings, received_us=now_us(), risks=risks or members, members=members)
            receipt: Receipt = await service.submit(job)
            return receipt

        return await _take(request, service, ReadingDecoder, ReadingsDecoder, commit)

    @post(
        "/outcomes",
        opt=INGEST,
        status_code=200,
        summary="Send outcomes",
        description="Failures, repairs and retractions: one, a JSON array, or NDJSON, as with readings.",
    )
    async def outcomes(self, request: AppRequest) -> Response[bytes]:
        """Store outcomes."""
        service = service_of(request)

        async def commit(outcomes: list[Outcome]) -> Receipt:
            receipt: Receipt = await service.submit(OutcomesJob(outcomes=outcomes, received_us=now_us()))
            return receipt

        return await _take(request, service, OutcomeDecoder, OutcomesDecoder, commit)

    @post(
        "/advance",
        opt=ADMIN,
        status_code=200,
        summary="Declare that event time has advanced",
        description="For streams that end, such as a replayed table: labels due by then mature. Readings from before "
        "that instant are no examples afterwards.",
    )
    async def advance(self, request: AppRequest) -> AdvanceReceipt:
        """Move event time on."""
        service = service_of(request)
        service.check_ready()
        require_json(request)
        return await service.advance(decode_one(_ADVANCE, await read_body(request)))
