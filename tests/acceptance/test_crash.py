"""Killed again and again under load, the service loses nothing, doubles nothing, and ends where the log says."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from benchmarks.report import Report
from tests.service_process import ROOT


@pytest.mark.timeout(900)
@pytest.mark.parametrize("flags", [(), ("--lockstep",)], ids=["asynchronous", "lockstep"])
@pytest.mark.parametrize("kills", [6, pytest.param(30, marks=pytest.mark.long)], ids=["few", "many"])
def test_kills_under_load_break_no_promise(tmp_path: Path, kills: int, flags: tuple[str, ...]) -> None:
    """Nothing acknowledged is lost or doubled, and no part of the state differs from a fold of the log in one go.

    Of the first six kills with this seed four hit the service and two the learner, each some while it learns.
    """
    results = tmp_path / "results.json"
    command = [sys.executable, "-m", "service", "crash-test", "--seed", "10", "--kills", str(kills)]
    done = subprocess.run(
        [*command, "--json", str(results), *flags],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stdout + done.stderr
    rows = {row.id: row.value for row in msgspec.json.decode(results.read_bytes(), type=Report).rows}
    assert kills == (rows["crash.kills.service"] or 0) + (rows["crash.kills.learner"] or 0)
    assert [0, 0, 0, 0] == [rows[f"crash.{word}"] for word in ("lost", "doubled", "foreign", "differing")]
    assert (rows["crash.learned"] or 0) > 10
