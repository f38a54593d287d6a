"""Real: the comparison of online and batch on sets that nobody simulated for it, or on a table of one's own.

    FD001, Backblaze, own table    through a real service over HTTP, labels a horizon and its grace late
    Elec2                          labels known at once, so that figures can be held against published ones
    AI4I 2020                      no time: cross-validated, as it is in the literature

The last two have neither devices nor delays, which a service is about; there the committee's parts are called directly
(`benchmarks.prequential.alone`). Nothing is tuned to any of these sets: all settings are the defaults.
"""

from msgspec.structs import replace

from benchmarks.prequential.contest import contest, rows_of
from benchmarks.prequential.kept import kept
from benchmarks.prequential.pool import mean_of, side_by_side
from benchmarks.prequential.rivals import check_lightgbm
from benchmarks.prequential.stream import STREAMS, Stream, every_us, played
from benchmarks.real.own import stream_of
from benchmarks.real.sets import AI4I, ELEC2, ai4i_rows, elec2_rows
from benchmarks.report import Row
from benchmarks.workload import Workload

_QUICK_ROWS = 3_000


def measure(workload: Workload) -> list[Row]:
    """Compare on the four sets, two at a time, or on the table that the workload names.

    Raises:
        BenchError: A data set or LightGBM is missing, a table cannot be used, or a stream could not be played.
    """
    check_lightgbm()
    if workload.table is not None:
        return stream_rows(stream_of(workload.table, quick=workload.quick), workload)
    fd001, backblaze = STREAMS["fd001"], STREAMS["backblaze"]
    parts = [stream.table for stream in (fd001, backblaze) if isinstance(stream.table, tuple)]
    for part in (*parts, ELEC2, AI4I):  # before minutes have gone by
        workload.data_set(*part)
    if workload.quick:
        fd001 = replace(fd001, limit_rows=_QUICK_ROWS)
    with kept(workload, baseline=False):
        rows = side_by_side(
            {"fd001": (stream_rows, (fd001, workload))}
            | ({} if workload.quick else {"backblaze": (stream_rows, (backblaze, workload))})
            | {"elec2": (elec2_rows, (workload,)), "ai4i": (ai4i_rows, (workload,))}
        )
    return [Row("real.mean.minus_retrained", mean_of(rows, ".minus_retrained"), "", "higher"), *rows]


def stream_rows(stream: Stream, workload: Workload) -> list[Row]:
    """All figures of a table that is played through a service."""
    result = played(stream, workload)
    held = contest(result, every_us(stream, result), workload.seed, table=True)
    return rows_of(f"real.{stream.name}", held, workload.seed)
