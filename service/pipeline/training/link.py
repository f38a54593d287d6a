"""The link to the trainer: starts its process when there is something to train, and ends it when there is not.

The process is kept for a while, since its imports take longer than a small training.
"""

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Sequence

from service.contracts.checkpoints import Progress, TrainingOrder, TrainingReport, decode_message, encode_order
from service.contracts.decoding import UNDECODABLE
from service.pipeline.link import read_frame, write_frame

_REST_AFTER_S = 60.0


class TrainerLink:
    """The trainer's process.

    Args:
        command: Starts it.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._command = list(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._used_at = 0.0
        self._stopped = False

    @property
    def pid(self) -> int | None:
        """Process id of the trainer while it is there."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def train(self, order: TrainingOrder, tell: Callable[[Progress], None]) -> TrainingReport:
        """Have an order carried out. A trainer that ends meanwhile is a report with a fault."""
        process = self._running()
        if process is None:
            return TrainingReport(results=[], fault="the service is stopping")
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            write_frame(process.stdin, encode_order(order))
            while (frame := read_frame(process.stdout)) is not None:
                message = decode_message(frame)
                if isinstance(message, TrainingReport):
                    self._used_at = time.monotonic()
                    return message
                tell(message)
        except (OSError, ValueError, *UNDECODABLE) as error:
            process.kill()
            process.wait()  # the next order must not find it dying
            return TrainingReport(results=[], fault=self._fault(f"the trainer could not be spoken to: {error}"))
        status = process.wait()
        return TrainingReport(results=[], fault=self._fault(f"the trainer ended with status {status}"))

    def rest(self) -> None:
        """End the process if it has had nothing to do for a while. Must not be called while it trains."""
        if self.pid is not None and time.monotonic() - self._used_at > _REST_AFTER_S:
            self._close()

    def stop(self) -> None:
        """End the process, also in the middle of a training."""
        with self._lock:
            self._stopped = True
        if self._process is not None:
            with contextlib.suppress(OSError):
                self._process.kill()
            self._close()

    def _fault(self, what: str) -> str:
        return "the service is stopping" if self._stopped else what

    def _running(self) -> subprocess.Popen[bytes] | None:
        if self.pid is not None:
            return self._process
        with self._lock:
            if self._stopped:
                return None
            if self._process is not None:
                self._close()
            self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            return self._process

    def _close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5.0)
            return
        process.kill()
        process.wait()
