"""Endpoints for those who watch: metrics for Prometheus, the status for people, the live stream."""

from typing import Annotated

from litestar import Controller, Response, get
from litestar.concurrency import sync_to_thread
from litestar.params import FromQuery, HeaderParameter, QueryParameter

from service.api.access.gate import admitted
from service.api.access.scopes import READ
from service.api.answers import HandedOver
from service.api.bodies import settings_of
from service.api.observing.stream import SSE, LiveStream
from service.api.streams import AppRequest, service_of
from service.contracts.status import Status
from service.observe.watcher import Watcher
from service.pipeline.live.place import PLACE, parse_place


def watcher_of(request: AppRequest) -> Watcher:
    """The application's watcher."""
    watcher: Watcher = request.app.state.watcher
    return watcher


class WatchController(Controller):
    """What the running service does."""

    opt = READ
    tags = ["observing"]  # noqa: RUF012 - Litestar reads it from the class

    @get("/metrics", summary="Metrics for Prometheus", media_type="text/plain")
    async def metrics(self, request: AppRequest) -> Response[bytes]:
        """All metrics, read when they are asked for, in the text form of Prometheus or of OpenMetrics."""
        accept = request.headers.get("accept", "")
        body, content_type = await sync_to_thread(watcher_of(request).exposition, accept)
        return Response(body, headers={"Content-Type": content_type})

    @get("/v1/status", summary="How the service stands")
    async def status(self, request: AppRequest) -> Status:
        """Health, rates, lag, home types with who leads, checkpoints, trainings and the last decisions, in one."""
        return await sync_to_thread(watcher_of(request).status)

    @get(
        "/v1/stream",
        summary="Follow risks and decisions",
        media_type=SSE,
        description="Server-Sent Events: `risk`, `drift`, `model` and `gap`. With a `Last-Event-ID` it goes on behind "
        "that event, also after a restart of the service.",
    )
    async def stream(
        self,
        request: AppRequest,
        min_risk: Annotated[
            float | None,
            QueryParameter(
                ge=0.0,
                le=1.0,
                description="Smallest risk; the setting `alert_risk` if absent.",
                schema_extra={"minimum": 0.0},  # which the framework leaves out here
            ),
        ] = None,
        home_type: FromQuery[str | None] = None,
        last_event_id: Annotated[
            str | None,
            HeaderParameter(
                name="Last-Event-ID",
                description="The last event that was received.",
                schema_extra={"pattern": PLACE},
            ),
        ] = None,
    ) -> Response[bytes]:
        """Tell what happens, as it happens."""
        service = service_of(request)
        service.check_ready()
        place = parse_place(last_event_id) if last_event_id else None
        risk = settings_of(request).alert_risk if min_risk is None else min_risk
        feed = watcher_of(request).feed
        stream = LiveStream(
            feed, place, min_risk=risk, home_type=home_type, stopping=service.stopping, by=admitted(request)
        )
        return HandedOver(stream)
