"""What can go wrong for the user of a command, each one sentence, and how a command ends because of it."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class UsageError(Exception):
    """The user asked for something that cannot be done as asked; the command ends with exit code 2."""


class ServiceError(Exception):
    """The service cannot be reached or refused a request; the command ends with exit code 1.

    Args:
        detail: One line for the user.
        status: HTTP status, or None without an answer.
    """

    def __init__(self, detail: str, status: int | None = None) -> None:
        super().__init__(detail)
        self.status = status


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Turn the errors above, and a want of memory, into one line on stderr and an exit code.

    Raises:
        SystemExit: 2 for a `UsageError` or a `MemoryError`, 1 for a `ServiceError`, 130 after Ctrl-C.
    """
    try:
        yield
    except UsageError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except ServiceError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except MemoryError:
        print("error: this machine has not enough memory for so much; ask for less", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


@contextmanager
def unwound_by_signals(*more: signal.Signals) -> Iterator[None]:
    """Let SIGTERM, SIGHUP and ``more`` unwind the stack, so that what was begun is taken away; for the main thread.

    Only the first one does, so that none breaks off what the first has begun: a group of processes that is told to end
    is told several times. One that is ignored, as SIGHUP is under nohup, stays so.

    Raises:
        SystemExit: 128 and the number of the signal that came.
    """

    def end(number: int, frame: object) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        sys.exit(128 + number)

    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, *more)}
    try:
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, end)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
