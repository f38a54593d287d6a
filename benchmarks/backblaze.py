"""Backblaze: how well are the failures of real drives foretold through the whole service, and how sure is that?

Each row of the table goes over HTTP to a real service in lock-step; each risk is given before its label could be known.
Once with all drives as one home type, once with a home type for each model.

Failures are few, and the examples of one drive are alike, so the blend's 90 % interval comes from a bootstrap over
drives. It says how much the figure depends on which drives were there; the models are not trained anew.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from benchmarks.repeated import repeated
from benchmarks.report import BenchError, Row
from benchmarks.server import serving_in
from benchmarks.steps import steps
from benchmarks.workload import Workload
from service.contracts.ports import MaturedExamples
from service.evaluation.bootstrap import device_draws
from service.evaluation.metrics import Labels, Risks, Steps, pr_auc
from service.labels.join import CENSORED
from service.pipeline.views.home_type_views import BLEND, scored
from service.storage.examples import SqliteExampleStore
from simulator.stream.summary import Summary
from simulator.tables.shipped import shipped_mappings

MAPPINGS = {"drives": "backblaze", "by_model": "backblaze_by_model"}
"""The mappings, by their names in the ids."""
RUNS = 3
"""How many seeds of the service ``full`` measures, from the one given on."""

_RESAMPLES = 200
_TAIL = 0.05
_SKIPPED = 0.3


def measure(workload: Workload) -> list[Row]:
    """Replay the drives by each mapping; with ``full`` under three seeds, with the medians; with ``quick`` by one.

    Raises:
        BenchError: The data set is missing, or a replay fails.
    """
    table = workload.data_set("backblaze_2013", "cohort_a.csv.gz")
    seeds = range(workload.seed, workload.seed + (RUNS if workload.full else 1))
    words = list(MAPPINGS)[:1] if workload.quick else list(MAPPINGS)
    runs: list[list[Row]] = []
    with steps(len(seeds) * len(words)) as step:
        for seed in seeds:
            runs.append([])
            for word in words:
                step(f"replaying {word.replace('_', ' ')}, seed {seed}")
                runs[-1] += _replayed(table, word, seed)
    names = [f"run{number}" for number in range(len(runs))]
    return repeated(dict(zip(names, runs, strict=True)))


def interval(labels: Labels, risks: Risks, device: npt.NDArray[np.int64], seed: int) -> tuple[float, float]:
    """Bounds of the 90 % interval of the PR-AUC by a percentile bootstrap over devices.

    Args:
        labels, risks: Of the examples, (n,).
        device: Whose they are, (n,).
        seed: Of the resampling.

    Raises:
        BenchError: No resample has a positive example.
    """
    steps = Steps(labels, risks)
    draws = device_draws(device, seed=seed, resamples=_RESAMPLES)
    figures = [value for times in draws if (value := steps.pr_auc(times.astype(np.float64))) is not None]
    if not figures:
        raise BenchError("no failure has matured; there is nothing to estimate")
    low, high = np.quantile(figures, [_TAIL, 1.0 - _TAIL])
    return float(low), float(high)


def _replayed(table: Path, word: str, seed: int) -> list[Row]:
    mapping = shipped_mappings()[MAPPINGS[word]]
    command = [sys.executable, "-m", "service", "replay", str(table), "--map", str(mapping), "--exact", "--json"]
    with tempfile.TemporaryDirectory(prefix="hearthbeat-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with serving_in(folder, lockstep="true", horizon="7d", baseline="off", seed=str(seed)) as url:
            began = time.monotonic()
            result = subprocess.run([*command, "--url", url], capture_output=True, text=True, check=False)
            seconds = time.monotonic() - began
        if result.returncode:
            raise BenchError(f"the replay ended with status {result.returncode}: {result.stderr.strip()}")
        store = SqliteExampleStore(folder / "data" / "examples.db")
        try:
            blocks = store.blocks()
        finally:
            store.close()
    summary = msgspec.json.decode(result.stdout, type=Summary)
    labels, risks = scored(blocks)
    rest = slice(int(_SKIPPED * len(labels)), None)
    device = _devices(blocks)
    if len(device) != len(labels):
        raise BenchError("labels were corrected, so it is not known whose examples were judged")
    labels, blend, device = labels[rest], risks[BLEND][rest], device[rest]
    if pr_auc(labels, blend) != summary.risk[BLEND].last70.pr_auc:
        raise BenchError("the examples in the service's folder are not those that it was judged by")
    low, high = interval(labels, blend, device, seed)
    name = f"backblaze.{word}"
    rows = []
    for member, quality in sorted(summary.risk.items(), key=lambda item: (item[0] != BLEND, item[0])):
        rows.append(Row(f"{name}.{member}.last70.pr_auc", quality.last70.pr_auc, "", "higher"))
        if member == BLEND:
            rows.append(Row(f"{name}.{member}.last70.pr_auc.low", low, "", "higher"))
            rows.append(Row(f"{name}.{member}.last70.pr_auc.high", high, "", "higher"))
    return [
        *rows,
        Row(f"{name}.examples", summary.examples, "examples", "higher"),
        Row(f"{name}.positives", summary.positives, "examples", "higher"),
        Row(f"{name}.readings_per_s", summary.readings_per_s, "readings/s", "higher"),
        Row(f"{name}.seconds", round(seconds, 2), "s", "lower"),
    ]


def _devices(blocks: Sequence[MaturedExamples]) -> npt.NDArray[np.int64]:
    """A number for each device of the fleet, by example, in the order of `scored`."""
    first = {name: place << 32 for place, name in enumerate(sorted({block.home_type for block in blocks}))}
    parts = [
        np.frombuffer(block.device, np.int32)[np.frombuffer(block.label, np.int8) > CENSORED].astype(np.int64)
        + first[block.home_type]
        for block in blocks
        if not block.late
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)
