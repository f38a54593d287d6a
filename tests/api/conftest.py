"""One real service for all tests of the HTTP API; each test uses homes of its own."""

from collections.abc import Iterator

import httpx
import pytest

from tests.service_process import ServiceProcess


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    folder = tmp_path_factory.mktemp("api") / "data"
    limits = {"HEARTHBEAT_MAX_BODY_BYTES": "200000", "HEARTHBEAT_MAX_ITEMS": "200", "HEARTHBEAT_MAX_METRICS": "12"}
    with ServiceProcess(folder, "--baseline", "off", **limits) as process:
        yield process


@pytest.fixture
def client(service: ServiceProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, timeout=30) as client:
        yield client
