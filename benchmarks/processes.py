"""Processes as the system sees them: the tree below one, its memory, its cores."""

import contextlib
import os
from pathlib import Path


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for parent in found:  # grows as it goes
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").glob("*/children"):
                found += map(int, task.read_text().split())
    return found


def pss_mb(pid: int) -> float:
    """Proportional set size of a process in megabytes (10^6); 0 once it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


def pin(pid: int, core: int) -> None:
    """Keep all threads of a process on one core; those that it starts later stay there, too."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):
            os.sched_setaffinity(int(task.name), {core})
