"""Real input: C-MAPSS FD001 through the service over HTTP, in lock-step, with honest labels."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.service_process import ROOT, ServiceProcess

DATA = Path(os.environ.get("HEARTHBEAT_DATA", ROOT.parent / "shared" / "data")) / "cmapss" / "train_FD001.txt.gz"
MEMBERS = {"blend", "forest", "logistic", "global_forest", "global_logistic", "checkpoint", "prior"}

pytestmark = pytest.mark.skipif(
    not DATA.exists(), reason="the C-MAPSS data set is not here; it is no part of the project"
)


def _replayed(folder: Path, table: Path, train_every: str) -> Any:
    flags = ["--lockstep", "--horizon", "30h", "--baseline", "off"]
    with ServiceProcess(folder, *flags, HEARTHBEAT_TRAIN_EVERY=train_every) as service:
        command = [sys.executable, "-m", "service", "replay", str(table), "--map", "cmapss_fd001"]
        done = subprocess.run(
            [*command, "--url", service.url, "--exact", "--json"], cwd=ROOT, capture_output=True, check=True
        )
    return json.loads(done.stdout)


def _check(result: Any, rows: int, engines: int) -> None:
    """Every row is an example, an engine's last 30 are positive; all members take part."""
    assert (rows, 30 * engines) == (result["examples"], result["positives"])
    assert (rows, rows, 0, 0) == tuple(result[word] for word in ("sent", "accepted", "duplicate", "late"))
    assert MEMBERS == set(result["risk"])
    assert sum(result["weights"].values()) == pytest.approx(1.0)


@pytest.mark.timeout(400)
def test_replay_of_some_engines(tmp_path: Path) -> None:
    """Of forty engines every row is an example with its true label; the blend's PR-AUC on last70 is at least .96."""
    lines = gzip.decompress(DATA.read_bytes()).decode().splitlines(keepends=True)
    table = tmp_path / "engines.txt"
    table.write_text("".join(line for line in lines if int(line.split()[0]) <= 40))
    result = _replayed(tmp_path / "data", table, "20d")
    _check(result, 7_826, 40)
    assert result["risk"]["blend"]["last70"]["pr_auc"] >= 0.96


@pytest.mark.long
@pytest.mark.timeout(900)
def test_replay_of_fd001(tmp_path: Path) -> None:
    """Of all engines every row is an example with its true label; the blend's PR-AUC on last70 is at least .96."""
    result = _replayed(tmp_path / "data", DATA, "30d")
    _check(result, 20_631, 100)
    assert result["risk"]["blend"]["last70"]["pr_auc"] >= 0.96
