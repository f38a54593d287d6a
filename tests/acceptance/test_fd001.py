"""Real input: C-MAPSS FD001 through the service over HTTP, in lock-step, with honest labels."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service_process import ROOT, ServiceProcess

DATA = Path(os.environ.get("HEARTHBEAT_DATA", ROOT.parent / "shared" / "data")) / "cmapss" / "train_FD001.txt.gz"


@pytest.mark.skipif(not DATA.exists(), reason="the C-MAPSS data set is not here; it is no part of the project")
@pytest.mark.timeout(400)
def test_replay_of_fd001(tmp_path: Path) -> None:
    """Every row is an example with its true label, and the blend's prequential PR-AUC on last70 is at least .96."""
    flags = ["--lockstep", "--horizon", "30h", "--baseline", "off"]
    with ServiceProcess(tmp_path / "data", *flags, HEARTHBEAT_TRAIN_EVERY="30d") as service:
        command = [sys.executable, "-m", "service", "replay", str(DATA), "--map", "examples/cmapss_fd001.toml"]
        done = subprocess.run(
            [*command, "--url", service.url, "--exact", "--json"], cwd=ROOT, capture_output=True, check=True
        )
    result = json.loads(done.stdout)
    assert (20_631, 3_000) == (result["examples"], result["positives"])
    assert (20_631, 20_631, 0, 0) == tuple(result[word] for word in ("sent", "accepted", "duplicate", "late"))
    assert {"blend", "forest", "logistic", "global_forest", "global_logistic", "checkpoint", "prior"} == set(
        result["risk"]
    )
    assert result["risk"]["blend"]["last70"]["pr_auc"] >= 0.96
    assert sum(result["weights"].values()) == pytest.approx(1.0)
