"""Latency: how long does a single scored reading wait, alone, and while everything that can happen happens at once?

Loaded means: 20,000 readings a second stream in, in arrays over several connections; labels mature faster than the
learner can learn, so that it is never idle; one checkpoint after the other is trained, judged and, if good enough,
published; snapshots of both folds are written every ten seconds.

Where there are two cores the service is kept on the first; what sends has the others, and learner and trainer run where
the system puts them. A reading is sent every 50 ms on a connection of its own, from a process of its own, and
its time runs from when it was due: an answer that comes late makes the next one late, too. Turns that were missed
altogether are left out.
"""

import contextlib
import gc
import multiprocessing
import os
import tempfile
import threading
import time
from pathlib import Path

import httpx
import msgspec
import numpy as np

from benchmarks.crowd import Crowd
from benchmarks.latency.load import Plan, Tally, keep_training, stream
from benchmarks.latency.wire import Connection
from benchmarks.processes import keep_alone
from benchmarks.report import BenchError, Row
from benchmarks.steps import Step, steps
from benchmarks.workload import Workload
from service.contracts.jobs import JobList
from service.contracts.predictions import Health
from service.jobs.train_baseline import train_baseline
from simulator.child import ServiceProcess

_HORIZON_S = 86_400
_SPAN_US = 60 * 86_400_000_000  # enough for all of a long run: a horizon passes in ten seconds
_PROBES = 500
_EVERY_S = 0.05
_BASELINE_SAMPLES = 2_000


def measure(
    workload: Workload, *, devices: int = 20_000, rate: int = 20_000, idle_s: float = 10.0, loaded_s: float = 40.0
) -> list[Row]:
    """Time single readings.

    Args:
        workload: ``full`` means four times as long; ``quick`` a twentieth of the load for a few seconds.
        devices: How many there are in the background.
        rate: Readings a second in the background.
        idle_s, loaded_s: For how long each state is measured, after 15 s to get there when loaded.
    """
    if workload.quick:
        devices, rate, idle_s, loaded_s = devices // 20, rate // 20, 1.0, 5.0
    stretch = 4.0 if workload.full else 1.0
    plan = Plan(
        devices=devices, probes=_PROBES, rate=rate, seed=workload.seed, horizon_us=_HORIZON_S * 1_000_000,
        begin_us=time.time_ns() // 1000 - _SPAN_US,
    )  # fmt: skip
    with (
        steps(4) as step,
        tempfile.TemporaryDirectory(prefix="hearthbeat-bench-", ignore_cleanup_errors=True) as folder,
    ):
        step("training the baseline, starting the service")
        baseline = Path(folder) / "baseline.npz"
        train_baseline(baseline, horizon_s=_HORIZON_S, seed=workload.seed, samples=_BASELINE_SAMPLES)
        settings = {
            "horizon": f"{_HORIZON_S}s",
            "baseline": str(baseline),
            "snapshot_every": "10s",
            "min_positives": "10",
        }
        with ServiceProcess(Path(folder), **settings) as service:
            service.wait_ready()
            with keep_alone(service.pid), contextlib.closing(Connection(service.url)) as connection:
                probe = _Probe(connection, plan)
                return _measured(service, plan, probe, step, idle_s * stretch, loaded_s * stretch, min(15.0, loaded_s))


def _measured(
    service: ServiceProcess, plan: Plan, probe: "_Probe", step: Step, idle_s: float, loaded_s: float, settle_s: float
) -> list[Row]:
    step("single readings, nothing else")
    probe.run(min(idle_s, 2.0))
    idle, _ = probe.run(idle_s)
    step("all load at once")
    spawn = multiprocessing.get_context("spawn")
    tally = Tally(spawn)
    trainer = threading.Thread(target=keep_training, args=(service.url, tally), daemon=True)
    beside = spawn.Process(target=stream, args=(service.url, plan, tally, _cores()), daemon=True)
    try:
        beside.start()
        trainer.start()
        tally.wait_begun()
        probe.begin(time.monotonic())
        probe.run(settle_s)
        step("single readings among all load")
        before, began = tally.accepted.value, time.monotonic()
        loaded, snapshots = probe.run(loaded_s, service.folder / "data" / "snapshots")
        reached = (tally.accepted.value - before) / (time.monotonic() - began)
        lag_events, lag_s, learned = _lag(service)
        trainings = _trainings(service)
    finally:
        tally.stop.set()
        beside.join(10.0)
        trainer.join(10.0)
        if beside.is_alive():
            beside.kill()
    if tally.fault.value:
        raise BenchError("the background load was refused; see the service's output")
    return [
        *_rows("idle", idle),
        *_rows("loaded", loaded),
        Row("latency.background_readings_per_s", reached, "readings/s", "higher"),
        Row("latency.background_busy_answers", tally.busy.value, "answers", "lower"),
        Row("latency.trainings", trainings, "checkpoints", "higher"),
        Row("latency.snapshots", snapshots, "snapshots", "higher"),
        Row("latency.learned_examples", learned, "examples", "higher"),
        Row("latency.learner_lag_events", lag_events, "events", "lower"),
        Row("latency.learner_lag_s", lag_s, "s of event time", "lower"),
    ]


def _rows(state: str, times: list[float]) -> list[Row]:
    p50, p99 = np.percentile(times, [50, 99])
    figures = {"p50": p50, "p99": p99, "max": max(times)}
    return [Row(f"latency.{name}_{state}_ms", float(1e3 * value), "ms", "lower") for name, value in figures.items()]


def _lag(service: ServiceProcess) -> tuple[int, float, int]:
    """How far the learner is behind, in events and (the worst home type) in event time, and how much it has learned."""
    with httpx.Client(base_url=service.url, timeout=30.0) as client:
        health = msgspec.json.decode(client.get("/health/ready").content, type=Health)
        rows = client.get("/v1/home-types").json()["home_types"]
        details = [client.get(f"/v1/home-types/{row['home_type']}").json() for row in rows]
    lag_s = max((detail["lag_s"] or 0.0 for detail in details), default=0.0)
    return health.seq - health.learned_seq, lag_s, sum(detail["counts"]["learned"] for detail in details)


def _trainings(service: ServiceProcess) -> int:
    """Checkpoints that were trained, whatever the gate said to them."""
    with httpx.Client(base_url=service.url, timeout=30.0) as client:
        jobs = msgspec.json.decode(client.get("/v1/jobs").content, type=JobList).jobs
    return sum(target.state in ("published", "rejected") for job in jobs for target in job.targets)


def _cores() -> list[int]:
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]


class _Probe:
    """Sends single readings of devices of its own at a steady pace."""

    def __init__(self, connection: Connection, plan: Plan) -> None:
        self._crowd = Crowd(plan.devices + plan.probes, plan.seed)
        self._plan = plan
        self._connection = connection
        self._sent = 0
        self._began = time.monotonic()

    def begin(self, at: float) -> None:
        """The background began at this instant of the monotonic clock; probes are of the same event time."""
        self._began = at

    def run(self, seconds: float, snapshots: Path | None = None) -> tuple[list[float], int]:
        """Send for some seconds; returns each reading's time in seconds, and how many snapshots appeared meanwhile."""
        times: list[float] = []
        seen: set[str] = set()
        count = max(1, int(seconds / _EVERY_S))
        bodies = [self._body(k) for k in range(count)]
        gc.collect()
        gc.disable()
        priority = os.getpriority(os.PRIO_PROCESS, 0)
        with contextlib.suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, priority - 10)  # it sends next to nothing, but at once
        try:
            start = time.monotonic()
            for k, body in enumerate(bodies):
                due = start + k * _EVERY_S
                if time.monotonic() - due > _EVERY_S:
                    continue
                if (left := due - time.monotonic()) > 0:
                    time.sleep(left)
                status = self._connection.post("/v1/readings?risks=true", body)
                times.append(time.monotonic() - due)
                if status != 200:
                    raise BenchError(f"a single reading was answered with {status}")
                if snapshots is not None and k % 10 == 0:
                    seen.update(name for name in os.listdir(snapshots) if name.startswith("scorer-"))  # noqa: PTH208 - names are enough
        finally:
            os.setpriority(os.PRIO_PROCESS, 0, priority)
            gc.enable()
        return times, len(seen)

    def _body(self, ahead: int) -> bytes:
        plan = self._plan
        row = plan.devices + self._sent % plan.probes
        self._sent += 1
        at = time.monotonic() - self._began + ahead * _EVERY_S
        ts = np.array([plan.begin_us + int(at * plan.speed * 1e6)], np.int64)
        array = next(self._crowd.bodies(np.array([row], np.int32), ts, 1))
        return array[1:-1]  # a single object
