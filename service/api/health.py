"""Health: does the process live, and can it score?"""

from litestar import Controller, Response, get
from litestar.di import NamedDependency

from service.contracts.predictions import Health
from service.pipeline.service import Service


class HealthController(Controller):
    """For supervisors and load balancers."""

    path = "/health"
    tags = ["health"]  # noqa: RUF012 - Litestar reads it from the class

    @get("/live", summary="Whether the process lives")
    async def live(self, service: NamedDependency[Service]) -> Health:
        """200 as long as the process answers."""
        return service.health()

    @get("/ready", summary="Whether it can score")
    async def ready(self, service: NamedDependency[Service]) -> Response[Health]:
        """200 when it takes readings (perhaps degraded, with reasons), 503 while it is starting."""
        health = service.health()
        return Response(health, status_code=503 if health.status == "starting" else 200)
