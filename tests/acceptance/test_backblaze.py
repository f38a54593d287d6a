"""Real input: Backblaze's drive telemetry through the service over HTTP, in lock-step, with honest labels."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service_process import ROOT, ServiceProcess

DATA = Path(os.environ.get("HEARTHBEAT_DATA", ROOT.parent / "shared" / "data")) / "backblaze_2013" / "cohort_a.csv.gz"


@pytest.mark.skipif(not DATA.exists(), reason="the Backblaze data set is not here; it is no part of the project")
@pytest.mark.timeout(400)
@pytest.mark.parametrize("mapping", ["backblaze", "backblaze_by_model"])
def test_replay_of_drives(tmp_path: Path, mapping: str) -> None:
    """Every day before a failure is positive, and the blend's prequential PR-AUC on last70 is at least .10.

    That is ten times the base rate.
    """
    with ServiceProcess(tmp_path / "data", "--lockstep", "--horizon", "7d", "--baseline", "off") as service:
        command = [sys.executable, "-m", "service", "replay", str(DATA), "--map", mapping]
        done = subprocess.run(
            [*command, "--url", service.url, "--exact", "--json"], cwd=ROOT, capture_output=True, check=True
        )
    result = json.loads(done.stdout)
    # Censored are the last week of a drive that did not fail, and days whose drive was silent when they were due.
    assert (41_386, 367) == (result["examples"], result["positives"])
    assert (50_058, 50_058, 0, 0) == tuple(result[word] for word in ("sent", "accepted", "duplicate", "late"))
    assert {"blend", "forest", "logistic", "global_forest", "global_logistic", "prior"} == set(result["risk"])
    assert result["risk"]["blend"]["last70"]["pr_auc"] >= 0.10
    assert sum(result["weights"].values()) == pytest.approx(1.0)
