"""Cores: what is measured gets one of its own, and what sends to it another, where the machine has two.

Processes are moved when they are ready, not before: many that start on one core would take minutes.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path


class Cores:
    """Two cores, or one twice where there is no second; nothing is moved where a system cannot."""

    def __init__(self) -> None:
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]
        self.measured, self.load = cores[0], cores[-1]

    @contextlib.contextmanager
    def sending(self) -> Iterator[None]:
        """Meanwhile this thread is on the load's core, and so is whatever it starts, until that is moved."""
        if not hasattr(os, "sched_setaffinity"):
            yield
            return
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {self.load})
        try:
            yield
        finally:
            os.sched_setaffinity(0, before)


def learner_of(pid: int) -> int | None:
    """Process id of a service's learner; None where there is no ``/proc`` to ask."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            if "learner" in Path(f"/proc/{child}/cmdline").read_text():
                return int(child)
    return None


def move(pid: int, core: int) -> None:
    """Move all threads of a process to a core; those that it starts later follow."""
    if hasattr(os, "sched_setaffinity"):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(int(task.name), {core})
