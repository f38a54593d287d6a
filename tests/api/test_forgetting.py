"""Forgetting: who is forgotten is gone from the answers at once, and from the disk behind them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service_process import ServiceProcess, until

NOW = datetime.now(UTC)
HOURS = 40
HOMES = ["house-alder", "house-birch", "house-cedar"]
FLAGS = ("--baseline", "off", "--horizon", "6h", "--lockstep")
WHY = {"by": "ada", "why": "they have moved away"}


def sent(service: ServiceProcess, hours: range) -> None:
    """An hour's readings of three homes, again and again; now and then a lamp fails, and is mended."""
    readings: list[Any] = []
    outcomes: list[Any] = []
    for hour in hours:
        ts = (NOW - timedelta(hours=HOURS - hour)).isoformat()
        readings += [
            {"home_id": home, "device_id": f"{home}-{what}", "home_type": "condo", "device_type": what, "ts": ts,
             "metrics": {"battery_pct": 90.0 - hour, "signal_dbm": -60.0}}
            for home in HOMES for what in ("lamp", "lock")
        ]  # fmt: skip
        if hour % 8 == 4:
            device = {"home_id": HOMES[hour % 3], "device_id": f"{HOMES[hour % 3]}-lamp", "ts": ts}
            outcomes.append({"kind": "failure", "outcome_id": f"{device['device_id']}-broke-{hour}"} | device)
            outcomes.append({"kind": "repair", "outcome_id": f"{device['device_id']}-mended-{hour}"} | device)
    service.post("/v1/readings", readings)
    service.post("/v1/outcomes", outcomes)


def naming(folder: Path, word: str) -> list[str]:
    """Files that hold a word."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and "kernels" not in path.parts]
    return [path.name for path in files if word.encode() in path.read_bytes()]


def answers(service: ServiceProcess, home: str) -> Any:
    return [service.get(f"/v1/homes/{home}"), service.get(f"/v1/homes/{home}/devices/{home}-lock")]


def test_nothing_of_a_home_is_left(tmp_path: Path) -> None:
    """Not in an answer, not in a file, also after a restart; the others are answered as if nothing had been.

    A second erasure is cut off by a kill right behind its receipt, and is finished after the start.
    """
    folder = tmp_path / "data"
    with ServiceProcess(folder, *FLAGS) as service:
        sent(service, range(HOURS))
        before = answers(service, "house-cedar")
        receipt = service.post("/v1/forget", {"home_id": "house-birch", **WHY})
        assert 2 == receipt["devices"]
        for path in ("/v1/homes/house-birch", "/v1/homes/house-birch/devices/house-birch-lamp"):
            assert 404 == httpx.get(service.url + path).status_code
        assert 404 == httpx.post(service.url + "/v1/forget", json={"home_id": "house-birch", **WHY}).status_code
        assert {"house-alder", "house-cedar"} == {row["home_id"] for row in service.get("/v1/devices")["devices"]}
        assert 4 == service.get("/v1/home-types/condo")["devices"]
        until(lambda: service.get(f"/v1/forget/{receipt['seq']}")["done"])
        told = service.get("/v1/journal", kind="forgotten")["entries"]
        assert ["2 devices were forgotten, by ada: they have moved away"] == [entry["sentence"] for entry in told]
        assert before == answers(service, "house-cedar")
        receipt = service.post("/v1/forget", {"home_id": "house-alder", "device_id": "house-alder-lock", **WHY})
        service.kill()
        service.start()
        until(lambda: service.get(f"/v1/forget/{receipt['seq']}")["done"])
        assert 404 == httpx.get(service.url + "/v1/homes/house-birch").status_code
        assert ["house-alder-lamp"] == [row["device_id"] for row in service.get("/v1/homes/house-alder")["devices"]]
        assert before == answers(service, "house-cedar")
        assert 0 == service.stop()
        assert naming(folder, "house-cedar")
        assert [] == naming(folder, "house-birch") + naming(folder, "house-alder-lock")


def test_who_comes_back_is_somebody_new(client: httpx.Client) -> None:
    """A device that is read again after it was forgotten begins afresh, and its outcomes may be sent again."""
    device = {"home_id": "returns", "device_id": "lamp"}
    reading = device | {"home_type": "condo", "device_type": "lamp", "metrics": {"battery_pct": 50.0}}
    failure = device | {"kind": "failure", "outcome_id": "returns-1", "ts": (NOW - timedelta(hours=1)).isoformat()}
    for hours in (5, 4, 3):
        ts = (NOW - timedelta(hours=hours)).isoformat()
        assert 1 == client.post("/v1/readings", json=[reading | {"ts": ts}]).json()["accepted"]
        assert 1 == client.post("/v1/outcomes", json=[failure]).json()["accepted"]
        assert 1 == len(client.get("/v1/homes/returns/devices/lamp").json()["history"])
        assert 1 == client.post("/v1/forget", json={"home_id": "returns", **WHY}).json()["devices"]
        assert 404 == client.get("/v1/homes/returns/devices/lamp").status_code


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"home_id": "nowhere", **WHY}, 404, "not-known"),
        ({"home_id": "nowhere"}, 422, "malformed-item"),
        ({"home_id": "nowhere", "by": "ada", "why": "two\nlines"}, 422, "malformed-item"),
    ],
)
def test_what_cannot_be_forgotten(client: httpx.Client, body: Any, status: int, kind: str) -> None:
    """Who is not known, and acts without who and why."""
    answer = client.post("/v1/forget", json=body)
    assert status == answer.status_code
    assert f"/problems/{kind}" == answer.json()["type"]


def test_erasures_that_are_none(client: httpx.Client) -> None:
    """An event to come forgot nothing, and there is no event 0."""
    assert 404 == client.get("/v1/forget/999999").status_code
    assert 400 == client.get("/v1/forget/0").status_code
