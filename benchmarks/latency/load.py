"""The load beside the measured readings: a process that sends batches with failures to learn from; and trainings.

Event time runs so fast that a horizon passes in ten seconds: every reading is an example, and soon as many labels
mature in a second as readings come.
"""

import os
import threading
import time
from datetime import UTC, datetime
from multiprocessing.context import SpawnContext

import httpx
import msgspec
import numpy as np
from msgspec import Struct

from benchmarks.crowd import Crowd
from benchmarks.latency.wire import Connection
from service.contracts.jobs import JobList
from service.contracts.outcomes import Failure
from simulator.arrays import Indices, Ints

_LANES = 4
_SIZE = 200
_HORIZON_ROUNDS = 10
_FAILING = 0.001
_BEGIN_S = 120.0
_ASK_EVERY_S = 0.5


class Plan(Struct, frozen=True, kw_only=True):
    """What streams in.

    Attributes:
        devices: In the background; after them come ``probes`` more, which are not its.
        rate: Readings a second.
        begin_us: Event time at the beginning.
    """

    devices: int
    probes: int
    rate: int
    seed: int
    horizon_us: int
    begin_us: int

    @property
    def speed(self) -> float:
        """Seconds of event time in a second."""
        return self.horizon_us / 1e6 / _HORIZON_ROUNDS * self.rate / self.devices


class Tally:
    """What the processes beside tell each other."""

    def __init__(self, context: SpawnContext) -> None:
        self.accepted = context.Value("q", 0)
        self.busy = context.Value("q", 0)
        self.fault = context.Value("b", 0)
        self.stop = context.Event()
        self.begun = context.Event()

    def wait_begun(self) -> None:
        """Wait until the stream has begun, or could not."""
        self.begun.wait(_BEGIN_S)


def stream(url: str, plan: Plan, tally: Tally, cores: list[int]) -> None:
    """Send readings at the planned rate until told to stop."""
    _leave(cores)
    crowd = Crowd(plan.devices + plan.probes, plan.seed)
    fails_in = np.random.default_rng(plan.seed).integers(0, int(1 / _FAILING), plan.devices)
    lanes = [np.arange(lane, plan.devices, _LANES, dtype=np.int32) for lane in range(_LANES)]
    start = time.monotonic()
    threads = [
        threading.Thread(target=_lane, args=(url, plan, tally, crowd, rows, fails_in, start), daemon=True)
        for rows in lanes
    ]
    for thread in threads:
        thread.start()
    tally.begun.set()
    for thread in threads:
        thread.join()


def _lane(url: str, plan: Plan, tally: Tally, crowd: Crowd, rows: Indices, fails_in: Ints, start: float) -> None:
    connection = Connection(url)
    each_s = _SIZE * _LANES / plan.rate
    sent, turn = 0, 0
    step_us = plan.horizon_us // _HORIZON_ROUNDS
    try:
        while not tally.stop.is_set():
            left = fails_in[rows] - turn % int(1 / _FAILING)
            ailing = np.where((left >= 0) & (left < _HORIZON_ROUNDS), 1.0 - left / _HORIZON_ROUNDS, 0.0)
            ts = plan.begin_us + turn * step_us + np.arange(len(rows)) * step_us // len(rows)
            for body in crowd.bodies(rows, ts, _SIZE, ailing):
                pause = start + sent * each_s - time.monotonic()
                if tally.stop.wait(pause) if pause > 0 else tally.stop.is_set():
                    return
                _send(connection, "/v1/readings", body, tally)
                sent += 1
                with tally.accepted.get_lock():
                    tally.accepted.value += min(_SIZE, len(rows))
            failed = rows[left == 0].tolist()
            at = datetime.fromtimestamp((plan.begin_us + (turn + 1) * step_us) / 1e6, UTC)
            failures = [
                Failure(outcome_id=f"{row}-{turn}", home_id=crowd.key[row][0], device_id=crowd.key[row][1], ts=at,
                        mode="worn")
                for row in failed
            ]  # fmt: skip
            if failures:
                _send(connection, "/v1/outcomes", msgspec.json.encode(failures), tally)
            turn += 1
    except BaseException:
        tally.fault.value = 1
        raise
    finally:
        connection.close()


def _send(connection: Connection, path: str, body: bytes, tally: Tally) -> None:
    """Send until it is taken; the service may ask to wait a little."""
    while not tally.stop.is_set():
        status = connection.post(path, body)
        if status == 200:
            return
        if status != 429:
            raise OSError(f"{path} answered {status}")
        with tally.busy.get_lock():
            tally.busy.value += 1
        tally.stop.wait(0.01)


def keep_training(url: str, tally: Tally) -> None:
    """Ask for a global checkpoint whenever none is being trained, until told to stop."""
    order = {"by": "benchmark", "why": "load beside the measured readings"}
    with httpx.Client(base_url=url, timeout=30.0) as client:
        while not tally.stop.wait(_ASK_EVERY_S):
            jobs = msgspec.json.decode(client.get("/v1/jobs").content, type=JobList).jobs
            if all(job.state in ("done", "failed") for job in jobs):
                client.post("/v1/models/global/refresh", json=order).raise_for_status()


def _leave(cores: list[int]) -> None:
    """Leave the first core to the service."""
    if len(cores) > 1:
        os.sched_setaffinity(0, cores[1:])
