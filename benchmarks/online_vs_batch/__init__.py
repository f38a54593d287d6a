"""Online against batch: what is it worth to learn all the time, with labels that come as late as in life?

Each stream goes over HTTP to a real service in lock-step. On the same examples, judged by the risks as they were given,
stand side by side

- ``committee``: the blend as answered, and each member alone;
- ``frozen``: a RandomForest of 10,000 examples that never learns again: on scenarios the service's baseline, on real
  sets one trained on the first examples whose labels became final;
- ``retrained_forest`` and ``retrained_lightgbm``: trained anew every day on all labels that are final by then;
- ``prior``: the base rate and nothing else.

`benchmarks.prequential` plays, asks and judges; `drift` adds what a drift did.
"""

from msgspec.structs import replace

from benchmarks.online_vs_batch.drift import begins_rows, drift_rows
from benchmarks.prequential.contest import contest, rows_of
from benchmarks.prequential.kept import kept
from benchmarks.prequential.pool import mean_of, side_by_side
from benchmarks.prequential.rivals import check_lightgbm
from benchmarks.prequential.stream import STREAMS, Stream, every_us, played
from benchmarks.report import Row
from benchmarks.workload import Workload

NAME = "online_vs_batch"
_QUICK = (
    replace(STREAMS["stationary"], homes=6, days=6.0),
    replace(STREAMS["firmware"], homes=6, days=9.0),
)


def measure(workload: Workload) -> list[Row]:
    """Play the streams, two at a time; with ``full`` at the scenarios' own sizes, with ``quick`` two tiny ones.

    Raises:
        BenchError: A data set or LightGBM is missing, or a stream could not be played.
    """
    check_lightgbm()
    streams = _streams(workload)
    with kept(workload) as given:
        rows = side_by_side({stream.name: (stream_rows, (stream, given)) for stream in streams})
    return [Row(f"{NAME}.mean.minus_retrained", mean_of(rows, ".minus_retrained"), "", "higher"), *rows]


def stream_rows(stream: Stream, workload: Workload) -> list[Row]:
    """All figures of a stream."""
    name = f"{NAME}.{stream.name}"
    result = played(stream, workload)
    held = contest(result, every_us(stream, result), workload.seed, table=stream.table is not None)
    rows = rows_of(name, held, workload.seed)
    if stream.event_from is not None and stream.event_until is not None:
        rows += begins_rows(f"{name}.event", stream.event_from, stream.event_until, result)
    if stream.drift_from is not None and stream.drift_until is not None:
        rows += drift_rows(name, stream.drift_from, stream.drift_until, held, workload.seed)
    return rows


def _streams(workload: Workload) -> list[Stream]:
    if workload.quick:
        return list(_QUICK)
    for stream in STREAMS.values():  # before minutes have gone by
        if isinstance(stream.table, tuple):
            workload.data_set(*stream.table)
    return list(STREAMS.values())
