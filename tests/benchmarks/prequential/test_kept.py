"""What services need alike: found by all that are started meanwhile, and gone afterwards."""

import os
from pathlib import Path

import pytest

from benchmarks.prequential.kept import kept
from benchmarks.workload import Workload


@pytest.mark.parametrize("before", [None, "of-the-caller"])
def test_kernels_are_kept_meanwhile(before: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a folder that goes with them, or in that of the caller; then the environment is as it was."""
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    if before is not None:
        monkeypatch.setenv("NUMBA_CACHE_DIR", before)
    workload = Workload(data=tmp_path, seed=1, full=False)
    with kept(workload, baseline=False) as given:
        folder = os.environ["NUMBA_CACHE_DIR"]
        assert workload == given
        assert before is None or before == folder

    assert before == os.environ.get("NUMBA_CACHE_DIR")
    assert not Path(folder).parent.exists() or before is not None
