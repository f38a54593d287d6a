"""Every request has an id, in the answer, in a problem and in the log; and the log tells nothing else of it."""

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest

from service.api.observing.trace import Traced
from service.observe.traffic import Traffic
from tests.service_process import ServiceProcess, until


def _lines(service: ServiceProcess) -> list[dict[str, Any]]:
    return [json.loads(line) for line in service.output().splitlines() if line.startswith("{")]


def test_id_is_taken_over(client: httpx.Client, service: ServiceProcess) -> None:
    """And stands in the problem and in the line that is logged; the query does not."""
    answer = client.get("/v1/homes/nobody?token=secret", headers={"X-Request-ID": "my-request.7_"})
    assert ("my-request.7_", "my-request.7_") == (answer.headers["x-request-id"], answer.json()["request_id"])
    until(lambda: any(line.get("request_id") == "my-request.7_" for line in _lines(service)))
    (line,) = [line for line in _lines(service) if line.get("request_id") == "my-request.7_"]
    assert ("GET", "/v1/homes/nobody", "/v1/homes/{home_id}", 404) == tuple(
        line[name] for name in ("method", "path", "route", "status")
    )
    assert "secret" not in service.output()


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a\tb", 'q"', "<script>", "é".encode()])
def test_id_that_may_do_harm_is_replaced(client: httpx.Client, given: Any) -> None:
    """By one of the service's own; no two are the same."""
    made = {client.get("/version", headers={"X-Request-ID": given}).headers["x-request-id"] for _ in range(3)}
    assert (3, True) == (len(made), all(name.replace("-", "").isalnum() for name in made))


def test_problem_in_a_stream_has_the_id(client: httpx.Client) -> None:
    """A body that is none is told so under the request's id."""
    answer = client.post("/v1/readings", content=b"{", headers={"X-Request-ID": "broken"})
    assert (400, "broken") == (answer.status_code, answer.json()["request_id"])


def test_output_is_json_but_for_the_address(client: httpx.Client, service: ServiceProcess) -> None:
    """What people and scripts wait for stays as it is; every other line is one JSON object."""
    client.get("/nothing")
    plain = [line for line in service.output().splitlines() if not line.startswith("{")]
    assert plain[0].startswith("hearthbeat ")
    assert ["ready"] == plain[1:]
    assert {"service"} == {line["process"] for line in _lines(service)}
    assert "readings are taken" in {line["event"] for line in _lines(service)}


def test_storm_of_failures_is_a_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    """Ten a second, and the next one says how many were left out; probes and what goes well are no lines."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["path_template"] = scope["path"]
        status = 200 if scope["path"] == "/fine" else 503
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def nothing(*_: Any) -> Any:
        return None

    traced, traffic = None, Traffic()
    traced = Traced(app, traffic)

    async def ask(path: str, times: int) -> None:
        for _ in range(times):
            await traced({"type": "http", "method": "GET", "path": path, "headers": []}, nothing, nothing)  # type: ignore[typeddict-item]  # what the layer looks at

    with caplog.at_level(logging.INFO, "hearthbeat.http"):
        asyncio.run(ask("/fine", 50))
        asyncio.run(ask("/health/ready", 50))
        assert [] == caplog.records
        asyncio.run(ask("/v1/readings", 500))
        few = len(caplog.records)
        assert 10 <= few <= 30
        traced._second -= 1  # a second later
        asyncio.run(ask("/v1/readings", 1))
    assert 500 - few == caplog.records[-1].__dict__["requests_not_told"]
    assert {"/fine": {200: 50}, "/health/ready": {503: 50}, "/v1/readings": {503: 501}} == {
        route.route: route.statuses for route in traffic.routes()
    }
