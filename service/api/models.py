"""Endpoints about checkpoints: what serves, versions, files, an operator's acts, and the trainings."""

from typing import Annotated, Any, TypeVar

import msgspec
from litestar import Controller, Response, get, post, route
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from service.api.access.scopes import ADMIN, READ
from service.api.bodies import decode_one, read_body, require_json, require_octets
from service.api.streams import AppRequest
from service.contracts.errors import BadQuery
from service.contracts.jobs import JobDetail, JobList
from service.contracts.models import (
    OCTETS,
    Deed,
    DeedReceipt,
    ImportReceipt,
    ModelComparison,
    ModelList,
    PinMember,
    Reason,
    Rollback,
    VersionDetail,
    VersionList,
    Who,
)
from service.pipeline.training.models import Models

T = TypeVar("T")

_DEED = msgspec.json.Decoder(Deed)
_ROLLBACK = msgspec.json.Decoder(Rollback)
_PIN = msgspec.json.Decoder(PinMember)
_CONSTRAINTS = ("minLength", "maxLength", "pattern")


async def _act(request: AppRequest, decoder: msgspec.json.Decoder[T]) -> T:
    require_json(request)
    return decode_one(decoder, await read_body(request))


def _schema(kind: Any) -> dict[str, Any]:
    """What the document says of a parameter that is checked as a field."""
    return {name: what for name, what in msgspec.json.schema(kind).items() if name in _CONSTRAINTS}


class ModelController(Controller):
    """Checkpoints. ``global`` names the global one; ``~`` before a home type's name takes it as it is."""

    path = "/v1/models"
    tags = ["models"]  # noqa: RUF012 - Litestar reads it from the class
    opt = READ
    request_max_body_size = None  # bounded by read_body

    @get("/", summary="What serves")
    async def models(self, models: NamedDependency[Models]) -> ModelList:
        """The checkpoint that serves each home type, how fresh it is, pins, and how far behind the learner is."""
        return await sync_to_thread(models.every)

    @get("/compare", summary="Two versions side by side")
    async def compare(
        self,
        models: NamedDependency[Models],
        home_type: FromQuery[str],
        a: Annotated[int, QueryParameter(ge=0, le=2**31 - 1, description="A version.")],
        b: Annotated[int, QueryParameter(ge=0, le=2**31 - 1, description="Another.")],
    ) -> ModelComparison:
        """What the files of two versions of one home type say, and where they differ."""
        return await sync_to_thread(models.compare, home_type, a, b)

    @get("/{home_type:str}/versions", summary="List versions")
    async def versions(self, models: NamedDependency[Models], home_type: FromPath[str]) -> VersionList:
        """All versions that are remembered, the newest first."""
        return await sync_to_thread(models.versions, home_type)

    @get("/{home_type:str}/versions/{number:int}", summary="One version")
    async def version(
        self, models: NamedDependency[Models], home_type: FromPath[str], number: FromPath[int]
    ) -> VersionDetail:
        """What it was made of, how good it was, and whether its file is whole."""
        return await sync_to_thread(models.version, home_type, number)

    @get("/{home_type:str}/versions/{number:int}/file", summary="Export a version", media_type=OCTETS)
    async def file(
        self, models: NamedDependency[Models], home_type: FromPath[str], number: FromPath[int]
    ) -> Response[bytes]:
        """Its file, verified: plain arrays in an ``.npz``. The ETag is its SHA-256."""
        name, sha256, content = await sync_to_thread(models.file, home_type, number)
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "ETag": f'"{sha256}"'}
        return Response(content, media_type=OCTETS, headers=headers)

    @route("/{home_type:str}/versions", http_method=["OPTIONS"], status_code=204, include_in_schema=False)
    async def allowed(self, home_type: FromPath[str]) -> Response[None]:
        """What may be asked here. Of two methods of a path the framework's own answer names only one."""
        return Response(None, status_code=204, headers={"Allow": "GET, OPTIONS, POST"})

    @post("/{home_type:str}/versions", opt=ADMIN, status_code=201, summary="Import a version")
    async def receive(
        self,
        request: AppRequest,
        models: NamedDependency[Models],
        home_type: FromPath[str],
        by: Annotated[str, QueryParameter(description="Who does it.", schema_extra=_schema(Who))],
        why: Annotated[str, QueryParameter(description="What for, in one line.", schema_extra=_schema(Reason))],
    ) -> ImportReceipt:
        """Take in the file of an export. It becomes a candidate, which serves once it is rolled back to."""
        require_octets(request)
        try:
            act = msgspec.convert({"by": by, "why": why}, Deed)
        except msgspec.ValidationError as error:
            field = "by" if str(error).endswith("`$.by`") else "why"
            raise BadQuery(str(error), field=field) from None
        content = await read_body(request)
        return await sync_to_thread(models.receive, home_type, content, act)

    @post("/{home_type:str}/refresh", opt=ADMIN, status_code=202, summary="Train now")
    async def refresh(
        self, request: AppRequest, models: NamedDependency[Models], home_type: FromPath[str]
    ) -> Response[JobDetail]:
        """Put a training in the queue."""
        job = await sync_to_thread(models.refresh, home_type, await _act(request, _DEED))
        return Response(job, status_code=202, headers={"Location": f"/v1/jobs/{job.job}"})

    @post("/{home_type:str}/rollback", opt=ADMIN, status_code=200, summary="Let another version serve")
    async def rollback(
        self, request: AppRequest, models: NamedDependency[Models], home_type: FromPath[str]
    ) -> DeedReceipt:
        """The version that served before, or the one named, serves from the next answer on."""
        return await sync_to_thread(models.rollback, home_type, await _act(request, _ROLLBACK))

    @post("/{home_type:str}/pin", opt=ADMIN, status_code=200, summary="Pin a member")
    async def pin(self, request: AppRequest, models: NamedDependency[Models], home_type: FromPath[str]) -> DeedReceipt:
        """One member answers alone for a home type, from the next answer on and as long as it can."""
        return await sync_to_thread(models.pin, home_type, await _act(request, _PIN))

    @post("/{home_type:str}/unpin", opt=ADMIN, status_code=200, summary="End a pin")
    async def unpin(
        self, request: AppRequest, models: NamedDependency[Models], home_type: FromPath[str]
    ) -> DeedReceipt:
        """The whole committee answers again."""
        return await sync_to_thread(models.unpin, home_type, await _act(request, _DEED))


class JobController(Controller):
    """Trainings."""

    path = "/v1/jobs"
    tags = ["models"]  # noqa: RUF012 - Litestar reads it from the class
    opt = READ

    @get("/", summary="List trainings")
    async def jobs(self, models: NamedDependency[Models]) -> JobList:
        """Trainings since the service was started, the newest first."""
        return await sync_to_thread(models.jobs)

    @get("/{job:str}", summary="One training")
    async def job(self, models: NamedDependency[Models], job: FromPath[str]) -> JobDetail:
        """Where it stands, and what came of each checkpoint."""
        return await sync_to_thread(models.job, job)
