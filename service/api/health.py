"""Health: does the process live, can it score, do the checkpoints serve? And what is it that runs?"""

from litestar import Controller, Response, get
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency

from service.api.access.scopes import OPEN, READ
from service.contracts.models import Build, ModelHealth
from service.contracts.predictions import Health
from service.pipeline.service import Service
from service.pipeline.training.models import Models
from service.pipeline.views.build import build


class HealthController(Controller):
    """For supervisors and load balancers."""

    path = "/health"
    tags = ["health"]  # noqa: RUF012 - Litestar reads it from the class

    @get("/live", opt=OPEN, summary="Whether the process lives")
    async def live(self, service: NamedDependency[Service]) -> Health:
        """200 as long as the process answers."""
        return service.health()

    @get("/ready", opt=OPEN, summary="Whether it can score")
    async def ready(self, service: NamedDependency[Service]) -> Response[Health]:
        """200 when it takes readings (perhaps degraded, with reasons), 503 while it is starting."""
        health = service.health()
        return Response(health, status_code=503 if health.status == "starting" else 200)

    @get("/models", opt=READ, summary="Whether the checkpoints serve")
    async def models(self, models: NamedDependency[Models]) -> Response[ModelHealth]:
        """200 with each checkpoint that should serve, loaded and verified or not; 503 while the service is starting."""
        health = await sync_to_thread(models.health)
        return Response(health, status_code=503 if health.status == "starting" else 200)


class VersionController(Controller):
    """What runs."""

    tags = ["health"]  # noqa: RUF012 - Litestar reads it from the class

    @get("/version", opt=READ, summary="What runs")
    async def version(self) -> Build:
        """Versions of the service, of Python, of the log's schema and of the libraries."""
        return build()
