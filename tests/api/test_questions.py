"""Asking: devices and their paging, homes, home types, what-if, health, the OpenAPI document, and what is not there."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.streams import HORIZON, body, fleet_requests
from tests.acceptance.streams import path as path_of
from tests.api.test_readings import reading
from tests.service_process import ServiceProcess, until


@pytest.fixture(scope="module")
def fleet(service: Any) -> None:
    items = [
        reading(
            f"page-{n % 7}", device=f"d-{n}", home_type="paged", minutes_ago=5 + n % 3, metrics={"usage_ratio": 0.1}
        )
        for n in range(60)
    ]
    service.post("/v1/readings", items)


@pytest.mark.usefixtures("fleet")
def test_pages_hold_every_device_once_by_falling_risk(client: httpx.Client) -> None:
    """Following the cursor visits all devices, none twice, the riskiest first."""
    seen: list[tuple[str, str]] = []
    risks: list[float] = []
    cursor: str | None = None
    for _ in range(20):
        query = {"home_type": "paged", "limit": "7"} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/devices", params=query).json()
        assert 60 == page["total"]
        seen += [(device["home_id"], device["device_id"]) for device in page["devices"]]
        risks += [device["risk"] for device in page["devices"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert 60 == len(seen) == len(set(seen))
    assert sorted(risks, reverse=True) == risks


@pytest.mark.usefixtures("fleet")
def test_filters(client: httpx.Client) -> None:
    """Filters narrow the list; nothing that risky is an empty list, not an error."""
    assert 9 == client.get("/v1/devices", params={"home_id": "page-0"}).json()["total"]
    assert 0 == client.get("/v1/devices", params={"home_type": "paged", "min_risk": "0.99"}).json()["total"]
    assert 9 == len(client.get("/v1/homes/page-0").json()["devices"])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"min_risk": "2"}, "min_risk"),
        ({"state": "broken"}, "state"),
        ({"cursor": "%%%"}, "cursor"),
        ({"cursor": "AAAA"}, "cursor"),
    ],
)
def test_bad_query_is_named(client: httpx.Client, query: dict[str, str], field: str) -> None:
    """A parameter that cannot be used is a 400 that names it."""
    answer = client.get("/v1/devices", params=query)
    assert (400, field) == (answer.status_code, answer.json()["field"])


def test_what_if_changes_nothing(client: httpx.Client) -> None:
    """A question is answered like a reading, for new and known devices, and leaves no trace."""
    client.post("/v1/readings", json=reading("if", minutes_ago=30))
    before = client.get("/v1/homes/if/devices/sensor.kitchen").json()
    question = {
        "home_type": "apartment",
        "device_type": "sensor",
        "ts": datetime.now(UTC).isoformat(),
        "metrics": {"battery_pct": 3.0, "never_seen": 1.0},
    }
    new = client.post("/v1/predict", json=question)
    known = client.post("/v1/predict", json=question | {"home_id": "if", "device_id": "sensor.kitchen"})
    elsewhere = client.post("/v1/predict", json=question | {"home_type": "never_seen_type"})
    assert [200, 200, 200] == [answer.status_code for answer in (new, known, elsewhere)]
    assert {} == new.json()["modes"]
    assert before == client.get("/v1/homes/if/devices/sensor.kitchen").json()
    assert "never_seen" not in client.get("/v1/home-types/apartment").json()["metrics"]
    assert 404 == client.get("/v1/home-types/never_seen_type").status_code
    past = question | {"home_id": "if", "device_id": "sensor.kitchen", "ts": "2020-01-01T00:00:00Z"}
    assert "late" == client.post("/v1/predict", json=past).json()["reason"]


def test_what_if_equals_what_then_happens(client: httpx.Client) -> None:
    """The risk foretold for a reading is the risk it gets."""
    client.post("/v1/readings", json=[reading("then", minutes_ago=m) for m in (50, 40, 30)])
    coming = reading("then", minutes_ago=20, metrics={"battery_pct": 12.0})
    foretold = client.post("/v1/predict", json=coming).json()
    happened = client.post("/v1/readings", json=coming, params={"members": "true"}).json()["risks"][0]
    assert foretold["risk"] == pytest.approx(happened["risk"], abs=1e-12)


def test_journal_is_there_from_the_start(client: httpx.Client) -> None:
    """Empty or not, it is a page; its parameters are checked."""
    page = client.get("/v1/journal", params={"limit": 5, "kind": "benched"}).json()
    assert {"entries", "next"} == set(page)
    for query, field in (({"after": "x"}, "after"), ({"kind": "nothing"}, "kind"), ({"limit": 0}, "limit")):
        answer = client.get("/v1/journal", params=query)
        assert (400, field) == (answer.status_code, answer.json()["field"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/v1/homes/none", 404),
        ("GET", "/v1/homes/none/devices/none", 404),
        ("GET", "/v1/home-types/none", 404),
        ("GET", "/v1/evaluation?home_type=none", 404),
        ("DELETE", "/v1/readings", 405),
        ("GET", "/v1/readings", 405),
        ("PUT", "/v1/devices", 405),
    ],
)
def test_what_is_not_there(client: httpx.Client, method: str, path: str, status: int) -> None:
    """Unknown names, paths and methods have their proper status, as problems."""
    answer = client.request(method, path)
    assert (status, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert status == answer.json()["status"]


def test_health(client: httpx.Client) -> None:
    """Alive and ready, and the horizon is told."""
    assert 200 == client.get("/health/live").status_code
    ready = client.get("/health/ready").json()
    assert ("ok", 86_400.0, False) == (ready["status"], ready["horizon_s"], ready["lockstep"])


def test_advance_of_an_unknown_home_type(client: httpx.Client) -> None:
    """An operator's act on nothing is told so."""
    answer = client.post("/v1/advance", json={"to": "2026-01-01T00:00:00Z", "home_type": "none"})
    assert 404 == answer.status_code


def test_advance_into_the_future_is_refused(client: httpx.Client) -> None:
    """A slip of the pen must not make all readings late until 2100."""
    client.post("/v1/readings", json=reading("slip", home_type="slip"))
    answer = client.post("/v1/advance", json={"to": "2100-01-01T00:00:00Z", "home_type": "slip"})
    assert (422, "future", "to") == (answer.status_code, answer.json()["reason"], answer.json()["field"])


def test_openapi_document_has_bodies_and_examples(client: httpx.Client) -> None:
    """The document is served, and says what to send, with examples that are accepted."""
    document = client.get("/schema/openapi.json").json()
    for path in ("/v1/readings", "/v1/outcomes"):
        content = document["paths"][path]["post"]["requestBody"]["content"]
        assert {"application/json", "application/x-ndjson"} == set(content)
        lines = {"content": content["application/x-ndjson"]["example"]}
        assert 200 == client.post(path, json=content["application/json"]["examples"]["one"]["value"]).status_code
        answer = client.post(path, **lines, headers={"content-type": "application/x-ndjson"})
        assert (200, 0) == (answer.status_code, answer.json()["refused"])
    for path in ("/v1/predict",):
        example = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"]
        assert 200 == client.post(path, json=example).status_code


def test_a_restart_forgets_nothing_that_was_learned(tmp_path: Path) -> None:
    """Asked first thing after a restart, with nothing streaming in, the models answer that had learned."""
    requests = list(fleet_requests(6, 1.0, seed=3))
    flags = ("--lockstep", "--horizon", HORIZON, "--baseline", "off")
    question = next(request.readings[0] for request in reversed(requests) if request.readings)
    what_if = {"home_type": question.home_type, "device_type": question.device_type, "metrics": question.metrics}
    what_if["ts"] = question.ts.isoformat()
    service = ServiceProcess(tmp_path / "data", *flags)
    with service:
        for request in requests:
            httpx.post(service.url + path_of(request), content=body(request), timeout=60).raise_for_status()
        until(lambda: service.get("/health/ready")["learned_seq"] == service.get("/health/ready")["seq"])
        before = service.post("/v1/predict", what_if)
    with service:
        until(lambda: service.get("/health/ready")["learned_seq"] == service.get("/health/ready")["seq"])
        assert before == service.post("/v1/predict", what_if)
    assert before["provisional"] is False
