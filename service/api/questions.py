"""Endpoints that ask: devices, homes, home types, what-if, evaluation. They change nothing."""

from typing import Annotated

import msgspec
from litestar import Controller, get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from service.api.access.scopes import READ
from service.api.bodies import decode_one, read_body, require_json
from service.api.streams import AppRequest
from service.contracts.journal import JournalKind, JournalPage
from service.contracts.predictions import DeviceDetail, DeviceList, DeviceState, HomeDetail, Prediction, WhatIf
from service.contracts.standing import Evaluation, HomeTypeDetail, HomeTypeList
from service.pipeline.service import Service
from service.pipeline.views.device_list import DEVICES_CURSOR
from service.pipeline.views.journal_view import JOURNAL_CURSOR

_WHAT_IF = msgspec.json.Decoder(WhatIf)


class QuestionController(Controller):
    """What is known now."""

    path = "/v1"
    tags = ["questions"]  # noqa: RUF012 - Litestar reads it from the class
    opt = READ

    @get("/devices", summary="List devices, the riskiest first")
    async def devices(
        self,
        service: NamedDependency[Service],
        home_type: FromQuery[str | None] = None,
        home_id: FromQuery[str | None] = None,
        min_risk: Annotated[float, QueryParameter(ge=0.0, le=1.0, description="Smallest risk.")] = 0.0,
        device_state: Annotated[
            DeviceState | None, QueryParameter(name="state", description="`ok` or `failed`.")
        ] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=1000, description="Devices a page.")] = 50,
        cursor: Annotated[
            str | None,
            QueryParameter(description="`next` of the page before.", schema_extra={"pattern": DEVICES_CURSOR}),
        ] = None,
    ) -> DeviceList:
        """One page of devices by falling risk."""
        return await sync_to_thread(
            service.devices,
            home_type=home_type,
            home_id=home_id,
            min_risk=min_risk,
            state=device_state,
            limit=limit,
            cursor=cursor,
        )

    @get("/homes/{home_id:str}", summary="One home")
    async def home(self, service: NamedDependency[Service], home_id: FromPath[str]) -> HomeDetail:
        """A home's devices, the riskiest first."""
        return await sync_to_thread(service.home, home_id)

    @get("/homes/{home_id:str}/devices/{device_id:path}", summary="One device")
    async def device(
        self, service: NamedDependency[Service], home_id: FromPath[str], device_id: FromPath[str]
    ) -> DeviceDetail:
        """All that is known of one device. Its id may contain slashes."""
        return await sync_to_thread(service.device, home_id, str(device_id).removeprefix("/"))

    @get("/home-types", summary="List home types")
    async def home_types(self, service: NamedDependency[Service]) -> HomeTypeList:
        """All home types seen so far."""
        return await sync_to_thread(service.home_types)

    @get("/home-types/{home_type:str}", summary="One home type")
    async def home_type(self, service: NamedDependency[Service], home_type: FromPath[str]) -> HomeTypeDetail:
        """Members, weights, champion, quality, labels and lag of a home type."""
        return await sync_to_thread(service.home_type, home_type)

    @get("/evaluation", summary="Exact prequential evaluation")
    async def evaluation(
        self, service: NamedDependency[Service], home_type: FromQuery[str | None] = None
    ) -> Evaluation:
        """Quality of the blend and of each member over all matured examples, of one home type or of all."""
        return await sync_to_thread(service.evaluation, home_type)

    @get("/journal", summary="What the learner decided")
    async def journal(
        self,
        service: NamedDependency[Service],
        home_type: FromQuery[str | None] = None,
        kind: FromQuery[JournalKind | None] = None,
        after: Annotated[
            str | None,
            QueryParameter(description="`next` of the page before.", schema_extra={"pattern": JOURNAL_CURSOR}),
        ] = None,
        limit: Annotated[int, QueryParameter(ge=1, le=1000, description="Entries a page.")] = 100,
    ) -> JournalPage:
        """Benchings, drifts, silences, trainings due and an operator's acts, the oldest first."""
        return await sync_to_thread(service.journal, home_type=home_type, kind=kind, after=after, limit=limit)

    @post("/predict", status_code=200, summary="Ask what if", request_max_body_size=None)
    async def predict(self, request: AppRequest, service: NamedDependency[Service]) -> Prediction:
        """The risk that a reading would get. Nothing is stored or learned."""
        require_json(request)
        question = decode_one(_WHAT_IF, await read_body(request))
        return await sync_to_thread(service.what_if, question)
