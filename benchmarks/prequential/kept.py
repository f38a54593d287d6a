"""Kept: what all services of a benchmark need alike is made once for all: compiled kernels, and the baseline.

An image brings both along; a service on an empty folder makes them anew, which takes it longer than a small stream.
In a report they are kept for the benchmarks that follow, too.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from benchmarks.prequential.once import folder_of_report
from benchmarks.prequential.stream import HORIZON_H
from benchmarks.report import BenchError
from benchmarks.workload import Workload

_CACHE = "NUMBA_CACHE_DIR"


@contextmanager
def kept(workload: Workload, *, baseline: bool = True) -> Iterator[Workload]:
    """Let services that are started meanwhile, here or in processes started from here, find what they need.

    Args:
        workload: What is measured.
        baseline: Whether a scenario is among it.

    Yields:
        The workload, with the file of the baseline.

    Raises:
        BenchError: The baseline could not be trained.
    """
    before = os.environ.get(_CACHE)
    with _folder() as folder:
        os.environ[_CACHE] = before or str(folder / "kernels")
        try:
            yield replace(workload, baseline=_baseline(folder, workload.seed)) if baseline else workload
        finally:
            if before is None:
                del os.environ[_CACHE]


@contextmanager
def _folder() -> Iterator[Path]:
    if (shared := folder_of_report()) is not None:
        yield shared
        return
    with tempfile.TemporaryDirectory(prefix="hearthbeat-bench-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _baseline(folder: Path, seed: int) -> Path:
    path = folder / f"baseline-{seed}.npz"
    if path.is_file():
        return path
    command = [sys.executable, "-m", "service", "train-baseline", "--out", str(path), "--horizon", f"{HORIZON_H:g}h"]
    result = subprocess.run([*command, "--seed", str(seed)], capture_output=True, text=True, check=False)
    if result.returncode:
        raise BenchError(f"the baseline could not be trained: {result.stderr.strip()[-500:]}")
    return path
