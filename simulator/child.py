"""A service as a child process, for the demo and for benchmarks."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import msgspec

from service.contracts.predictions import Health
from simulator.errors import ServiceError


def reserved_port() -> socket.socket:
    """A socket that holds a free port of the loop-back address until it is closed: a service may listen there.

    Nobody else is given the port meanwhile, not even before the service listens, or while it is started anew.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    return holder


class ServiceProcess(contextlib.AbstractContextManager["ServiceProcess"]):
    """A service in a process of its own, on a free port of the loop-back address; a context manager.

    It leads its own session: Ctrl-C reaches only whoever started it, who then stops it in order.

    Args:
        folder: For its data and its output; the caller removes it.
        settings: Settings by name; those of the caller's environment are not meant for this service.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self._port = reserved_port()
        port = str(self._port.getsockname()[1])
        self.url = f"http://127.0.0.1:{port}"
        self._patience_s = 1.0  # there is nothing to lose before it is ready
        self.folder = folder
        self._output = folder / "output.txt"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HEARTHBEAT_")}
        environment |= {f"HEARTHBEAT_{name.upper()}": value for name, value in settings.items()}
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "service", "serve", "--port", port, "--data", str(folder / "data")],
                env=environment, start_new_session=True, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def __exit__(self, *error: object) -> None:
        """Stop it by SIGTERM; what is left of its session after a while is killed."""
        try:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(self._patience_s)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._port.close()

    def wait_ready(self, tell: Callable[[str], None] = lambda reason: None, bound_s: float = 300.0) -> None:
        """Wait until readings can be scored; ``tell`` is given each new thing that the service says it is doing.

        Raises:
            ServiceError: It has ended, or is not ready within ``bound_s`` seconds.
        """
        deadline, told = time.monotonic() + bound_s, ""
        with httpx.Client(base_url=self.url, timeout=5.0) as http:  # to make one takes longer than to ask
            while time.monotonic() < deadline:
                self.check()
                with contextlib.suppress(httpx.TransportError, msgspec.DecodeError):
                    response = http.get("/health/ready")
                    if response.is_success:
                        self._patience_s = 10.0
                        return
                    reason = "; ".join(msgspec.json.decode(response.content, type=Health).reasons)
                    if reason != told:
                        tell(told := reason)
                time.sleep(0.1)
        raise ServiceError(f"the service is not ready after {bound_s:g} s{self._last_output()}")

    def check(self) -> None:
        """Raises `ServiceError` with its last output if it has ended."""
        if (status := self._process.poll()) is not None:
            raise ServiceError(f"the service has ended with status {status}{self._last_output()}")

    def _last_output(self) -> str:
        lines = self._output.read_text(errors="replace").splitlines()[-20:]
        return "".join(["; its last output:" if lines else "", *(f"\n  {line}" for line in lines)])
