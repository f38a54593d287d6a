"""One stream: a scenario or a table, played into a real service in lock-step."""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct

from benchmarks.prequential.once import once
from benchmarks.prequential.played import DAY_US, HOUR_US, Played
from benchmarks.prequential.read import read_folder
from benchmarks.report import BenchError
from benchmarks.server import serving_in
from benchmarks.workload import Workload
from simulator.scenarios import SCENARIOS
from simulator.tables.shipped import shipped_mappings

_MOST_TRAININGS = 150
HORIZON_H = 24.0
"""The horizon of scenarios in hours."""


_END = "2026-06-30T00:00:00+00:00"
"""Event time of scenarios ends here, so that the same seed is the same stream whenever it is played."""


class Stream(Struct, frozen=True, kw_only=True):
    """What is played.

    Attributes:
        name: Its name in the ids.
        horizon_h: The horizon in hours.
        scenario: A scenario of the simulator, or None.
        homes: Its homes, if not measured in full.
        days: Its days then.
        table: Parts of a data set's path below the data folder, or a path of its own, or None.
        mapping: The mapping of it, or None.
        limit_rows: How many rows of the table, the first in time; None for all.
        home_types: How many home types it has, if that is more than a service takes.
        drift_from, drift_until: Where a drift begins and is through, as shares of the span; None without one.
        event_from, event_until: Likewise something that is no drift, to be marked on curves.
    """

    name: str
    horizon_h: float = HORIZON_H
    scenario: str | None = None
    homes: int = 26
    days: float | None = None
    table: tuple[str, str] | Path | None = None
    mapping: Path | None = None
    limit_rows: int | None = None
    home_types: int = 64
    drift_from: float | None = None
    drift_until: float | None = None
    event_from: float | None = None
    event_until: float | None = None


STREAMS: Mapping[str, Stream] = MappingProxyType(
    {
        stream.name: stream
        for stream in (
            Stream(name="stationary", scenario="stationary"),
            Stream(name="firmware", scenario="firmware", drift_from=0.5, drift_until=0.5),
            Stream(name="new_failure_mode", scenario="new_failure_mode", drift_from=0.5, drift_until=0.5),
            Stream(name="gradual", scenario="gradual", drift_from=0.4, drift_until=0.7),
            Stream(name="seasonal", scenario="seasonal", homes=10, days=120.0),
            Stream(name="label_outage", scenario="label_outage", event_from=0.4, event_until=0.64),
            Stream(name="outage", scenario="outage", event_from=0.5, event_until=0.5536),
            Stream(name="dirty", scenario="dirty", event_from=0.3, event_until=0.3),
            Stream(name="growth", scenario="growth", homes=40),
            Stream(
                name="fd001",
                horizon_h=30.0,
                table=("cmapss", "train_FD001.txt.gz"),
                mapping=shipped_mappings()["cmapss_fd001"],
            ),
            Stream(
                name="backblaze",
                horizon_h=168.0,
                table=("backblaze_2013", "cohort_a.csv.gz"),
                mapping=shipped_mappings()["backblaze"],
            ),
        )
    }
)


def played(stream: Stream, workload: Workload) -> Played:
    """Play a stream into a service of its own, up to its last horizon; in a report, once for all benchmarks.

    Raises:
        BenchError: A data set is missing, the stream ended early, or no label became final.
    """
    command = _command(stream, workload)
    return once(lambda: _played(stream, workload, command), "played", command, stream, workload.seed).closed()


def _played(stream: Stream, workload: Workload, arguments: list[str]) -> Played:
    command = [sys.executable, "-m", "service", *arguments]
    baseline = "off" if stream.scenario is None else str(workload.baseline or "auto")
    horizon = f"{stream.horizon_h:g}h"
    with tempfile.TemporaryDirectory(prefix="hearthbeat-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with serving_in(
            folder, lockstep="true", horizon=horizon, baseline=baseline, seed=str(workload.seed), log_keep="3650d",
            training_window="100000000", max_home_types=str(stream.home_types),
        ) as url:  # fmt: skip
            began = time.monotonic()
            result = subprocess.run([*command, "--url", url], capture_output=True, text=True, check=False)
            seconds, client_s = time.monotonic() - began, _children_s()
        if result.returncode:
            raise BenchError(f"{stream.name} ended with status {result.returncode}: {result.stderr.strip()[-500:]}")
        # What the service and its processes took is known when it has been waited for.
        service_s = _children_s() - client_s
        return read_folder(folder / "data", int(stream.horizon_h * HOUR_US), seconds, service_s)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _command(stream: Stream, workload: Workload) -> list[str]:
    if stream.table is not None:
        table = stream.table if isinstance(stream.table, Path) else workload.data_set(*stream.table)
        limit = [] if stream.limit_rows is None else ["--limit-rows", str(stream.limit_rows)]
        return ["replay", str(table), "--map", str(stream.mapping), *limit, "--exact", "--json"]
    assert stream.scenario is not None
    own = SCENARIOS[stream.scenario]
    homes, days = (own.homes, own.days) if workload.full else (stream.homes, stream.days or own.days)
    size = ["--end", _END, "--homes", str(homes), "--days", f"{days:g}"]
    return ["simulate", "--scenario", stream.scenario, *size, "--seed", str(workload.seed), "--exact", "--json"]


def every_us(stream: Stream, played: Played) -> int:
    """How often a model is retrained beside a stream: every day; beside a table, if shorter, every horizon.

    Beside a long table it is 150 times.
    """
    if stream.table is None:
        return DAY_US
    return max(min(played.horizon_us, DAY_US), int(played.ts[-1] - played.ts[0]) // _MOST_TRAININGS)
