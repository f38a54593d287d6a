"""Committee: does the blend do as well as its best member, as a forest retrained all the time, and after a drift?

Each stream goes over HTTP to a real service in lock-step, with the same settings for all. The blend is held against

- each of its members, over the whole stream, with a paired bootstrap over devices;
- other rules to weigh the same risks by: equal weights, a softmax of losses, a champion alone;
- a RandomForest *retrained* every day on all labels that are final by then;
- after a drift, an *oracle*: a RandomForest trained on what came after the drift, of other devices.

`benchmarks.prequential` plays the streams and trains the forests, `rules` weighs otherwise, `figures`
compares.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from benchmarks.committee.figures import rows_of
from benchmarks.prequential.kept import kept
from benchmarks.prequential.pool import mean_of, side_by_side
from benchmarks.prequential.stream import STREAMS, Stream, played
from benchmarks.report import BenchError, Row
from benchmarks.workload import Workload

NAMES = (
    "stationary", "firmware", "new_failure_mode", "gradual", "seasonal", "label_outage", "fd001", "backblaze",
)  # fmt: skip
_MEAN = "committee.mean.minus_retrained"


def measure(workload: Workload, *, names: Sequence[str] = NAMES) -> list[Row]:
    """Play the streams, two at a time; with ``full`` at the scenarios' own sizes, with ``quick`` a tiny one.

    Raises:
        BenchError: A data set is missing, or a stream could not be played.
    """
    if workload.quick:
        names = names[:1]
    with kept(workload) as given:
        rows = side_by_side({name: (_measured, (STREAMS[name], given)) for name in names})
    mean = mean_of(rows, ".minus_retrained")
    if mean is None:
        raise BenchError("there was nothing to hold the blend against")
    return [Row(_MEAN, mean, "", "higher"), *rows]


def _measured(stream: Stream, workload: Workload) -> list[Row]:
    if workload.quick:
        stream = replace(stream, homes=6, days=6.0)
    return rows_of(stream, played(stream, workload), workload.seed)
