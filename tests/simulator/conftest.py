"""One small fleet and one fake service for all tests of the simulator."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.arrays import DAY_S, SECOND
from simulator.fleet import Fleet
from tests.simulator.fake_service import FakeService, serving

END = 1_750_000_000 * SECOND


@pytest.fixture(scope="session")
def fleet() -> Fleet:
    """One hundred homes over twelve days that end on 2025-06-15."""
    return Fleet(100, 11, END - 12 * DAY_S * SECOND, END)


@pytest.fixture
def fake() -> Iterator[FakeService]:
    with serving(FakeService()) as service:
        yield service


@pytest.fixture(scope="session")
def data() -> Path:
    """Folder of real data; tests that need a file of it skip where it is absent."""
    default = Path(__file__).parents[3] / "shared" / "data"
    return Path(os.environ.get("HEARTHBEAT_DATA", default))
