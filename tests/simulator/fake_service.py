"""A tiny real HTTP server that keeps the service's promises: idempotent, durable before the answer, in order."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import msgspec

from service.contracts.outcomes import Outcome, OutcomesDecoder
from service.contracts.predictions import Health, Receipt
from service.contracts.readings import Reading, ReadingsDecoder
from service.contracts.standing import (
    Advance,
    AdvanceReceipt,
    Evaluation,
    HomeTypeList,
    MemberQuality,
    Quality,
)

Fault = tuple[int, dict[str, str], bytes] | Literal["drop", "lose"]
"""An answer to give instead; ``drop``: close before the work; ``lose``: close after the work, before the answer."""


def _open() -> threading.Event:
    gate = threading.Event()
    gate.set()
    return gate


@dataclass
class FakeService:
    """What the server has taken, and how it shall behave. While ``gate`` is closed, no POST is answered."""

    url: str = ""
    lockstep: bool = False
    horizon_s: float = 86_400.0
    lag: int = 0
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, list[Any]]] = field(default_factory=list)
    advances: list[Advance] = field(default_factory=list)
    newest: dict[tuple[str, str], Any] = field(default_factory=dict)
    outcome_ids: set[str] = field(default_factory=set)
    seq: int = 0
    arrived: int = 0
    gate: threading.Event = field(default_factory=_open)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def taken(self, path: str) -> list[list[Any]]:
        """Bodies taken at ``path``, in order."""
        return [body for where, body in self.requests if where == path]

    def readings(self) -> list[Reading]:
        return [reading for body in self.taken("/v1/readings") for reading in body]

    def outcomes(self) -> list[Outcome]:
        return [outcome for body in self.taken("/v1/outcomes") for outcome in body]

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, object]:
        if (method, path) == ("POST", "/v1/readings"):
            return 200, self._readings(ReadingsDecoder.decode(body))
        if (method, path) == ("POST", "/v1/outcomes"):
            return 200, self._outcomes(OutcomesDecoder.decode(body))
        if (method, path) == ("POST", "/v1/advance"):
            self.advances.append(msgspec.json.decode(body, type=Advance))
            self.seq += 1
            return 200, AdvanceReceipt(seq=self.seq)
        if path == "/health/ready":
            learned, self.lag = self.seq - self.lag, max(0, self.lag - 1)
            return 200, Health(
                status="ok", reasons=[], lockstep=self.lockstep, horizon_s=self.horizon_s, seq=self.seq,
                learned_seq=learned, version="0",
            )  # fmt: skip
        if path == "/v1/evaluation":
            one = Quality(
                examples=3, positives=1, pr_auc=0.5, roc_auc=0.75, recall_at_1pct_far=1.0, brier=0.1, log_loss=None
            )
            both = MemberQuality(all=one, last70=one)
            risk = {"blend": both, "prior": both}
            return 200, Evaluation(up_to_seq=self.seq, examples=3, positives=1, risk=risk, weights={"prior": 1.0})
        if path == "/v1/home-types":
            return 200, HomeTypeList(home_types=[])
        return 404, {"type": "about:blank", "title": "Not Found", "status": 404, "detail": f"no {path} here"}

    def _readings(self, readings: list[Reading]) -> Receipt:
        self.requests.append(("/v1/readings", list(readings)))
        known = 0
        for reading in readings:
            key = reading.home_id, reading.device_id
            if key in self.newest and reading.ts <= self.newest[key]:
                known += 1
            else:
                self.newest[key] = reading.ts
        self.seq += 1
        return Receipt(accepted=len(readings) - known, duplicate=known, seq=self.seq)

    def _outcomes(self, outcomes: list[Outcome]) -> Receipt:
        self.requests.append(("/v1/outcomes", list(outcomes)))
        new = {outcome.outcome_id for outcome in outcomes} - self.outcome_ids
        self.outcome_ids |= new
        self.seq += 1
        return Receipt(accepted=len(new), duplicate=len(outcomes) - len(new), seq=self.seq)


@contextmanager
def serving(fake: FakeService) -> Iterator[FakeService]:
    """Serve ``fake`` on a free port of the loop-back address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10
        wbufsize = -1  # head and body in one packet

        def do_GET(self) -> None:
            self._serve("GET")

        def do_POST(self) -> None:
            self._serve("POST")

        def _serve(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if method == "POST":
                fake.arrived += 1
                fake.gate.wait(30)
            fault = fake.faults.pop(0) if fake.faults else None
            if fault == "drop":
                self.close_connection = True
                return
            if isinstance(fault, tuple):
                self._reply(*fault)
                return
            with fake.lock:
                status, answer = fake.answer(method, self.path, body)
            if fault == "lose":
                self.close_connection = True
                return
            self._reply(status, {}, msgspec.json.encode(answer))

        def _reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield fake
    finally:
        fake.gate.set()
        server.shutdown()
        server.server_close()
        thread.join(10)
