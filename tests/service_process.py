"""A real service in a process of its own, for tests: started, waited for, stopped, killed."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

_START_S = 240.0
_STOP_S = 30.0
ROOT = Path(__file__).resolve().parents[1]


class ServiceProcess:
    """``hearthbeat serve`` on a free port.

    Args:
        folder: Its data folder.
        flags: More flags of ``serve``.
        environment: More environment variables.
    """

    def __init__(self, folder: Path, *flags: str, **environment: str) -> None:
        self._command = [sys.executable, "-m", "service", "serve", "--port", "0", "--data", str(folder), *flags]
        self._environment = {**os.environ, **environment}
        self._output = folder.with_name(folder.name + ".log")
        self.process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.stop()

    def start(self, status: str = "ok") -> None:
        """Start it and wait until it is ready, with its learner, in this state of health."""
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                self._command, stdout=output, stderr=subprocess.STDOUT, env=self._environment, cwd=ROOT
            )
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the service ended: {self.output()}")
            found = re.search(r"listens on (http://\S+),", self.output())
            if found is not None and _is_ready(found[1], status):
                self.url = found[1]
                return
            time.sleep(0.05)
        raise AssertionError(f"the service did not get ready: {self.output()}")

    def output(self) -> str:
        """What it has printed so far."""
        return self._output.read_text()

    def stop(self) -> int:
        """Ask it to end; returns its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(_STOP_S)

    def kill(self) -> None:
        """Kill it, as a crash would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(_STOP_S)

    def learner_pid(self) -> int:
        """Process id of its learner."""
        return self.child_pid("learner")

    def child_pid(self, command: str) -> int:
        """Process id of its learner or its trainer."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        children += [child for thread in threads for child in (thread / "children").read_text().split()]
        return int(
            next(child for child in children if command in Path(f"/proc/{child}/cmdline").read_text().split("\0"))
        )

    def get(self, path: str, **query: Any) -> Any:
        """The JSON answer to a GET that must succeed."""
        answer = httpx.get(self.url + path, params=query, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any, **query: Any) -> Any:
        """The JSON answer to a POST of JSON that must succeed."""
        answer = httpx.post(self.url + path, json=body, params=query, timeout=120)
        assert answer.status_code == 200, answer.text
        return answer.json()


def _is_ready(url: str, status: str) -> bool:
    try:
        answer = httpx.get(url + "/health/ready", timeout=5)
    except httpx.TransportError:
        return False
    return answer.status_code == 200 and answer.json()["status"] == status


def until(condition: Any, *, timeout_s: float = 120.0) -> None:
    """Wait for a condition, asked again and again."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.05)
