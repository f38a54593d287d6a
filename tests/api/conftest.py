"""Real services for the tests of the HTTP API: one in which each test uses homes of its own, one that has trained."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.trained import FLAGS, SETTINGS, STEPS, members_now, send
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


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of `trained`."""
    return tmp_path_factory.mktemp("trained") / "data"


@pytest.fixture(scope="session")
def trained(folder: Path) -> Iterator[ServiceProcess]:
    """A service whose home types serve version 3; a test leaves it so, whatever comes between."""
    with ServiceProcess(folder, *FLAGS, **SETTINGS) as process:
        send(process, 0, STEPS)
        yield process


@pytest.fixture
def http(trained: ServiceProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=trained.url, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def answering(trained: ServiceProcess) -> Callable[[str], dict[str, dict[str, Any]]]:
    """Who answers the next reading of a home type."""
    steps = iter(range(STEPS, 10 * STEPS))
    return lambda home_type: members_now(trained, home_type, next(steps))
