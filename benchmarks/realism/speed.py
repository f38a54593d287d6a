"""How fast the fleet is made, and how much memory a very large data set of it takes."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.report import BenchError
from simulator.arrays import DAY_S, SECOND
from simulator.fleet import Fleet
from simulator.samples.panel import END_S
from simulator.stream.wire import Wire

HOMES: Final = 400
_DAYS, _BODY = 4, 1_000


def generated_per_s(seed: int, rounds: int, homes: int = HOMES) -> float:
    """Readings a second, as columns, on one core: the best of some rounds."""
    fleet = _fleet(seed, homes)
    return _best(lambda: sum(len(block) for block in fleet.blocks()), rounds)


def encoded_per_s(seed: int, rounds: int, homes: int = HOMES) -> float:
    """Readings a second as encoded bodies of HTTP requests, with the generation: the best of some rounds."""
    fleet = _fleet(seed, homes)

    def encode() -> int:
        wire, count = Wire.of_fleet(fleet), 0
        for block in fleet.deliveries():
            count += len(block)
            for _ in wire.bodies(block, _BODY):
                pass
        return count

    return _best(encode, rounds)


def dataset_memory_mb(samples: int, seed: int) -> float:
    """Peak resident memory of ``hearthbeat dataset`` in a process of its own, in MB (10^6 bytes).

    Raises:
        BenchError: It failed.
    """
    with tempfile.TemporaryDirectory(prefix="hearthbeat-bench-") as folder:
        target = Path(folder) / "samples.parquet"
        command = [sys.executable, "-m", "service", "dataset", "--samples", str(samples)]
        process = subprocess.Popen([*command, "--seed", str(seed), "--out", str(target)], stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise BenchError(f"making {samples} samples ended with status {os.waitstatus_to_exitcode(status)}")
    return usage.ru_maxrss * 1024 / 1e6


def _fleet(seed: int, homes: int) -> Fleet:
    fleet = Fleet(homes, seed, (END_S - _DAYS * DAY_S) * SECOND, END_S * SECOND)
    next(fleet.blocks())  # compiles what is not compiled yet
    return fleet


def _best(work: Callable[[], int], rounds: int) -> float:
    best = 0.0
    for _ in range(rounds):
        began = time.process_time()
        count = work()
        best = max(best, count / (time.process_time() - began))
    return best
