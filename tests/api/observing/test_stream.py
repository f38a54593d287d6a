"""The live stream: what is told, where it goes on, what a client that does not read costs."""

import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.api.observing.sse import Event, events, listening, take
from tests.api.test_readings import reading
from tests.service_process import ServiceProcess, until


@pytest.fixture(scope="module")
def folder_of_stream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stream") / "data"


@pytest.fixture(scope="module")
def streaming(folder_of_stream: Path) -> Iterator[ServiceProcess]:
    with ServiceProcess(folder_of_stream, "--baseline", "off", HEARTHBEAT_MAX_STREAMS="3") as service:
        yield service


def _many(home: str, requests: int, readings: int) -> list[list[dict[str, Any]]]:
    """Requests of readings of a hundred devices, each later than the one before."""
    total = requests * readings
    items = [reading(home, f"device-{n % 100}", 1000.0 - 900.0 * n / total) for n in range(total)]
    return [items[n * readings : (n + 1) * readings] for n in range(requests)]


def _devices(told: list[Event]) -> list[str]:
    return [event.data["device_id"] for event in told]


def test_readings_are_told_as_they_come(streaming: ServiceProcess) -> None:
    """Those with the risk asked for, of the home type asked for; each as the API shows it otherwise."""
    with listening(streaming.url, min_risk=0, home_type="studio") as studio, listening(streaming.url) as risky:
        next(studio), next(risky)
        streaming.post("/v1/readings", [reading("told", "a"), reading("told", "b", home_type="studio")])
        (event,) = take(studio, 1)
        assert ("risk", "b", "studio") == (event.kind, event.data["device_id"], event.data["home_type"])
        device = streaming.get("/v1/homes/told/devices/b")
        same = ("risk", "as_of", "device_type", "provisional", "champion", "seq")
        assert {name: device[name] for name in same} == {name: event.data[name] for name in same}
        assert {"risk": 1} == {
            kind: count for kind, count in streaming.get("/v1/status")["streams"]["sent"].items() if count
        }


def test_stream_goes_on_behind_the_last_event(streaming: ServiceProcess) -> None:
    """Within an event of the log, too; nothing is told twice, nothing is left out."""
    with listening(streaming.url, min_risk=0) as stream:
        start = next(stream).id
    streaming.post("/v1/readings", [reading("on", name, 60 - n) for n, name in enumerate("abc")])
    streaming.post("/v1/readings", [reading("on", name, 60) for name in "de"])
    told: list[Event] = []
    last = start
    for _ in range(5):
        with listening(streaming.url, last, min_risk=0) as stream:
            told += take(stream, 1)
        last = told[-1].id
    assert list("abcde") == _devices(told)
    with listening(streaming.url, last, min_risk=0) as stream:
        streaming.post("/v1/readings", reading("on", "f"))
        assert ["f"] == _devices(take(stream, 1))


def test_ids_outlive_the_service(tmp_path: Path) -> None:
    """What came while nobody listened, before and after a restart, is told in order.

    SIGTERM ends an open stream as it should be ended, one that was cut off would be an error of the client's; and it
    does not wait for a client that does not read.
    """
    service = ServiceProcess(tmp_path / "data", "--baseline", "off")
    service.start()
    with contextlib.closing(_halted(service)), listening(service.url, min_risk=0, home_type="apartment") as stream:
        service.post("/v1/readings", reading("alive", "a"))
        (first,) = take(stream, 1)
        for items in _many("full", 5, 5_000):
            service.post("/v1/readings", [item | {"home_type": "flood"} for item in items])
        service.post("/v1/readings", reading("alive", "b"))
        assert 0 == service.stop()
        rest = [event for event in stream if event.kind]
    with service:
        service.post("/v1/readings", reading("alive", "c"))
        with listening(service.url, first.id, min_risk=0, home_type="apartment") as stream:
            again = take(stream, 2)
        assert list("bc") == _devices(again)
        assert rest in ([], again[:1])


def _halted(service: ServiceProcess) -> socket.socket:
    """A client that asks for everything and does not read it."""
    where = urlsplit(service.url)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    connection.settimeout(20)
    connection.connect((where.hostname, where.port))
    connection.sendall(b"GET /v1/stream?min_risk=0 HTTP/1.0\r\nHost: localhost\r\n\r\n")
    assert connection.recv(12, socket.MSG_WAITALL).endswith(b" 200")
    return connection


def test_client_that_does_not_read_slows_nobody(streaming: ServiceProcess) -> None:
    """Readings flow on while its buffers are full; later it is told all of them, in order."""
    with contextlib.closing(_halted(streaming)) as connection:
        for items in _many("slow", 6, 5_000):
            assert 5_000 == streaming.post("/v1/readings", items)["accepted"]
        with connection.makefile("r", encoding="utf-8", newline="\n") as file:
            next(line for line in file if line == "\n" or line == "\r\n")
            stream = events(line.rstrip("\r\n") for line in file)
            told = take(stream, 30_000)
    assert {"risk"} == {event.kind for event in told}
    places = [(event.data["seq"], event.data["row"]) for event in told]
    assert sorted(set(places)) == places
    until(lambda: 0 == streaming.get("/v1/status")["streams"]["open"])


def test_streams_are_counted(streaming: ServiceProcess) -> None:
    """Beyond the setting one is told to come back; a place that is left can be taken."""
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(listening(streaming.url)) for _ in range(3)]
        assert 3 == len([next(stream) for stream in streams])
        refused = httpx.get(f"{streaming.url}/v1/stream")
        assert (429, "/problems/busy") == (refused.status_code, refused.json()["type"])
        assert refused.headers["retry-after"].isdigit()
        assert 3 == streaming.get("/v1/status")["streams"]["open"]
    until(lambda: 0 == streaming.get("/v1/status")["streams"]["open"])
    with listening(streaming.url) as stream:
        next(stream)


@pytest.mark.parametrize("last_id", ["7", "1.2-x", "1.2-3.4-5", "-1.0-0.0"])
def test_id_of_another_stream_is_a_problem(streaming: ServiceProcess, last_id: str) -> None:
    """It is named, rather than taken for the beginning."""
    answer = httpx.get(f"{streaming.url}/v1/stream", headers={"Last-Event-ID": last_id})
    assert (400, "Last-Event-ID") == (answer.status_code, answer.json()["field"])


def test_id_ahead_of_the_log_is_a_gap(streaming: ServiceProcess) -> None:
    """As after a data folder was put back: the stream says so and goes on with what comes."""
    with listening(streaming.url, "999999.0-0.0", min_risk=0) as stream:
        (gap,) = take(stream, 1)
        assert ("gap", "log", 999999) == (gap.kind, gap.data["of"], gap.data["from_seq"])
        streaming.post("/v1/readings", reading("ahead", "next"))
        assert ["next"] == _devices(take(stream, 1))


def test_decisions_are_told(trained: ServiceProcess) -> None:
    """The journal from its beginning, each entry once, as `GET /v1/journal` has them; home types are kept apart."""
    entries = trained.get("/v1/journal", limit=1000)["entries"]
    with listening(trained.url, "1.0-0.0", min_risk=1) as stream:
        half = take(stream, len(entries) // 2)
    with listening(trained.url, half[-1].id, min_risk=1) as stream:
        told = half + take(stream, len(entries) - len(half))
    assert entries == [event.data for event in told]
    assert {"published", "training_due"} <= {event.data["kind"] for event in told if event.kind == "model"}
    with listening(trained.url, "1.0-0.0", min_risk=1, home_type="villa") as stream:
        own = [entry for entry in entries if entry["home_type"] in (None, "villa")]
        assert own == [event.data for event in take(stream, len(own))]
    assert json.dumps(entries)
