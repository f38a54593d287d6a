"""The load of the crash test: several clients at once, which go on through every outage."""

import threading
import time
from types import TracebackType
from typing import Self

from benchmarks.crash.books import Dealer, Ledger
from benchmarks.crash.client import WAIT_S, CrashClient
from benchmarks.report import BenchError


class Load:
    """Clients in threads, which send until they are told to stop; a context manager.

    Args:
        url: Address of the service.
        dealer: What they send.
        clients: How many there are.
        seed: Seed of the sizes and forms of requests and of the pauses between them.
    """

    def __init__(self, url: str, dealer: Dealer, clients: int, seed: int) -> None:
        self._open, self._ending, self._given_up = threading.Event(), threading.Event(), threading.Event()
        self._faults: list[BaseException] = []
        self._clients = [CrashClient(url, dealer, n, seed, self._open, self._given_up) for n in range(clients)]
        self._threads = [threading.Thread(target=self._run, args=(client,), daemon=True) for client in self._clients]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._given_up.set()
        self._open.set()

    def resume(self) -> None:
        """New requests are made from now on."""
        self._open.set()

    def pause(self) -> None:
        """No new requests are made until `resume`; those under way go on."""
        self._open.clear()

    def wait_acknowledged(self, least: int = 0) -> None:
        """Wait until something sent is acknowledged anew, and there were at least so many receipts in all."""
        least = max(least, self._acknowledged() + 1)
        deadline = time.monotonic() + WAIT_S
        while self._acknowledged() < least:
            self.last(0.01)
            if time.monotonic() > deadline:
                raise BenchError(f"too little was acknowledged in {WAIT_S:g} s")

    def last(self, seconds: float) -> None:
        """Let it go on for some seconds.

        Raises:
            BenchError: A client has failed.
        """
        self._given_up.wait(seconds)
        if self._faults:
            raise BenchError(f"a client failed: {self._faults[0]!r}") from self._faults[0]

    def end(self) -> Ledger:
        """Let each client deliver what it has begun, and return the books of all."""
        self._ending.set()
        self._open.set()
        deadline = time.monotonic() + WAIT_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                raise BenchError(f"a client is not answered within {WAIT_S:g} s")
        self.last(0.0)
        books = Ledger()
        for client in self._clients:
            books.add(client.ledger)
        return books

    def _acknowledged(self) -> int:
        return sum(client.receipts for client in self._clients)

    def _run(self, client: CrashClient) -> None:
        try:
            while not self._ending.is_set() and client.turn():
                pass
        except BaseException as error:
            self._faults.append(error)
            self._given_up.set()
            raise
