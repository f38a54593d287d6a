"""Server: a real service in a process of its own, as a benchmark needs it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.report import BenchError
from simulator.child import ServiceProcess
from simulator.errors import ServiceError


@contextmanager
def serving(**settings: str) -> Iterator[str]:
    """Run ``hearthbeat serve`` with these settings on a free port and an empty folder; stopped and removed afterwards.

    Yields:
        Its address.

    Raises:
        BenchError: It does not get ready, or ends while it is needed.
    """
    with (
        tempfile.TemporaryDirectory(prefix="hearthbeat-bench-", ignore_cleanup_errors=True) as folder,
        serving_in(Path(folder), **settings) as url,
    ):
        yield url


@contextmanager
def serving_in(folder: Path, **settings: str) -> Iterator[str]:
    """Like `serving`, in a folder of the caller's; what the service has stored stays in its ``data``.

    Yields:
        Its address.

    Raises:
        BenchError: It does not get ready, or ends while it is needed.
    """
    try:
        with ServiceProcess(folder, **settings) as service:
            service.wait_ready()
            try:
                yield service.url
            except ServiceError:
                service.check()
                raise
    except ServiceError as error:
        raise BenchError(str(error)) from None
