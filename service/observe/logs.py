"""Lines of a log: one JSON object an event on standard error, or text for a terminal.

Whatever is written by `logging` goes this way, in the service and in the processes it starts: `timestamp` (UTC),
`level`, `event`, then fields. A line never holds a body, a header or a query.
"""

import logging
import sys
import threading
import warnings
from contextvars import ContextVar
from types import TracebackType
from typing import Any

import msgspec

REQUEST_ID: ContextVar[bytes | None] = ContextVar("request_id", default=None)
"""Id of the HTTP request that is being answered, also in the worker threads that work for it."""

_LOG = logging.getLogger("hearthbeat")
_FIRST = ("timestamp", "level", "event")
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code not in (9, 10)}


def line_format(wanted: str) -> str:
    """``json`` or ``text``: ``auto`` is text where standard error is a terminal."""
    return wanted if wanted != "auto" else "text" if sys.stderr.isatty() else "json"


def start_logging(process: str, level: str, form: str) -> None:
    """Send all lines of this process to standard error.

    Args:
        process: What this process is: ``service``, ``learner`` or ``trainer``; stands in every line.
        level: One of `LEVELS`. Of other libraries no less than warnings are told.
        form: One of `FORMATS`.
    """
    import structlog  # commands that do not log should not wait for it

    text = line_format(form) == "text"
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _Context(process),
    ]
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    last: list[Any] = (
        [_harmless, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
        if text
        else [structlog.processors.format_exc_info, _json]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=[remove_meta, *last]))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    least = getattr(logging, level.upper())
    root.setLevel(max(least, logging.WARNING))
    _LOG.setLevel(least)
    logging.raiseExceptions = False  # a line that cannot be written is lost; it must not become two
    logging.captureWarnings(True)
    warnings.simplefilter("default", RuntimeWarning)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


class _Context:
    """Adds which process tells, and for which request."""

    def __init__(self, process: str) -> None:
        self._process = process

    def __call__(self, logger: Any, name: str, line: dict[str, Any]) -> dict[str, Any]:
        line["process"] = self._process
        request_id = REQUEST_ID.get()
        if request_id is not None:
            line.setdefault("request_id", request_id.decode())
        return line


def _json(logger: Any, name: str, line: dict[str, Any]) -> str:
    """The line as JSON, what everybody looks for first."""
    ordered = {key: line.pop(key) for key in _FIRST if key in line} | line
    return msgspec.json.encode(ordered, enc_hook=str).decode()


def _harmless(logger: Any, name: str, line: dict[str, Any]) -> dict[str, Any]:
    """Names that clients chose may stand in a line; they may not steer a terminal or begin another line."""
    return {
        key: value.translate(_CONTROL | {10: "\\n"}) if isinstance(value, str) and key != "exception" else value
        for key, value in line.items()
    }


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        _LOG.critical("the process ends by an error", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
        name = args.thread.name if args.thread is not None else ""
        exc_info = (args.exc_type, args.exc_value, args.exc_traceback)
        _LOG.critical("a thread ends by an error", exc_info=exc_info, extra={"thread_name": name})
