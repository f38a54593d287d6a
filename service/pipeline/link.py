"""The link to the learner: starts its process, watches over it, and takes in what it publishes.

The learner reads the log by itself. Over its standard input it is told which sequence number must be learned before an
answer is waited for (lock-step); over its standard output it sends publications. Either side ends when the other does.
"""

import contextlib
import struct
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import IO

from service.contracts.errors import Unavailable
from service.pipeline.publication import Publication, decode_publication, merged

_LENGTH = struct.Struct("<I")
_PATIENCE_S = 600.0
_BACKOFF_S = (0.1, 0.5, 1.0, 2.0, 5.0)


def write_frame(stream: IO[bytes], payload: bytes) -> None:
    """Send a payload with its length before it."""
    stream.write(_LENGTH.pack(len(payload)) + payload)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """Receive a payload, or None if the stream ends before it is whole."""
    head = _exactly(stream, _LENGTH.size)
    return None if head is None else _exactly(stream, _LENGTH.unpack(head)[0])


def _exactly(stream: IO[bytes], size: int) -> bytes | None:
    parts = b""
    while len(parts) < size:
        part = stream.read(size - len(parts))
        if not part:
            return None
        parts += part
    return parts


class LearnerLink:
    """The learner's process and what it has published but nobody has taken yet.

    Args:
        command: Starts the learner.
        config: The first frame it is sent.
    """

    def __init__(self, command: Sequence[str], config: bytes) -> None:
        self.learned_seq = 0
        self.fault: str | None = "the learner is starting"
        self.restarts = 0
        self.starts = 0
        self._command = list(command)
        self._config = config
        self._changed = threading.Condition()
        self._wanted = 0
        self._best_seq = 0
        self._waiting: Publication | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="learner-link", daemon=True)

    @property
    def pid(self) -> int | None:
        """Process id of the running learner."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the process and keep it running."""
        self._thread.start()

    def stopping(self) -> None:
        """Whoever waits for the learner waits no longer."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()

    def stop(self, timeout_s: float = 10.0) -> None:
        """Let the learner end by closing its input; kill it if it does not."""
        self.stopping()
        process = self._process
        if process is not None:
            if process.stdin is not None:
                with contextlib.suppress(OSError):
                    process.stdin.close()
            try:
                process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                process.kill()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def take(self) -> Publication | None:
        """What has been published since the last call, or None if that is nothing.

        A learner that was started again repeats its past first; nothing of it is given out before it is as far as its
        predecessor was.
        """
        with self._changed:
            if self.learned_seq < self._best_seq:
                return None
            self._best_seq = self.learned_seq
            out, self._waiting = self._waiting, None
        return out

    def wait_for(self, seq: int) -> None:
        """Wait until the log up to ``seq`` is learned.

        Raises:
            Unavailable: It took too long, or the service is stopping.
        """
        with self._changed:
            if self.learned_seq >= seq:
                return
            self._wanted = seq
            self._ask()
            deadline = time.monotonic() + _PATIENCE_S
            while self.learned_seq < seq:
                if self._stopping.is_set() or time.monotonic() > deadline:
                    raise Unavailable("the learner has not caught up")
                self._changed.wait(1.0)

    def _ask(self) -> None:
        """Tell the learner what is waited for. It may be down; when it is back it is told again."""
        process = self._process
        if self._wanted and process is not None and process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):
                write_frame(process.stdin, struct.pack("<Q", self._wanted))

    def _watch(self) -> None:
        while not self._stopping.is_set():
            started = time.monotonic()
            self.starts += 1
            with (
                contextlib.suppress(BrokenPipeError),  # it ended with something still on its way to it
                subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process,
            ):
                assert process.stdin is not None
                assert process.stdout is not None
                with contextlib.suppress(OSError):
                    write_frame(process.stdin, self._config)
                with self._changed:
                    self._process = process
                    self.learned_seq = 0
                    self._waiting = None
                    self._ask()
                while (frame := read_frame(process.stdout)) is not None:
                    publication = decode_publication(frame)
                    with self._changed:
                        self.fault = None
                        self.learned_seq = publication.seq
                        self._waiting = publication if self._waiting is None else merged(self._waiting, publication)
                        self._changed.notify_all()
                if process.poll() is None and not self._stopping.is_set():
                    process.kill()
            if self._stopping.is_set():
                return
            self.fault = f"the learner ended with status {process.returncode}; it is started again"
            lived = time.monotonic() - started
            self.restarts = self.restarts + 1 if lived < 60.0 else 1
            self._stopping.wait(_BACKOFF_S[min(self.restarts, len(_BACKOFF_S)) - 1])
