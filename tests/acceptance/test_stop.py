"""SIGTERM in the thick of it: streams open, bodies half sent, a training running, requests under way."""

import contextlib
import json
import os
import re
import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from service.storage.snapshots import newest_snapshot
from tests.api.observing.sse import listening
from tests.api.test_readings import reading
from tests.service_process import ServiceProcess, until

DEED = {"by": "ada", "why": "to see"}
PIECES = {
    "a body": b"POST /v1/readings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{",
    "chunks": b"POST /v1/outcomes HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[{}, \r\n",
    "a line": b"POST /v1/readings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
    b'Transfer-Encoding: chunked\r\n\r\n2\r\n{"\r\n',
    "a head": b"GET /v1/devices HTTP/1.1\r\nHost: loc",
    "nothing": b"",
}


def _halted_training(service: ServiceProcess) -> int:
    """Have a training run that does not end; the process id of its trainer."""
    first = service.url + _refresh(service)
    until(lambda: httpx.get(first, timeout=60).json()["state"] not in ("waiting", "running"))
    trainer = service.child_pid("trainer")  # it stays for a while
    os.kill(trainer, signal.SIGSTOP)
    second = service.url + _refresh(service)
    until(lambda: httpx.get(second, timeout=60).json()["state"] == "running")
    return trainer


def _refresh(service: ServiceProcess) -> str:
    answer = httpx.post(service.url + "/v1/models/apartment/refresh", json=DEED, timeout=60)
    assert 202 == answer.status_code, answer.text
    return answer.headers["location"]


def _heard(connection: socket.socket) -> bytes:
    """What a connection is answered with; nothing if it is only closed."""
    with contextlib.suppress(ConnectionError):
        return connection.recv(13, socket.MSG_WAITALL)
    return b""


class Exchange:
    """Sends lines on one connection that stays open, and hears what was acknowledged meanwhile."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._heard = b""
        kind = b"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(b"POST /v1/readings HTTP/1.1\r\nHost: localhost\r\n" + kind)

    @property
    def acknowledged(self) -> int:
        """How many readings were accepted, as far as was heard."""
        return sum(map(int, re.findall(rb'"accepted":(\d+)', self._heard)))

    def send(self, first: int, last: int) -> None:
        """Readings of so many devices."""
        lines = b"".join(json.dumps(reading("lines", f"d{n}")).encode() + b"\n" for n in range(first, last))
        self._connection.sendall(b"%x\r\n%s\r\n" % (len(lines), lines))

    def hear(self) -> bool:
        """Wait for more; whether the connection is still open."""
        with contextlib.suppress(ConnectionError):
            part = self._connection.recv(65_536)
            self._heard += part
            return bool(part)
        return False


def test_stop_in_the_thick_of_it(tmp_path: Path) -> None:
    """Status 0 in the stated 30 s; streams end as they should, what was acknowledged is there, nothing is left."""
    service = ServiceProcess(tmp_path / "data", "--baseline", "off")
    with contextlib.ExitStack() as stack:
        service.start()
        service.post("/v1/readings", reading("home", "a"))
        trainer = _halted_training(service)
        where = urlsplit(service.url)
        connections = {}
        for name, piece in PIECES.items():
            connections[name] = stack.enter_context(socket.create_connection((where.hostname, where.port), timeout=60))
            connections[name].sendall(piece)
        stream = stack.enter_context(listening(service.url, min_risk=0, home_type="apartment"))
        next(stream)
        exchange = Exchange(stack.enter_context(socket.create_connection((where.hostname, where.port), timeout=60)))
        exchange.send(0, 50)
        while exchange.acknowledged < 50:
            assert exchange.hear()
        exchange.send(50, 100)
        assert 0 == service.stop()
        while exchange.hear():
            continue
        assert {"a body": b" 503 ", "chunks": b" 503 ", "a line": b" 200 ", "a head": b"", "nothing": b""} == {
            name: _heard(connection)[8:13] for name, connection in connections.items()
        }
        assert all(event.kind in ("", "risk") for event in stream)  # it ends as it should, or this would raise
    assert not Path(f"/proc/{trainer}").exists()
    assert "Traceback" not in service.output()
    snapshot = newest_snapshot(tmp_path / "data" / "snapshots", "scorer")
    with service:
        assert snapshot is not None
        assert service.get("/health/ready")["seq"] == snapshot[0]
        stored = service.get("/v1/devices", home_id="lines", limit=1)["total"]
        assert stored >= exchange.acknowledged > 0
