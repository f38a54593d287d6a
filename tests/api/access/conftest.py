"""A real service for the tests of access, with keys and tight limits."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from service.contracts.access import SCOPES, Scope
from service.storage.keys import KeyFile
from tests.service_process import ROOT, ServiceProcess


def keys(*arguments: str) -> subprocess.CompletedProcess[str]:
    """``hearthbeat keys``."""
    command = [sys.executable, "-m", "service", "keys", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def create(folder: Path, name: str, *scopes: Scope) -> str:
    """Make a key."""
    return KeyFile(folder).create(name, scopes, datetime.now(UTC))


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture(scope="session")
def keyed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of `keyed`."""
    return tmp_path_factory.mktemp("keyed") / "data"


@pytest.fixture(scope="session")
def by_scope(keyed_folder: Path) -> dict[str, str]:
    """A key for each scope alone."""
    return {scope: create(keyed_folder, f"only-{scope}", scope) for scope in SCOPES}


@pytest.fixture(scope="session")
def keyed(keyed_folder: Path, by_scope: dict[str, str]) -> Iterator[ServiceProcess]:
    """A service that has keys, takes 100 items a second of each, and gives a body a second."""
    limits = {"HEARTHBEAT_RATE_LIMIT": "100", "HEARTHBEAT_BODY_TIMEOUT": "1s"}
    with ServiceProcess(keyed_folder, "--baseline", "off", **limits) as process:
        yield process


@pytest.fixture
def anybody(keyed: ServiceProcess) -> Iterator[httpx.Client]:
    """Asks it without a key."""
    with httpx.Client(base_url=keyed.url, timeout=30) as client:
        yield client
