"""Recovery: how long until a service is ready to score, when a long log must be folded anew?

A log of simulated readings is written as the service would write it, in requests of 100 and of 1,000 readings. Then the
real service is started on it, with no snapshot to help: the time runs from its start to the first 200 of its readiness,
kernels loaded and process started. The start on an empty folder stands beside it.
"""

import tempfile
import time
from pathlib import Path

from benchmarks.report import Row
from benchmarks.server import serving_in
from benchmarks.steps import steps
from benchmarks.workload import Workload
from service.contracts.events import encode_event
from service.pipeline.scoring.fleet import FleetState
from service.pipeline.scoring.intake.arrivals import Limits
from service.pipeline.scoring.intake.readings import take_readings
from service.pipeline.scoring.score import Panel
from service.storage.event_log import SqliteEventLog
from simulator.fleet import Fleet
from simulator.stream.readings import timed_readings

_DAY_US = 86_400_000_000
_END_US = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z
_LIMITS = Limits(max_metrics=64, max_device_types=64, max_home_types=64, max_devices=10**6, alert_risk=1.0)
_HOMES = 300
_READINGS_PER_HOME_DAY = 370  # about; the stream is cut at the number asked for


def measure(workload: Workload, *, readings: int = 1_000_000) -> list[Row]:
    """Start a service on a log of ``readings`` readings, in large and in smaller requests.

    Args:
        workload: ``full`` means single readings, too, of a tenth as many; ``quick`` a fiftieth of all.
        readings: How many.
    """
    if workload.quick:
        readings //= 50
    sizes = {1000: readings, 100: readings} | ({1: readings // 10} if workload.full else {})
    with steps(1 + len(sizes)) as step:
        step("starting on an empty log")
        rows = [Row(id="recovery.empty.ready_s", value=_ready_s(0, 1, workload.seed), unit="s", better="lower")]
        for size, count in sizes.items():
            step(f"starting on a log of {count:,} readings, {size:,} in a request")
            seconds = _ready_s(count, size, workload.seed)
            rows.append(Row(id=f"recovery.b{size}.ready_s", value=seconds, unit="s", better="lower"))
            rows.append(Row(id=f"recovery.b{size}.readings", value=count, unit="readings", better="higher"))
    return rows


def _ready_s(readings: int, size: int, seed: int) -> float:
    with tempfile.TemporaryDirectory(prefix="hearthbeat-bench-", ignore_cleanup_errors=True) as folder:
        with serving_in(Path(folder), baseline="off"):
            pass  # makes the folder what a service makes it
        data = Path(folder) / "data"
        write_log(data / "events.db", readings, size, seed)
        for snapshot in (data / "snapshots").glob("*.snapshot"):
            snapshot.unlink()
        began = time.perf_counter()
        with serving_in(Path(folder), baseline="off"):
            return time.perf_counter() - began


def write_log(path: Path, readings: int, size: int, seed: int) -> None:
    """Write readings of a simulated fleet to an event log, ``size`` in a request, as the service would."""
    days = max(1.0, 1.2 * readings / (_HOMES * _READINGS_PER_HOME_DAY))
    fleet = Fleet(_HOMES, seed, _END_US - int(days * _DAY_US), _END_US)
    state, panel = FleetState(horizon_us=_DAY_US, slot_us=_DAY_US // 48), Panel()
    log = SqliteEventLog(path)
    blobs: list[bytes] = []
    batch = []
    written = 0
    for timed in timed_readings(fleet):
        if written >= readings:
            break
        batch.append(timed.reading)
        if len(batch) == min(size, readings - written):
            event, _ = take_readings(batch, _END_US, state.seq + 1, state, panel, _LIMITS)
            if event is None:
                raise AssertionError("a fresh stream has readings that are new")
            state.seq += 1
            blobs.append(encode_event(event))
            written += len(batch)
            batch = []
        if len(blobs) >= 500:
            log.append(blobs)
            blobs = []
    log.append(blobs)
    log.close()
    if written < readings:
        raise AssertionError(f"the fleet gave only {written} readings")
