"""Background work: threads and files that step back before those that answer."""

import contextlib
import os
import threading
from collections.abc import Iterable
from typing import IO

_NICE = 10
_SLICE = 1_048_576


def step_back() -> None:
    """Lower the priority of the calling thread, where a system knows such a thing (Linux); of no other thread."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)


def write_gently(file: IO[bytes], pieces: Iterable[bytes | memoryview]) -> None:
    """Write pieces and make them durable, slice by slice.

    All at once they would be a long queue at the disk, and a commit beside them would wait until it is through.
    """
    pending = 0
    for piece in pieces:
        whole = memoryview(piece)
        for low in range(0, len(whole), _SLICE):
            pending += file.write(whole[low : low + _SLICE])
            if pending >= _SLICE:
                pending = 0
                _sync(file)
    _sync(file)


def _sync(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
