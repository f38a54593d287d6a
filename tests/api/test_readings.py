"""Sending readings: one, an array, NDJSON; what is accepted and what is told of the rest."""

import json
import socket
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.service_process import ServiceProcess

NOW = datetime.now(UTC)


def reading(home: str, device: str = "sensor.kitchen", minutes_ago: float = 60.0, **changes: Any) -> dict[str, Any]:
    ts = (NOW - timedelta(minutes=minutes_ago)).isoformat()
    metrics = {"battery_pct": 71.0, "signal_dbm": -67.0}
    return {
        "home_id": home,
        "device_id": device,
        "home_type": "apartment",
        "device_type": "sensor",
        "ts": ts,
        "metrics": metrics,
    } | changes


def test_one_reading_is_accepted_and_shows(client: httpx.Client) -> None:
    """A single object is taken, scored, and its device can be asked for at once."""
    receipt = client.post("/v1/readings", json=reading("one"), params={"risks": "true"}).json()
    assert (1, 0) == (receipt["accepted"], receipt["refused"])
    device = client.get("/v1/homes/one/devices/sensor.kitchen").json()
    assert receipt["risks"][0]["risk"] == device["risk"]
    assert device["provisional"] is True
    assert ["prior"] == [member["member"] for member in device["members"]]
    assert [device["risk"]] == pytest.approx([point["risk"] for point in device["history"]])


def test_repeating_is_safe(client: httpx.Client) -> None:
    """The same array again changes nothing: the newest of a device is a duplicate, the others are late."""
    items = [reading("again", minutes_ago=m) for m in (50, 40, 30)]
    first = client.post("/v1/readings", json=items).json()
    before = client.get("/v1/homes/again/devices/sensor.kitchen").json()
    second = client.post("/v1/readings", json=items, params={"risks": "true"}).json()
    assert (3, 0, 0) == (first["accepted"], first["duplicate"], first["late"])
    assert (0, 1, 2, None) == (second["accepted"], second["duplicate"], second["late"], second["seq"])
    assert [before["risk"]] * 3 == [answer["risk"] for answer in second["risks"]]
    assert before == client.get("/v1/homes/again/devices/sensor.kitchen").json()


def test_answers_come_in_the_order_of_the_request(client: httpx.Client) -> None:
    """Readings are scored in order of time, answered in the order sent."""
    items = [reading("order", minutes_ago=m) for m in (10, 30, 20)]
    answers = client.post("/v1/readings", json=items, params={"risks": "true"}).json()["risks"]
    assert ["accepted"] * 3 == [answer["status"] for answer in answers]
    sent = [datetime.fromisoformat(item["ts"]) for item in items]
    assert sent == [datetime.fromisoformat(answer["as_of"]) for answer in answers]


def test_future_reading_is_refused_and_changes_nothing(client: httpx.Client) -> None:
    """A clock that is far ahead does not make a device known; in an array it does not hold up the others."""
    ahead = reading("ahead", device="wrong.clock", minutes_ago=-120)
    alone = client.post("/v1/readings", json=ahead)
    assert (422, "future", "ts") == (alone.status_code, alone.json()["reason"], alone.json()["field"])
    receipt = client.post("/v1/readings", json=[reading("ahead"), ahead], params={"risks": "true"}).json()
    assert (1, 1) == (receipt["accepted"], receipt["refused"])
    assert [(1, "future")] == [(refusal["item"], refusal["reason"]) for refusal in receipt["refusals"]]
    assert ["accepted", "refused"] == [answer["status"] for answer in receipt["risks"]]
    assert 404 == client.get("/v1/homes/ahead/devices/wrong.clock").status_code


def test_device_cannot_change_its_home_type(client: httpx.Client) -> None:
    """A device stays in the home type it is known in."""
    client.post("/v1/readings", json=reading("fixed"))
    answer = client.post("/v1/readings", json=reading("fixed", minutes_ago=5, home_type="studio"))
    assert (422, "home_type_mismatch") == (answer.status_code, answer.json()["reason"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"ts": "2026-01-01T00:00:00"}, "ts"),
        ({"ts": "yesterday"}, "ts"),
        ({"ts": 5}, "ts"),
        ({"metrics": {"battery_pct": "full"}}, "metrics"),
        ({"metrics": {"battery_pct": True}}, "metrics"),
        ({"metrics": [1, 2]}, "metrics"),
        ({"home_id": ""}, "home_id"),
        ({"home_id": "a/b"}, "home_id"),
        ({"device_id": "x" * 129}, "device_id"),
        ({"home_type": "no spaces"}, "home_type"),
        ({"colour": "red"}, "colour"),
        ({"time_basis": "moon"}, "time_basis"),
    ],
)
def test_malformed_item_is_named(client: httpx.Client, change: dict[str, Any], field: str) -> None:
    """A problem says which item and which field; nothing of the array is taken."""
    items = [reading("malformed"), reading("malformed", minutes_ago=3) | change]
    answer = client.post("/v1/readings", json=items)
    assert "application/problem+json" == answer.headers["content-type"]
    assert (422, 1) == (answer.status_code, answer.json()["item"])
    assert field == answer.json()["field"].split(".")[0]
    assert 404 == client.get("/v1/homes/malformed").status_code


def test_missing_field_is_named(client: httpx.Client) -> None:
    """A required field that is not there is named like a wrong one."""
    item = reading("missing")
    del item["device_id"]
    answer = client.post("/v1/readings", json=item).json()
    assert "device_id" == answer["field"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"nonsense", 400),
        (b'{"', 400),
        (b"{]", 400),
        (b"5", 422),
        (b"null", 422),
        (b"{}", 422),
        (b'"x"', 422),
    ],
)
def test_garbage_is_a_problem_not_a_crash(client: httpx.Client, body: bytes, status: int) -> None:
    """Whatever the bytes, the answer is a problem of the client's making."""
    for path in ("/v1/readings", "/v1/outcomes", "/v1/predict", "/v1/advance"):
        answer = client.post(path, content=body, headers={"content-type": "application/json"})
        assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])


def test_empty_array_is_an_empty_receipt(client: httpx.Client) -> None:
    """Nothing to do is no error."""
    receipt = client.post("/v1/readings", json=[]).json()
    assert (0, None) == (receipt["accepted"], receipt["seq"])


def test_limits(client: httpx.Client) -> None:
    """Too many items, too large a body and a wrong media type have their own statuses."""
    many = [reading("limits", minutes_ago=m) for m in range(201)]
    assert 413 == client.post("/v1/readings", json=many).status_code
    assert 413 == client.post("/v1/readings", content=b" " * 200_001).status_code
    xml = client.post("/v1/readings", content=b"<a/>", headers={"content-type": "text/xml"})
    assert (415, "/problems/unsupported-media-type") == (xml.status_code, xml.json()["type"])
    chunked = client.post("/v1/readings", content=(b" " * 50_000 for _ in range(5)))
    assert 413 == chunked.status_code


def test_absent_is_absent_and_unknown_names_are_welcome(client: httpx.Client) -> None:
    """Null and missing metrics are unknown, not zero; names beyond the limit are dropped and counted."""
    items = [
        reading("open", minutes_ago=9, home_type="open", metrics={"battery_pct": None, "my_metric": 3.5}),
        reading("open", minutes_ago=8, home_type="open", metrics={}),
        reading("open", minutes_ago=7, home_type="open", metrics={f"metric_{n}": 1.0 for n in range(20)}),
    ]
    assert 3 == client.post("/v1/readings", json=items).json()["accepted"]
    home_type = client.get("/v1/home-types/open").json()
    assert ["my_metric", "metric_0"] == home_type["metrics"][:2]
    assert (12, 9) == (len(home_type["metrics"]), home_type["metrics_dropped"])


def test_device_ids_with_slashes_and_letters(client: httpx.Client) -> None:
    """Ids come from the world as they are."""
    name = "zigbee2mqtt/Küche 1?#"
    client.post("/v1/readings", json=reading("odd home", device=name))
    device = client.get("/v1/homes/odd%20home/devices/zigbee2mqtt/K%C3%BCche%201%3F%23").json()
    assert name == device["device_id"]


def test_ndjson_line_by_line(client: httpx.Client) -> None:
    """A bad line affects only itself and is named by its number; a last line needs no line break."""
    good = [json.dumps(reading("lines", minutes_ago=m)) for m in (30, 20, 10)]
    lines = [good[0], "{broken", "", good[1], json.dumps(reading("lines", minutes_ago=-60)), good[2]]
    answer = client.post(
        "/v1/readings",
        content="\n".join(lines).encode(),
        params={"risks": "true"},
        headers={"content-type": "application/x-ndjson"},
    )
    assert (200, "application/x-ndjson") == (answer.status_code, answer.headers["content-type"])
    receipts = [json.loads(line) for line in answer.text.splitlines()]
    assert 3 == sum(receipt["accepted"] for receipt in receipts)
    refusals = [(refusal["item"], refusal["reason"]) for receipt in receipts for refusal in receipt["refusals"]]
    assert [(1, "malformed"), (4, "future")] == refusals


def test_ndjson_receipts_come_while_the_body_is_still_being_sent(service: ServiceProcess) -> None:
    """A chunk is durable and told so before the next one is sent."""
    where = urlsplit(service.url)
    head = (
        "POST /v1/readings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
        "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection((where.hostname, where.port), timeout=20) as connection:
        connection.sendall(head.encode())
        received = connection.makefile("rb")
        for count, minutes_ago in enumerate((30, 20, 10), 1):
            line = json.dumps(reading("slow", minutes_ago=minutes_ago)).encode() + b"\n"
            connection.sendall(b"%x\r\n%s\r\n" % (len(line), line))
            while not (told := received.readline()).startswith(b"{"):
                assert told, "the connection ended early"
            assert 1 == json.loads(told)["accepted"]
            assert count == service.get("/v1/homes/slow/devices/sensor.kitchen")["readings"]
        connection.sendall(b"0\r\n\r\n")
        assert received.read().rstrip().endswith(b"0")


def test_ndjson_with_an_endless_line(client: httpx.Client) -> None:
    """A line without end is refused and memory stays bounded; what follows is taken."""
    line = json.dumps(reading("endless")).encode()
    body = (b"x" * 100_000 for _ in range(25))
    answer = client.post(
        "/v1/readings",
        content=(part for source in (body, [b"\n" + line]) for part in source),
        headers={"content-type": "application/x-ndjson"},
    )
    receipts = [json.loads(line) for line in answer.text.splitlines()]
    assert (1, 1) == (sum(r["accepted"] for r in receipts), sum(r["refused"] for r in receipts))
