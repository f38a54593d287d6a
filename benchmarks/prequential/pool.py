"""Pool: streams take minutes each, so two are measured at a time, each in a process of its own.

However a benchmark ends, what it started is ended in order: a piece of work that is stopped unwinds, and so stops its
service, which leads a session of its own and would go on for ever.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from signal import SIGINT
from typing import Final

from rich.progress import Progress

from benchmarks.report import BenchError, Row
from simulator.errors import unwound_by_signals

_AT_A_TIME: Final = 2
_UNWIND_S = 20.0
"""How long a piece of work may take to stop what it has started; a service is given 10 s."""

Piece = tuple[Callable[..., list[Row]], tuple[object, ...]]
"""A function of a module, and its arguments."""


def side_by_side(work: Mapping[str, Piece]) -> list[Row]:
    """The rows of each piece of work, in the order given. If one fails or we are told to end, all others are stopped.

    Raises:
        BenchError: Whatever one of them raises; it has ended otherwise.
    """
    rows: dict[str, list[Row]] = {}
    waiting = deque(work)
    running: dict[str, tuple[SpawnProcess, Connection]] = {}
    with Progress(transient=True) as progress:
        task = progress.add_task("streams", total=len(work))
        try:
            while waiting or running:
                while waiting and len(running) < _AT_A_TIME:
                    name = waiting.popleft()
                    running[name] = _begun(*work[name])
                ended = wait([answer for _, answer in running.values()])
                for name in [name for name, (_, answer) in running.items() if answer in ended]:
                    rows[name] = _rows(name, *running[name])
                    del running[name]
                    progress.update(task, advance=1, description=f"{name} is done")
        finally:
            _stop([process for process, _ in running.values()])
    return [row for name in work for row in rows[name]]


def _begun(function: Callable[..., list[Row]], given: tuple[object, ...]) -> tuple[SpawnProcess, Connection]:
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(theirs, function, given))
    process.start()
    theirs.close()  # so that its end is the end of what it says
    return process, ours


def _work(answer: Connection, function: Callable[..., list[Row]], given: tuple[object, ...]) -> None:
    """What runs in a process of its own. Ctrl-C comes to it, too, and does the same as being told to end."""
    with unwound_by_signals(SIGINT):
        try:
            answer.send(function(*given))
        except BenchError as error:
            answer.send(error)


def _rows(name: str, process: SpawnProcess, answer: Connection) -> list[Row]:
    try:
        told: list[Row] | BenchError = answer.recv()
    except EOFError:
        process.join()
        raise BenchError(f"{name} has ended with status {process.exitcode}") from None
    if isinstance(told, BenchError):
        raise told
    process.join()
    return told


def _stop(processes: Iterable[SpawnProcess]) -> None:
    """Tell all to end, and kill those that do not in time."""
    told = list(processes)
    for process in told:
        process.terminate()
    deadline = time.monotonic() + _UNWIND_S
    for process in told:
        process.join(max(0.0, deadline - time.monotonic()))
        if process.is_alive():
            process.kill()
            process.join()


def mean_of(rows: list[Row], end: str) -> float | None:
    """The mean of the rows whose id ends so and that have a value, or None if there are none."""
    values = [row.value for row in rows if row.id.endswith(end) and row.value is not None]
    return sum(values) / len(values) if values else None
