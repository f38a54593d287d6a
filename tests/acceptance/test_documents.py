"""The documents that promise something to whoever types what they say."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.documents import Reader, steps_of
from tests.service_process import ROOT

TUTORIALS = ROOT / "docs" / "tutorials"


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with Reader(tmp_path) as somebody:
        yield somebody


def test_quick_start(reader: Reader) -> None:
    """The README's tour: no problem is answered, the failure shows, and in the end it is withdrawn.

    The table of one's own is the first one in docs/replay.md.
    """
    quick_start = (ROOT / "README.md").read_text().split("## Five minutes with curl")[1].split("\n## ")[0]
    table, mapping = re.findall(r"^```(?:toml)?\n(.*?)^```$", (ROOT / "docs/replay.md").read_text(), re.M | re.S)[:2]
    (reader.folder / "my-devices.csv").write_text(table)
    (reader.folder / "my-devices.toml").write_text(mapping)
    printed = reader.follow(steps_of(quick_start))
    assert reader.service is not None
    device = reader.service.get("/v1/homes/home-17/devices/sensor.kitchen")
    assert "/problems/" not in printed
    assert printed.count('"state":"failed"') == 1
    assert ("ok", 3) == (device["state"], device["readings"])
    assert "3 readings sent" in printed


def test_replay_your_table(reader: Reader) -> None:
    """The table is learned from: the risks are well above the base rate, and a slow motor is a risk."""
    printed = reader.follow(steps_of((TUTORIALS / "replay-your-table.md").read_text()))
    assert reader.service is not None
    risk = reader.service.get("/v1/evaluation")["risk"]
    assert risk["blend"]["all"]["pr_auc"] > 2 * risk["prior"]["all"]["pr_auc"]
    assert 0.5 < float(printed.split("risk ")[-1])


def test_operate(reader: Reader) -> None:
    """A drift is read from the journal, a refresh and a rollback do what is said, and what is restored is the same."""
    reader.follow(steps_of((TUTORIALS / "operate.md").read_text()))


def test_read_the_benchmark(reader: Reader) -> None:
    """The page and the comparison say of the result at hand what the tutorial reads in them."""
    reader.follow(steps_of((TUTORIALS / "read-the-benchmark.md").read_text()))
