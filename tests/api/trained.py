"""A small stream that reaches trainings: devices of two home types that grow warm before they fail."""

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from service.pipeline.records import decode_record
from service.storage.event_log import SqliteEventLog
from tests.service_process import ServiceProcess

START = datetime(2026, 1, 1, tzinfo=UTC)
STEP = timedelta(minutes=10)
LIVES_STEPS = 48
"""A device fails every eight hours; it is warmer for the last two of them."""

FLAGS = ("--lockstep", "--horizon", "2h", "--baseline", "off")
SETTINGS = {"HEARTHBEAT_MIN_POSITIVES": "20", "HEARTHBEAT_TRAIN_EVERY": "8h"}
HOME_TYPES = ("villa", "global")
"""One of them bears the name that stands for the global checkpoint in a path."""

STEPS = 100
"""So many hold two trainings, which makes versions 2 and 3."""

BY = {"by": "ada", "why": "to see"}


def stream(first: int, last: int, *, devices: int = 12, seed: int = 1) -> list[tuple[str, list[dict[str, Any]]]]:
    """Requests of the steps from ``first`` to before ``last``: path and body."""
    requests: list[tuple[str, list[dict[str, Any]]]] = []
    for step in range(first, last):
        rng = np.random.default_rng([seed, step])
        readings, outcomes = [], []
        for n in range(devices):
            life = (step + 4 * n) % LIVES_STEPS
            ts = START + step * STEP + timedelta(seconds=n)
            name = {"home_id": f"home-{n}", "device_id": "lamp"}
            if life == 0 and step:
                failed = (ts - timedelta(minutes=2)).isoformat()
                mended = (ts - timedelta(minutes=1)).isoformat()
                kind = {"kind": "failure", "outcome_id": f"f-{n}-{step}", "ts": failed, "mode": "heat"}
                outcomes += [kind | name, {"kind": "repair", "outcome_id": f"r-{n}-{step}", "ts": mended} | name]
            warm = 8.0 if life >= LIVES_STEPS - 12 else 0.0
            readings.append(
                name
                | {
                    "home_type": HOME_TYPES[n % 2],
                    "device_type": "lamp",
                    "ts": ts.isoformat(),
                    "metrics": {"temperature_c": 20.0 + warm + 4.0 * rng.normal(), "usage_ratio": rng.uniform()},
                }
            )
        if outcomes:
            requests.append(("/v1/outcomes", outcomes))
        requests.append(("/v1/readings", readings))
    return requests


def send(service: ServiceProcess, first: int, last: int) -> None:
    """Stream these steps."""
    for path, body in stream(first, last):
        assert 0 == service.post(path, body)["refused"]


def members_now(service: ServiceProcess, home_type: str, step: int) -> dict[str, dict[str, Any]]:
    """Send the reading of one device of a home type, and look who answers."""
    place = HOME_TYPES.index(home_type)
    (_, readings) = stream(step, step + 1)[-1]
    answer = service.post("/v1/readings", [readings[place]], members="true")
    return {member["member"]: member for member in answer["risks"][0]["members"]}


def act(http: httpx.Client, name: str, deed: str, **more: Any) -> Any:
    answer = http.post(f"/v1/models/{name}/{deed}", json=BY | more)
    assert answer.is_success, answer.text
    return answer.json()


def refused(answer: httpx.Response) -> tuple[int, str]:
    assert "application/problem+json" == answer.headers["content-type"]
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


def event_of(folder: Path, seq: int) -> Any:
    with contextlib.closing(SqliteEventLog(folder / "events.db", read_only=True)) as log:
        record = log.get(seq)
    assert record is not None
    return decode_record(record)


def versions_of(http: httpx.Client, name: str) -> dict[int, Any]:
    return {each["version"]: each for each in http.get(f"/v1/models/{name}/versions").json()["versions"]}
