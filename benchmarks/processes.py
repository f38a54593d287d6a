"""Processes as the system sees them: the tree below one, its memory, its cores."""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

_LOOK_EVERY_S = 0.5


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


@contextlib.contextmanager
def keep_alone(pid: int) -> Iterator[None]:
    """Meanwhile a process is on the first core; what it starts runs on any, as it would if nothing were pinned.

    Nothing is done on a machine with one core, or where a system cannot.
    """
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else {0}
    if len(cores) < 2:
        yield
        return
    _spread(pid, {min(cores)})
    over = threading.Event()

    def release() -> None:
        while not over.wait(_LOOK_EVERY_S):
            for child in tree(pid)[1:]:
                _spread(child, cores)

    watcher = threading.Thread(target=release, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _spread(pid: int, cores: set[int]) -> None:
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(int(task.name), cores)
