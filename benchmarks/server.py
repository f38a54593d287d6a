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
    with tempfile.TemporaryDirectory(prefix="hearthbeat-bench-", ignore_cleanup_errors=True) as folder:
        try:
            with ServiceProcess(Path(folder), **settings) as service:
                service.wait_ready()
                try:
                    yield service.url
                except ServiceError:
                    service.check()
                    raise
        except ServiceError as error:
            raise BenchError(str(error)) from None
