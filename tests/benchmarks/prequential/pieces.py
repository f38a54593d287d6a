"""Pieces of work for the pool: each starts a child that leads its own session, as a benchmark does with a service."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.prequential.pool import side_by_side
from benchmarks.report import BenchError, Row

SLEEPS = [sys.executable, "-c", "import time; time.sleep(600)"]
PATIENCE_S = 60.0


def counted(name: str, rows: int) -> list[Row]:
    """So many rows."""
    return [Row(f"{name}.{number}", float(number), "", "higher") for number in range(rows)]


def serves(folder: Path, name: str) -> list[Row]:
    """Wait for a child, whose id and whose own is written down; ended in order, it says so."""
    child = subprocess.Popen(SLEEPS, start_new_session=True)
    try:
        _write(folder / name, f"{os.getpid()} {child.pid}")
        child.wait()
    finally:
        child.terminate()
        child.wait()
        _write(folder / f"{name}.stopped", "")
    return []


def stubborn(folder: Path, name: str) -> list[Row]:
    """It does not end when it is told to."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _write(folder / name, str(os.getpid()))
    time.sleep(600.0)
    return []


def fails(folder: Path, *after: str) -> list[Row]:
    """Fail as soon as the others have begun."""
    wait_for(*(folder / name for name in after))
    raise BenchError("there are no data")


def vanishes() -> list[Row]:
    """Its process is gone without a word."""
    os._exit(7)


def bench_of(folder: str) -> list[Row]:
    """What a benchmark of three such pieces measures."""
    return side_by_side({name: (serves, (Path(folder), name)) for name in ("a", "b", "c")})


def wait_for(*files: Path) -> None:
    """Until all are there."""
    deadline = time.monotonic() + PATIENCE_S
    while not all(file.exists() for file in files):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _write(file: Path, text: str) -> None:
    part = file.with_suffix(".part")
    part.write_text(text)
    part.replace(file)
