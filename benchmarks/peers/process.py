"""A peer's process: started on a free port, waited for, ended."""

import contextlib
import socket
import subprocess
import sys
import time
from typing import Self

from benchmarks.report import BenchError

_START_S = 120.0


class Peer(contextlib.AbstractContextManager["Peer"]):
    """``python -m benchmarks.peers.<module> PORT <arguments>``, started at once; see `wait` for when it listens."""

    def __init__(self, module: str, *arguments: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        command = [sys.executable, "-m", f"benchmarks.peers.{module}", str(self.port), *arguments]
        self._name = module
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        self.pid = self._process.pid

    def __exit__(self, *error: object) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()

    def wait(self) -> Self:
        """Wait until it listens.

        Raises:
            BenchError: It has ended, or does not within two minutes.
        """
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1.0):
                return self
            time.sleep(0.05)
        raise BenchError(f"the peer {self._name} does not listen on port {self.port}")


class BareRiver(contextlib.AbstractContextManager["BareRiver"]):
    """``benchmarks.peers.bare_river`` over the readings of a file."""

    def __init__(self, path: str, kind: str) -> None:
        command = [sys.executable, "-m", "benchmarks.peers.bare_river", path, kind]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self._process.pid

    def __exit__(self, *error: object) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()

    def seconds(self, readings: int) -> float:
        """How long it takes for so many readings.

        Raises:
            BenchError: It has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            print(readings, file=self._process.stdin, flush=True)
            return float(self._process.stdout.readline())
        except (OSError, ValueError):
            raise BenchError("the bare loop over River has ended") from None
