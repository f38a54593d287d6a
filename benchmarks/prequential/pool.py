"""Pool: streams take minutes each, so two are measured at a time, each in a process of its own."""

from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from rich.progress import Progress

from benchmarks.report import Row


def side_by_side(work: Mapping[str, tuple[Callable[..., list[Row]], tuple[object, ...]]]) -> list[Row]:
    """The rows of each piece of work, a function of a module and its arguments, in the order given.

    Raises:
        BenchError: Whatever one of them raises.
    """
    rows: dict[str, list[Row]] = {}
    with (
        Progress(transient=True) as progress,
        ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool,
    ):
        task = progress.add_task("streams", total=len(work))
        running = {pool.submit(function, *given): name for name, (function, given) in work.items()}
        try:
            for done in as_completed(running):
                rows[running[done]] = done.result()
                progress.update(task, advance=1, description=f"{running[done]} is done")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # what has not begun is not begun any more
            raise
    return [row for name in work for row in rows[name]]


def mean_of(rows: list[Row], end: str) -> float | None:
    """The mean of the rows whose id ends so and that have a value, or None if there are none."""
    values = [row.value for row in rows if row.id.endswith(end) and row.value is not None]
    return sum(values) / len(values) if values else None
