"""Memory: what does a service with 100,000 devices and a full horizon of pending examples take, learner included?

The log of such a fleet (twelve metrics a device, 48 slots to the horizon) is written as the service would write it,
with the risks of all six members. The real service is started on it and sent the last slot over HTTP. From then on,
through the snapshots of both folds, the proportional set size of its whole process tree is read again and again: the
largest counts.
"""

import tempfile
import time
from pathlib import Path

import httpx
import msgspec

from benchmarks.crowd import Crowd
from benchmarks.memory.history import History, write_history
from benchmarks.memory.parts import parts
from benchmarks.processes import pss_mb, tree
from benchmarks.report import BenchError, Row
from benchmarks.steps import Step, steps
from benchmarks.workload import Workload
from service.contracts.predictions import Health
from simulator.child import ServiceProcess

_SIZE = 1_000
_BOUND_S = 240.0


def measure(workload: Workload, *, devices: int = 100_000) -> list[Row]:
    """Start a service on the log of ``devices`` devices and read its memory.

    Args:
        workload: ``full`` means four times the history from which the models learn; ``quick`` a fiftieth of the
            devices, and not what each part takes.
        devices: How many.
    """
    if workload.quick:
        devices //= 50
    with (
        steps(4 if workload.quick else 5) as step,
        tempfile.TemporaryDirectory(prefix="hearthbeat-bench-", ignore_cleanup_errors=True) as folder,
    ):
        rows = _whole(Path(folder), devices, workload, step)
        if not workload.quick:
            step("what each part takes")
            rows += parts(workload.seed)
    return rows


def _whole(folder: Path, devices: int, workload: Workload, step: Step) -> list[Row]:
    step("a service with nothing in it")
    with ServiceProcess(folder, baseline="off") as service:
        service.wait_ready()  # makes the folder what a service makes it
        empty = sum(map(pss_mb, tree(service.pid)))
    data = folder / "data"
    for snapshot in (data / "snapshots").glob("*.snapshot"):
        snapshot.unlink()
    step("writing a horizon's history")
    crowd = Crowd(devices, workload.seed)
    history = History(devices=devices, learned=devices // 25 * (4 if workload.full else 1))
    last_us = write_history(data / "events.db", crowd, history, workload.seed)
    highest: dict[str, float] = {}
    step("starting on it, and sending more")
    with ServiceProcess(folder, baseline="off", snapshot_every="5s") as service, httpx.Client(timeout=60.0) as client:
        service.wait_ready()
        watch = _Watch(service, client, highest)
        for body in crowd.bodies(history.every(), history.instants(last_us), _SIZE):
            client.post(f"{service.url}/v1/readings", content=body).raise_for_status()
            watch.look()
        step("waiting until all is learned and kept")
        watch.wait_learned()
        watch.wait_snapshots(data / "snapshots", crowd, last_us + history.slot_us)
        settled = watch.measure()
        home_types = client.get(f"{service.url}/v1/home-types").json()["home_types"]
        details = [client.get(f"{service.url}/v1/home-types/{row['home_type']}").json() for row in home_types]
    name = "100k_devices" if devices == 100_000 else f"{devices}_devices"
    return [
        Row(f"memory.{name}_mb", highest["all"], "MB", "lower"),
        Row(f"memory.{name}.settled_mb", settled, "MB", "lower"),
        Row(f"memory.{name}.service_mb", highest["service"], "MB", "lower"),
        Row(f"memory.{name}.learner_mb", highest["learner"], "MB", "lower"),
        Row("memory.empty_mb", empty, "MB", "lower"),
        Row("memory.devices", sum(row["devices"] for row in home_types), "devices", "higher"),
        Row("memory.pending_examples", sum(d["counts"]["pending"] for d in details), "examples", "higher"),
        Row("memory.learned_examples", sum(d["counts"]["learned"] for d in details), "examples", "higher"),
    ]


class _Watch:
    """Looks at a service's memory while it waits for it."""

    def __init__(self, service: ServiceProcess, client: httpx.Client, highest: dict[str, float]) -> None:
        self._service = service
        self._client = client
        self._highest = highest
        self._deadline = time.monotonic() + _BOUND_S
        self._looked = 0.0

    def look(self) -> None:
        """Read the memory, four times a second at most: reading it takes the process's time, too."""
        if time.monotonic() - self._looked < 0.25:
            return
        self.measure()

    def measure(self) -> float:
        """Read the memory now, in MB, all parts at once; it counts among the heights."""
        self._looked = time.monotonic()
        service, *below = tree(self._service.pid)
        own, others = pss_mb(service), sum(map(pss_mb, below))
        for part, value in (("service", own), ("learner", others), ("all", own + others)):
            self._highest[part] = max(self._highest.get(part, 0.0), value)
        return own + others

    def wait_learned(self) -> None:
        """Wait until all is learned."""
        while True:
            health = msgspec.json.decode(self._client.get(f"{self._service.url}/health/ready").content, type=Health)
            if health.learned_seq == health.seq:
                return
            self._pause("learned everything")

    def wait_snapshots(self, folder: Path, crowd: Crowd, ts: int) -> None:
        """Wait until both folds have taken a snapshot of all this; a reading now and then gives them cause."""
        row = 0
        before = _snapshots(folder)
        while any(newest == before[kind] for kind, newest in _snapshots(folder).items()):
            history = History(devices=1)
            for body in crowd.bodies(history.every() + row, history.instants(ts), 1):
                self._client.post(f"{self._service.url}/v1/readings", content=body).raise_for_status()
            row += 1
            self._pause("written its snapshots")

    def _pause(self, what: str) -> None:
        self._service.check()
        if time.monotonic() > self._deadline:
            raise BenchError(f"the service has not {what} within {_BOUND_S:g} s")
        self.look()
        time.sleep(0.1)


def _snapshots(folder: Path) -> dict[str, str]:
    kinds = ("scorer", "learner", "models")
    return {kind: max((path.name for path in folder.glob(f"{kind}-*.snapshot")), default="") for kind in kinds}
