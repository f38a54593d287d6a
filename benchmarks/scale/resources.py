"""Resources: what fitting takes, and what an answer takes.

Times are those of the processor, all threads of this process together: others use the machine too.

Peak memory is how far the resident memory of this process rises above what it was just before, once all memory that
was freed earlier has been given back to the system. Where a system cannot tell (anything but Linux) there is no figure.
"""

import contextlib
import ctypes
import gc
import pickle
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from benchmarks.batch.models import Rows, Score

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_RESET_PEAK: Final = "5"
_ROUNDS: Final = 3
_MOMENT_S: Final = 0.5

T = TypeVar("T")


def fitting(fit: Callable[[], T]) -> tuple[T, float, float | None]:
    """Fit something; returns it, the seconds that took, and the peak memory in MB (10^6 bytes) or None."""
    before = _settled_mb()
    began = time.process_time()
    fitted = fit()
    seconds = time.process_time() - began
    peak = _status_mb("VmHWM")
    return fitted, seconds, None if before is None or peak is None else max(0.0, peak - before)


def size_mb(model: Any) -> float | None:
    """Size of a model as bytes that hold all of it, in MB: pickled, or a compiled one in its own form."""
    try:
        if isinstance(model, msgspec.Struct):
            return len(msgspec.msgpack.encode(model)) / 1e6
        return len(pickle.dumps(model)) / 1e6
    except (AttributeError, TypeError, pickle.PicklingError):
        return None  # it cannot be pickled


def single_us(score: Score, rows: Rows) -> float:
    """Microseconds that a row takes which is asked for alone: the median of what a moment suffices for."""
    score(rows[:1])
    times: list[float] = []
    while len(times) < len(rows) and sum(times) < _MOMENT_S:
        began = time.process_time()
        score(rows[len(times) : len(times) + 1])
        times.append(time.process_time() - began)
    return 1e6 * statistics.median(times)


def batch_us(score: Score, rows: Rows) -> float:
    """Microseconds that a row takes when all are asked for at once: the best of some rounds."""
    best = float("inf")
    for _ in range(_ROUNDS):
        began = time.process_time()
        score(rows)
        best = min(best, time.process_time() - began)
    return 1e6 * best / len(rows)


def _settled_mb() -> float | None:
    """Resident memory once what is free has been given back, in MB; the peak begins anew."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # the C library of GNU; others keep what they keep
    try:
        _CLEAR.write_text(_RESET_PEAK)
    except OSError:
        return None
    return _status_mb("VmRSS")


def _status_mb(name: str) -> float | None:
    with contextlib.suppress(OSError):
        for line in _STATUS.read_text().splitlines():
            key, _, value = line.partition(":")
            if key == name:
                return int(value.split()[0]) * 1024 / 1e6
    return None
