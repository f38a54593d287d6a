"""Limits on body, items, time and rate: what is too much is told so, and when to come back."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from service.app import openapi_document
from tests.api.access.conftest import bearer, create
from tests.api.test_readings import reading
from tests.service_process import ServiceProcess, until

POSTS = [path for path, operations in openapi_document()["paths"].items() if "post" in operations]


@pytest.mark.parametrize("path", POSTS)
def test_every_body_is_bounded(client: httpx.Client, path: str) -> None:
    """Whatever takes a body refuses one that is too large, also if it does not say how large it will be."""
    kind = "application/octet-stream" if path.endswith("/versions") else "application/json"
    query = {"by": "a", "why": "b"} if path.endswith("/versions") else {}
    body = b" " * 250_000
    for content in (body, iter([body[:100_000], body[:150_000]])):
        answer = client.post(
            path.replace("{home_type}", "villa"), content=content, params=query, headers={"content-type": kind}
        )
        assert (413, "/problems/request-entity-too-large") == (answer.status_code, answer.json()["type"])


@pytest.mark.parametrize("gap_s", [0.2, 30.0])
def test_a_slow_body_is_ended(keyed: ServiceProcess, by_scope: dict[str, str], gap_s: float) -> None:
    """One that pauses, and one that drips, within the second that it is given; the connection ends with it."""
    where = urlsplit(keyed.url)
    key = by_scope["ingest"]
    head = f"POST /v1/readings HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Length: 1000\r\n\r\n"
    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        connection.sendall(head.encode())
        began, told = time.monotonic(), b""
        connection.settimeout(min(gap_s, 10.0))
        while not told and time.monotonic() - began < 10:
            with contextlib.suppress(OSError):
                connection.sendall(b" ")
            with contextlib.suppress(TimeoutError):
                told = connection.recv(4096)
    assert told.startswith(b"HTTP/1.1 408")
    assert 0.9 < time.monotonic() - began < 8


def with_key(service: ServiceProcess, folder: Path, name: str) -> httpx.Client:
    """A client with a key of its own, which the service knows by now."""
    headers = bearer(create(folder, name, "ingest", "read"))
    until(lambda: httpx.get(service.url + "/version", headers=headers).status_code != 401)
    return httpx.Client(base_url=service.url, timeout=30, headers=headers)


def test_rate_is_limited_by_items(keyed: ServiceProcess, keyed_folder: Path) -> None:
    """A large request leaves a debt; others hear when it is paid, and are not harmed by it."""
    many = [reading("rated", device=f"d{n}") for n in range(300)]
    with with_key(keyed, keyed_folder, "greedy") as greedy, with_key(keyed, keyed_folder, "modest") as modest:
        assert 300 == greedy.post("/v1/readings", json=many).json()["accepted"]
        answer = greedy.get("/v1/devices")
        assert (429, "/problems/too-fast") == (answer.status_code, answer.json()["type"])
        assert 1 <= int(answer.headers["retry-after"]) <= 3
        assert [200, 200] == [modest.get("/v1/devices").status_code, greedy.get("/health/ready").status_code]
        until(lambda: greedy.get("/v1/devices").status_code == 200, timeout_s=10)


def test_a_stream_is_slowed_down(keyed: ServiceProcess, keyed_folder: Path) -> None:
    """NDJSON is not refused in the middle but waits: all of it is taken, at the rate."""

    def lines() -> Iterator[bytes]:
        for n in range(500):
            yield json.dumps(reading("slow", device=f"d{n}")).encode() + b"\n"
            if n % 100 == 99:
                time.sleep(0.2)  # else it would be one chunk

    with with_key(keyed, keyed_folder, "stream") as client:
        began = time.monotonic()
        answer = client.post("/v1/readings", content=lines(), headers={"content-type": "application/x-ndjson"})
    assert 500 == sum(json.loads(line)["accepted"] for line in answer.text.splitlines())
    assert time.monotonic() - began > 1.5  # unhindered it is 1.0


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health/live", 200),
        ("GET", "/v1/devices", 200),
        ("GET", "/schema/openapi.json", 200),
        ("GET", "/metrics", 200),
        ("GET", "/v1/stream?min_risk=2", 400),
        ("GET", "/schema/nothing", 404),
        ("GET", "/nothing", 404),
        ("DELETE", "/v1/devices", 405),
        ("POST", "/v1/predict", 400),
    ],
)
def test_answers_carry_security_headers(client: httpx.Client, method: str, path: str, status: int) -> None:
    """Each, whoever gave it: nothing may be sniffed, framed, stored or learned of the server's make."""
    answer = client.request(method, path)
    assert status == answer.status_code
    assert_secure(answer)


def test_receipts_carry_security_headers(client: httpx.Client) -> None:
    """Those of the hot path too, as JSON and as lines."""
    assert_secure(client.post("/v1/readings?risks=true", json=reading("headers")))
    line = json.dumps(reading("headers")).encode()
    assert_secure(client.post("/v1/readings", content=line, headers={"content-type": "application/x-ndjson"}))


def test_live_stream_carries_security_headers(client: httpx.Client) -> None:
    """It is told apart from a page, too."""
    with client.stream("GET", "/v1/stream") as answer:
        assert_secure(answer)


def assert_secure(answer: httpx.Response) -> None:
    expected = {
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        "referrer-policy": "no-referrer",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
        "server": "hearthbeat",
    }
    assert expected == {name: answer.headers.get(name) for name in expected}
    assert [] == [name for name in expected if len(answer.headers.get_list(name)) != 1]
