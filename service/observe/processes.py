"""What the service's processes take, as Linux tells it in ``/proc``, and when they took their last snapshots."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from service.contracts.status import ProcessState, SnapshotState
from service.storage.snapshots import newest_snapshot

Process = Literal["service", "learner", "trainer"]


def process_state(process: Process, pid: int | None) -> ProcessState | None:
    """Memory and processor time of a process, or None if it is not there or cannot be looked at."""
    if pid is None:
        return None
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
        fields = text.rsplit(")", 1)[1].split()  # a process may bear any name, also one with blanks and brackets
        cpu_s = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        resident_bytes = int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None
    return ProcessState(process=process, resident_bytes=resident_bytes, cpu_s=cpu_s)


class Snapshots:
    """The newest snapshot of each fold.

    Args:
        folder: Where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self) -> list[SnapshotState]:
        """Those there are."""
        folds: tuple[Literal["scorer", "learner"], ...] = ("scorer", "learner")
        return [
            SnapshotState(fold=fold, seq=found[0], made_at=datetime.fromtimestamp(found[1], UTC))
            for fold in folds
            if (found := newest_snapshot(self._folder, fold)) is not None
        ]
