"""Committee: does the blend do as well as its best member, as a forest retrained all the time, and after a drift?

Each stream goes over HTTP to a real service in lock-step, with the same settings for all. The blend is held against

- each of its members, over the whole stream, with a paired bootstrap over devices;
- other rules to weigh the same risks by: equal weights, a softmax of losses, a champion alone;
- a RandomForest *retrained* every day (real sets: every horizon) on all labels that are final by then;
- after a drift, an *oracle*: a RandomForest trained on what came after the drift, of other devices.

`stream` runs one stream and reads back what the service stored, `rivals` trains the forests, `rules` weighs otherwise,
`figures` compares.
"""

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from msgspec.structs import replace
from rich.progress import Progress

from benchmarks.committee.figures import rows_of
from benchmarks.committee.stream import STREAMS, Stream, played
from benchmarks.report import BenchError, Row
from benchmarks.run import Workload

_MEAN = "committee.mean.minus_retrained"


def measure(workload: Workload, *, names: Sequence[str] = tuple(STREAMS)) -> list[Row]:
    """Play the streams, two at a time; with ``full`` at the scenarios' own sizes, with ``quick`` a tiny one.

    Raises:
        BenchError: A data set is missing, or a stream could not be played.
    """
    if workload.quick:
        names = names[:1]
    rows: dict[str, list[Row]] = {}
    with (
        Progress(transient=True) as progress,
        ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool,
    ):
        task = progress.add_task("streams", total=len(names))
        running = {pool.submit(_measured, STREAMS[name], workload): name for name in names}
        for done in as_completed(running):
            rows[running[done]] = done.result()
            progress.update(task, advance=1, description=f"{running[done]} is done")
    out = [row for name in names for row in rows[name]]
    against = [row.value for row in out if row.id.endswith(".minus_retrained") and row.value is not None]
    if not against:
        raise BenchError("there was nothing to hold the blend against")
    return [Row(_MEAN, sum(against) / len(against), "", "higher"), *out]


def _measured(stream: Stream, workload: Workload) -> list[Row]:
    if workload.quick:
        stream = replace(stream, homes=8, days=8.0)
    return rows_of(stream, played(stream, workload), workload.seed)
