"""One stream: played into a real service in lock-step, and read back as columns."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from benchmarks.report import BenchError
from benchmarks.run import Workload
from benchmarks.server import serving_in
from service.contracts.events import GroupColumns, ReadingsLogged, decode_event
from service.features.layout import Layout
from service.labels.corrected import corrected_labels, late_positives
from service.labels.join import NEGATIVE, POSITIVE
from service.storage.event_log import SqliteEventLog
from service.storage.examples import SqliteExampleStore
from simulator.scenarios import SCENARIOS

EXAMPLES = Path(__file__).parents[2] / "examples"
HOUR_US = 3_600_000_000


class Stream(Struct, frozen=True, kw_only=True):
    """What is played.

    Attributes:
        name: Its name in the ids.
        horizon_h: The horizon in hours.
        scenario: A scenario of the simulator, or None.
        homes: Its homes, if not measured in full.
        days: Its days then.
        table: Parts of a data set's path below the data folder, or None.
        mapping: The mapping of it.
        drift_from, drift_until: Where a drift begins and is through, as shares of the span; None without one.
    """

    name: str
    horizon_h: float = 24.0
    scenario: str | None = None
    homes: int = 50
    days: float | None = None
    table: tuple[str, str] | None = None
    mapping: str = ""
    drift_from: float | None = None
    drift_until: float | None = None


STREAMS: Mapping[str, Stream] = MappingProxyType(
    {
        stream.name: stream
        for stream in (
            Stream(name="stationary", scenario="stationary"),
            Stream(name="firmware", scenario="firmware", drift_from=0.5, drift_until=0.5),
            Stream(name="new_failure_mode", scenario="new_failure_mode", drift_from=0.5, drift_until=0.5),
            Stream(name="gradual", scenario="gradual", drift_from=0.4, drift_until=0.7),
            Stream(name="seasonal", scenario="seasonal", homes=20, days=120.0),
            Stream(name="label_outage", scenario="label_outage"),
            Stream(name="fd001", horizon_h=30.0, table=("cmapss", "train_FD001.txt.gz"), mapping="cmapss_fd001.toml"),
            Stream(
                name="backblaze", horizon_h=168.0, table=("backblaze_2013", "cohort_a.csv.gz"), mapping="backblaze.toml"
            ),
        )
    }
)


class Played(Struct, frozen=True, kw_only=True):
    """What a service made of a stream: its matured examples with believed labels, in order of their instants.

    Attributes:
        columns: Feature names of all home types, (f,).
        rows: Feature rows, NaN where unknown or not of the home type; float32 (n, f).
        ts: Instants in microseconds; (n,).
        labels: Whether the device failed within the horizon, as corrected; (n,).
        chosen: Whether it was learned; (n,).
        device: A number for each device of the fleet; (n,).
        blend: The risk answered; (n,).
        members: Risks by member, NaN where it gave none; each (n,).
        horizon_us: The horizon.
        seconds: How long it took.
    """

    columns: list[str]
    rows: npt.NDArray[np.float32]
    ts: npt.NDArray[np.int64]
    labels: npt.NDArray[np.bool_]
    chosen: npt.NDArray[np.bool_]
    device: npt.NDArray[np.int64]
    blend: npt.NDArray[np.float64]
    members: dict[str, npt.NDArray[np.float64]]
    horizon_us: int
    seconds: float


def played(stream: Stream, workload: Workload) -> Played:
    """Play a stream into a service of its own.

    Raises:
        BenchError: A data set is missing, or the stream ended early.
    """
    command = [sys.executable, "-m", "service", *_command(stream, workload)]
    baseline = "auto" if stream.scenario is not None else "off"
    horizon = f"{stream.horizon_h:g}h"
    with tempfile.TemporaryDirectory(prefix="hearthbeat-bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with serving_in(
            folder, lockstep="true", horizon=horizon, baseline=baseline, seed=str(workload.seed), log_keep="3650d",
            training_window="100000000",
        ) as url:  # fmt: skip
            began = time.monotonic()
            result = subprocess.run([*command, "--url", url], capture_output=True, text=True, check=False)
            seconds = time.monotonic() - began
        if result.returncode:
            raise BenchError(f"{stream.name} ended with status {result.returncode}: {result.stderr.strip()[-500:]}")
        return _read(folder / "data", int(stream.horizon_h * HOUR_US), seconds)


def _command(stream: Stream, workload: Workload) -> list[str]:
    if stream.table is not None:
        table = workload.data_set(*stream.table)
        return ["replay", str(table), "--map", str(EXAMPLES / stream.mapping), "--exact", "--json"]
    assert stream.scenario is not None
    own = SCENARIOS[stream.scenario]
    homes, days = (own.homes, own.days) if workload.full else (stream.homes, stream.days or own.days)
    size = ["--homes", str(homes), "--days", f"{days:g}"]
    return ["simulate", "--scenario", stream.scenario, *size, "--seed", str(workload.seed), "--exact", "--json"]


def _read(folder: Path, horizon_us: int, seconds: float) -> Played:
    log = SqliteEventLog(folder / "events.db", read_only=True)
    store = SqliteExampleStore(folder / "examples.db", read_only=True)
    try:
        layouts, features = _features(log)
        blocks = store.blocks()
    finally:
        store.close()
        log.close()
    late = late_positives(blocks)
    columns = sorted({name for layout in layouts.values() for name in layout.columns})
    place = {name: number for number, name in enumerate(columns)}
    first = {name: number << 32 for number, name in enumerate(sorted(layouts))}
    names = sorted({member for block in blocks for member in block.members})
    parts: dict[str, list[npt.NDArray[np.generic]]] = {}

    def put(name: str, column: npt.NDArray[np.generic]) -> None:
        parts.setdefault(name, []).append(column)

    for block in blocks:
        if block.late:
            continue
        labels = corrected_labels(block, late)
        keep = np.flatnonzero((labels == POSITIVE) | (labels == NEGATIVE))
        rows = np.full((len(keep), len(columns)), np.nan, np.float32)
        at = np.array([place[name] for name in layouts[block.home_type].columns])
        seqs, numbers = np.frombuffer(block.seq, np.int64), np.frombuffer(block.row, np.int32)
        for i, example in enumerate(keep.tolist()):
            row = features[int(seqs[example]), block.home_type][numbers[example]]
            rows[i, at[: len(row)]] = row
        chosen = np.zeros(len(labels), np.bool_)
        chosen[np.frombuffer(block.chosen, np.int32)] = True
        risks = np.frombuffer(block.member_risk, np.float32).reshape(len(labels), -1)
        put("rows", rows)
        put("ts", np.frombuffer(block.ts, np.int64)[keep])
        put("labels", labels[keep] == POSITIVE)
        put("chosen", chosen[keep])
        put("device", np.frombuffer(block.device, np.int32)[keep].astype(np.int64) + first[block.home_type])
        put("blend", np.frombuffer(block.blend)[keep])
        for name in names:
            given = risks[keep, block.members.index(name)] if name in block.members else np.full(len(keep), np.nan)
            put(f"member:{name}", given.astype(np.float64))
    order = np.argsort(np.concatenate(parts["ts"]), kind="stable")
    whole = {name: np.concatenate(columns_of)[order] for name, columns_of in parts.items()}
    return Played(
        columns=columns,
        rows=whole["rows"],
        ts=whole["ts"],
        labels=whole["labels"],
        chosen=whole["chosen"],
        device=whole["device"],
        blend=whole["blend"],
        members={name: whole[f"member:{name}"] for name in names},
        horizon_us=horizon_us,
        seconds=seconds,
    )


def _features(
    log: SqliteEventLog,
) -> tuple[dict[str, Layout], dict[tuple[int, str], npt.NDArray[np.float32]]]:
    """Layouts by home type, and the examples' feature rows by event and home type."""
    layouts: dict[str, Layout] = {}
    features: dict[tuple[int, str], npt.NDArray[np.float32]] = {}
    after = 0
    while records := log.read(after):
        for record in records:
            event = decode_event(record.blob)
            if isinstance(event, ReadingsLogged):
                for group in event.groups:
                    layouts.setdefault(group.home_type, Layout()).extend(group.new_metrics, group.new_device_types)
                    features[record.seq, group.home_type] = GroupColumns(group).features
        after = records[-1].seq
    return layouts, features
