"""Sending outcomes: failures, repairs, retractions, and their corrections."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.api.test_readings import reading
from tests.service_process import until

NOW = datetime.now(UTC)


def failure(home: str, outcome_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "failure",
        "outcome_id": outcome_id,
        "home_id": home,
        "device_id": "sensor.kitchen",
        "ts": (NOW - timedelta(minutes=30)).isoformat(),
        "mode": "battery",
    } | changes


def state(client: httpx.Client, home: str) -> str:
    return str(client.get(f"/v1/homes/{home}/devices/sensor.kitchen").json()["state"])


def test_failure_and_repair_show_in_the_state(client: httpx.Client) -> None:
    """A device is failed from its failure to its repair, and can be found by its state."""
    client.post("/v1/readings", json=reading("fr"))
    client.post("/v1/outcomes", json=failure("fr", "fr-1"))
    assert "failed" == state(client, "fr")
    found = client.get("/v1/devices", params={"home_id": "fr", "state": "failed"}).json()
    assert ["sensor.kitchen"] == [device["device_id"] for device in found["devices"]]
    repair = failure("fr", "fr-2", kind="repair", ts=(NOW - timedelta(minutes=10)).isoformat())
    del repair["mode"]
    assert 1 == client.post("/v1/outcomes", json=repair).json()["accepted"]
    assert "ok" == state(client, "fr")


def test_failure_mistyped_corrected_withdrawn(client: httpx.Client) -> None:
    """The tour of the README: a wrong mode is superseded, and in the end the failure is withdrawn."""
    client.post("/v1/readings", json=reading("typo"))
    client.post("/v1/outcomes", json=failure("typo", "t-1", mode="batery"))
    corrected = client.post("/v1/outcomes", json=failure("typo", "t-2", supersedes="t-1")).json()
    assert (1, "failed") == (corrected["accepted"], state(client, "typo"))
    withdrawn = {"kind": "retraction", "outcome_id": "t-3", "retracts": "t-2"}
    assert 1 == client.post("/v1/outcomes", json=withdrawn).json()["accepted"]
    assert "ok" == state(client, "typo")


def test_same_outcome_twice_is_a_duplicate_and_another_under_its_id_a_conflict(client: httpx.Client) -> None:
    """A retry is safe; a change needs an id of its own."""
    first = failure("twice", "w-1")
    receipts = [client.post("/v1/outcomes", json=first).json() for _ in range(2)]
    assert [(1, 0), (0, 1)] == [(receipt["accepted"], receipt["duplicate"]) for receipt in receipts]
    other = client.post("/v1/outcomes", json=first | {"mode": "network"})
    assert (409, "conflict", "outcome_id") == (other.status_code, other.json()["reason"], other.json()["field"])


def test_outcome_before_its_readings_is_kept(client: httpx.Client) -> None:
    """An outcome of a device that has not been read yet waits for it."""
    assert 1 == client.post("/v1/outcomes", json=failure("early", "e-1")).json()["accepted"]
    assert 404 == client.get("/v1/homes/early").status_code
    client.post("/v1/readings", json=reading("early"))
    assert "failed" == state(client, "early")


def test_outcomes_are_counted(client: httpx.Client) -> None:
    """By kind in the home type of the device; those of devices that are not read yet are told beside the list."""
    client.post("/v1/readings", json=reading("count", home_type="counted"))
    client.post("/v1/outcomes", json=[failure("count", "c-1"), failure("never-read", "c-2")])
    client.post("/v1/outcomes", json=failure("count", "c-3", supersedes="c-1"))
    expected = {"failures": 2, "repairs": 0, "retractions": 0, "superseded": 1}
    until(lambda: client.get("/v1/home-types/counted").json()["outcomes"] == expected)
    assert client.get("/v1/home-types").json()["outcomes_waiting"] >= 1


def test_bad_outcomes_are_named(client: httpx.Client) -> None:
    """Kind, field and reason are told."""
    unknown = client.post("/v1/outcomes", json=failure("bad", "b-1", kind="explosion"))
    assert (422, "kind") == (unknown.status_code, unknown.json()["field"])
    itself = client.post("/v1/outcomes", json=failure("bad", "b-2", supersedes="b-2"))
    assert (409, "supersedes") == (itself.status_code, itself.json()["field"])
    ahead = client.post("/v1/outcomes", json=failure("bad", "b-3", ts=(NOW + timedelta(hours=1)).isoformat()))
    assert (422, "future") == (ahead.status_code, ahead.json()["reason"])
    array = client.post("/v1/outcomes", json=[failure("bad", "b-4"), failure("bad", "b-5", kind="repair")])
    assert (422, 1, "mode") == (array.status_code, array.json()["item"], array.json()["field"])
