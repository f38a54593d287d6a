"""The service as the crash test has it: killed, and started again on the same folder and port."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import msgspec

from benchmarks.report import BenchError
from service.contracts.predictions import Health
from service.settings import Settings

_READY_S = 300.0
_LEARNED_S = 1_800.0
_STOP_S = 60.0


class CrashService:
    """``hearthbeat serve``; a context manager that leaves nothing running.

    Args:
        settings: What it is started with; its folder is there, its port is taken as given.
        output: File for what it prints.
    """

    def __init__(self, settings: Settings, output: Path) -> None:
        self.url = f"http://{settings.host}:{settings.port}"
        self._output = output
        self._environment = {name: text for name, text in os.environ.items() if not name.startswith("HEARTHBEAT_")}
        if self._environment.pop("PYTHONDONTWRITEBYTECODE", None):  # it more than doubles the time of a start
            self._environment.setdefault("PYTHONPYCACHEPREFIX", str(output.with_name("bytecode")))
        for name, value in msgspec.structs.asdict(settings).items():
            self._environment[f"HEARTHBEAT_{name.upper()}"] = str(value)
        self._process: subprocess.Popen[bytes] | None = None
        self._http = httpx.Client(base_url=self.url, timeout=60.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def start(self) -> None:
        """Start it and wait until it takes readings; its learner may still be starting.

        Raises:
            BenchError: It ends, or is not ready in time.
        """
        with self._output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "service", "serve"],
                env=self._environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        self._wait(lambda health: health.status != "starting", _READY_S, "ready")

    def kill(self) -> None:
        """SIGKILL. Its learner is left to notice by itself, as after a crash."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def kill_learner(self) -> None:
        """SIGKILL to its learner; waits for one if there is none just now."""
        deadline = time.monotonic() + _READY_S
        while (pid := self._learner()) is None:
            self._check(deadline, "started its learner")
            time.sleep(0.01)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, as an operator would.

        Raises:
            BenchError: It does not end with status 0.
        """
        assert self._process is not None
        self._process.terminate()
        try:
            status = self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            raise BenchError(f"the service has not ended {_STOP_S:g} s after SIGTERM{self._last_output()}") from None
        if status != 0:
            raise BenchError(f"the service ended with status {status}, not 0{self._last_output()}")

    def wait_learning(self) -> None:
        """Wait until its learner runs and has published something."""
        self._wait(lambda health: health.status == "ok", _LEARNED_S, "learning")

    def wait_learned(self) -> None:
        """Wait until all that is in the log is learned."""
        self._wait(lambda health: health.status == "ok" and health.learned_seq == health.seq, _LEARNED_S, "up to date")

    def get(self, path: str) -> bytes:
        """The body of the answer to a GET that must succeed.

        Raises:
            BenchError: It does not.
        """
        response = self._http.get(path)
        if not response.is_success:
            raise BenchError(f"GET {path} answered {response.status_code}: {response.text[:300]}")
        return response.content

    def _wait(self, reached: Callable[[Health], bool], bound_s: float, what: str) -> None:
        deadline = time.monotonic() + bound_s
        while True:
            with contextlib.suppress(httpx.TransportError):
                if reached(msgspec.json.decode(self._http.get("/health/ready").content, type=Health)):
                    return
            self._check(deadline, f"got {what}")
            time.sleep(0.02)

    def _check(self, deadline: float, what: str) -> None:
        assert self._process is not None
        if (status := self._process.poll()) is not None:
            raise BenchError(f"the service has ended with status {status}{self._last_output()}")
        if time.monotonic() > deadline:
            raise BenchError(f"the service has not {what} in time{self._last_output()}")

    def _learner(self) -> int | None:
        assert self._process is not None
        for thread in Path(f"/proc/{self._process.pid}/task").glob("*/children"):
            with contextlib.suppress(OSError):
                for child in thread.read_text().split():
                    if "learner" in Path(f"/proc/{child}/cmdline").read_text():
                        return int(child)
        return None

    def _last_output(self) -> str:
        lines = self._output.read_text(errors="replace").splitlines()[-20:]
        return "".join(["; its last output:" if lines else "", *(f"\n  {line}" for line in lines)])
