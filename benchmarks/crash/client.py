"""A client of the crash test: sends, notes what was acknowledged, and sends the rest again."""

import random
import threading
import time
from collections.abc import Iterator, Sequence

import httpx
import msgspec

from benchmarks.crash.books import Dealer, Item, Ledger
from benchmarks.report import BenchError
from service.contracts.predictions import Receipt
from service.contracts.readings import Reading

WAIT_S = 900.0
"""How long an answer may take: in lock-step it waits for a learner that starts anew."""

_BUSY = frozenset({429, 503})
_AGAIN_S = 0.03
_MOST = 30
_LARGE = 700  # more lines than the service commits at once
_LARGE_SHARE = 0.01
_PAUSE_S = 0.06
_LINGER_S = 0.04  # longer than the service waits for more lines
_ENCODER = msgspec.json.Encoder()
_RECEIPT = msgspec.json.Decoder(Receipt)


class CrashClient:
    """One client. It has one request under way at most and repeats it until all of it is acknowledged.

    Args:
        url: Address of the service.
        dealer: Gives it what to send.
        number: Which of the clients it is.
        seed: Seed of the sizes and forms of its requests and of the pauses between them.
        may_send: Cleared while no new request is to be made.
        given_up: Set when nothing matters any more.
    """

    def __init__(
        self, url: str, dealer: Dealer, number: int, seed: int, may_send: threading.Event, given_up: threading.Event
    ) -> None:
        self.ledger = Ledger()
        self.receipts = 0
        self._dealer = dealer
        self._number = number
        self._random = random.Random(f"{seed}/{number}")
        self._may_send = may_send
        self._given_up = given_up
        self._rest: list[Item] = []
        self._http = httpx.Client(base_url=url, timeout=WAIT_S)

    def turn(self) -> bool:
        """Deliver one request's worth; False when there is nothing left, or no sense in it.

        Raises:
            BenchError: The service refuses it.
        """
        self._may_send.wait()
        draw = self._random
        form = "lines" if (large := draw.random() < _LARGE_SHARE) else draw.choice(("one", "array", "lines"))
        most = _LARGE if large else 1 if form == "one" else round(_MOST ** draw.random())
        self._rest = self._dealer.take(self._number, most)
        if not self._rest:
            return False
        self.ledger.sending(self._rest)
        while self._rest and not self._given_up.is_set():
            try:
                if form == "lines":
                    self._send_lines()
                else:
                    self._send_json(_ENCODER.encode(self._rest[0] if form == "one" else self._rest))
            except httpx.ConnectError:
                pass
            except httpx.TransportError:  # it may have been taken, or not
                self.ledger.resent += 1
            self._given_up.wait(_AGAIN_S if self._rest else draw.random() * _PAUSE_S)
        return not self._given_up.is_set()

    def _path(self) -> str:
        return "/v1/readings" if isinstance(self._rest[0], Reading) else "/v1/outcomes"

    def _send_json(self, body: bytes) -> None:
        response = self._http.post(self._path(), content=body, headers={"Content-Type": "application/json"})
        if self._taken(response):
            self._acknowledged(response.content)

    def _send_lines(self) -> None:
        """NDJSON, at times with a pause in it, after which the service commits what has come so far."""
        headers = {"Content-Type": "application/x-ndjson"}
        with self._http.stream(
            "POST", self._path(), content=self._lines(list(self._rest)), headers=headers
        ) as response:
            if not self._taken(response):
                return
            unfinished = b""
            for part in response.iter_raw():
                *lines, unfinished = (unfinished + part).split(b"\n")
                for line in lines:
                    self._acknowledged(line)

    def _lines(self, items: Sequence[Item]) -> Iterator[bytes]:
        cut = self._random.randrange(len(items))
        if cut:
            yield _ENCODER.encode_lines(items[:cut])
            time.sleep(self._random.choice((0.0, _LINGER_S)))
        yield _ENCODER.encode_lines(items[cut:])

    def _taken(self, response: httpx.Response) -> bool:
        """Whether the request was taken; False if it is to be repeated."""
        if response.is_success:
            return True
        if response.status_code in _BUSY:
            return False
        raise BenchError(f"{self._path()} answered {response.status_code}: {response.read()[:300]!r}")

    def _acknowledged(self, line: bytes) -> None:
        """A receipt for the next items of what is left. A problem in its place says that nothing more was taken."""
        receipt = _RECEIPT.decode(line)
        count = receipt.accepted + receipt.duplicate + receipt.late + receipt.refused
        if count:
            self.receipts += 1
            self.ledger.acknowledge(self._rest[:count], receipt)
            self._rest = self._rest[count:]
