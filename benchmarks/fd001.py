"""FD001: how well are the failures of NASA's turbofans foretold, and how fast, through the whole service?

Each row of the table goes over HTTP to a real service in lock-step; each risk is given before its label could be known.
Quality is prequential, over all final examples and over those after the first 30 %, of the blend and of each member.
"""

import subprocess
import sys
import time
from pathlib import Path
from typing import Literal

import msgspec

from benchmarks.repeated import repeated
from benchmarks.report import BenchError, Row
from benchmarks.server import serving
from benchmarks.steps import steps
from benchmarks.workload import Workload
from simulator.stream.summary import Summary
from simulator.tables.shipped import shipped_mappings

MAPPING = shipped_mappings()["cmapss_fd001"]
STAGGERS = range(5)
"""Seeds by which the engines start at staggered hours; the first is measured always."""

_QUICK_ROWS = 5_000

_FIGURES: tuple[tuple[str, str, Literal["higher", "lower"]], ...] = (
    ("pr_auc", "", "higher"),
    ("roc_auc", "", "higher"),
    ("recall_at_1pct_far", "", "higher"),
    ("brier", "", "lower"),
    ("log_loss", "nats", "lower"),
)


def measure(workload: Workload) -> list[Row]:
    """Replay FD001; with ``full`` five times, staggered differently, with the medians; with ``quick`` its first rows.

    Raises:
        BenchError: The data set is missing, or a replay fails.
    """
    table = workload.data_set("cmapss", "train_FD001.txt.gz")
    if not workload.full:
        with steps(1) as step:
            step("replaying the turbofans")
            return _replayed(table, STAGGERS[0], workload.seed, _QUICK_ROWS if workload.quick else None)
    runs = []
    with steps(len(STAGGERS)) as step:
        for stagger in STAGGERS:
            step(f"replaying the turbofans, staggered by {stagger}")
            runs.append(_replayed(table, stagger, workload.seed))
    names = [f"stagger{stagger}" for stagger in STAGGERS]
    return repeated(dict(zip(names, runs, strict=True)))


def _replayed(table: Path, stagger: int, seed: int, limit: int | None = None) -> list[Row]:
    command = [sys.executable, "-m", "service", "replay", str(table), "--map", str(MAPPING), "--exact", "--json"]
    command += [] if limit is None else ["--limit-rows", str(limit)]
    with serving(lockstep="true", horizon="30h", baseline="off", seed=str(seed)) as url:
        began = time.monotonic()
        result = subprocess.run(
            [*command, "--seed", str(stagger), "--url", url], capture_output=True, text=True, check=False
        )
        seconds = time.monotonic() - began
    if result.returncode:
        raise BenchError(f"the replay ended with status {result.returncode}: {result.stderr.strip()}")
    summary = msgspec.json.decode(result.stdout, type=Summary)
    rows = []
    for member, quality in sorted(summary.risk.items(), key=lambda item: (item[0] != "blend", item[0])):
        for part, figures in (("all", quality.all), ("last70", quality.last70)):
            for name, unit, better in _FIGURES:
                rows.append(Row(f"fd001.{member}.{part}.{name}", getattr(figures, name), unit, better))
    return [
        *rows,
        Row("fd001.examples", summary.examples, "examples", "higher"),
        Row("fd001.positives", summary.positives, "examples", "higher"),
        Row("fd001.readings_per_s", summary.readings_per_s, "readings/s", "higher"),
        Row("fd001.seconds", round(seconds, 2), "s", "lower"),
    ]
