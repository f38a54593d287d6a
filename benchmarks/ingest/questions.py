"""The questions of the ingest benchmark, in their order.

How fast is the service with its whole committee beside a plain service that does the same with River alone; how near
does it come to a handler that only decodes; what is left of a framework's empty POST when every single reading is
scored and and on the disk before it is answered; and does any of it get worse as fleet and log grow?
"""

import contextlib
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from rich.progress import Progress

from benchmarks.ingest.bodies import Part, Source
from benchmarks.ingest.contest import Contestant, Scores, bare, contest, fresh, stateless
from benchmarks.ingest.cores import Cores, move
from benchmarks.ingest.flat import flatness
from benchmarks.ingest.warm import Served, copy_of, prepare
from benchmarks.peers.process import BareRiver, Peer
from benchmarks.report import Row
from benchmarks.workload import Workload
from service.storage.event_log import SqliteEventLog

_GROWN = 15_000  # readings that a forest has learned before it is measured
_HOMES, _CROWD = 90, 9_200  # about a thousand devices, and a hundred thousand


def measure(
    workload: Workload, *, warm: int = 100_000, rounds: int = 5, round_s: float = 0.4, many: int = 500_000,
    crowd: int = _CROWD,
) -> list[Row]:  # fmt: skip
    """Measure the service, its peers and the wire.

    Args:
        workload: ``full`` means four times the rounds, and ten times as many readings for the flatness; ``quick`` a
            single short round in small fleets.
        warm: Readings before anything is measured.
        rounds: Turns of each contestant.
        round_s: How long a turn takes, in seconds.
        many: Readings after which their cost is compared with that at the start.
        crowd: Homes of the large fleet.
    """
    if workload.full:
        rounds, many = 4 * rounds, 10 * many
    if workload.quick:
        warm, rounds, round_s, many, crowd = 40_000, 1, 0.05, 30_000, 100
    cores = Cores()
    source = Source(_HOMES, 3 * warm + 2 * many + int(rounds * round_s * 1_500_000), workload.seed, failure_rate=2.0)
    with (
        Progress(transient=True) as progress,
        tempfile.TemporaryDirectory(prefix="hearthbeat-bench-", ignore_cleanup_errors=True) as name,
        contextlib.ExitStack() as stack,
    ):
        steps = progress.add_task("training the baseline, learning until all members may vote", total=5)

        def step(what: str) -> None:
            progress.update(steps, advance=1, description=what)

        folder = Path(name) / "prepared"
        prepare(folder, cores, source, warm)
        step("starting the service and its peers")
        sample = source.take(10_000, 100, 1)
        served = stack.enter_context(copy_of(folder, "served", cores))
        field = _Field(stack, sample, Path(name), _GROWN // 15 if workload.quick else _GROWN)
        served.wait_ready()
        field.wait(cores)
        step("single readings, hundreds, thousands")
        ones, hundreds, thousands = field.contests(cores, served, source, rounds, round_s)
        rows = _rows(ones, hundreds, thousands)
        rows.append(Row("ingest.disk.commit_ms", commit_ms(Path(name)), "ms", "lower"))
        step("a hundred thousand devices, and many readings")
        rows += flatness(
            folder, cores, served, source, readings=many, homes=crowd, rounds=rounds, round_s=round_s,
            seed=workload.seed,
        )  # fmt: skip
    return rows


def commit_ms(folder: Path, commits: int = 40) -> float:
    """What the disk takes to make 50 kB durable, in the service's own log: the median of some commits, in ms."""
    log = SqliteEventLog(folder / "disk.db")
    times = []
    for _ in range(commits):
        began = time.perf_counter()
        log.append([bytes(50_000)])
        times.append(time.perf_counter() - began)
    log.close()
    return 1000.0 * statistics.median(times)


class _Field:
    """All peers, each a process of its own."""

    def __init__(self, stack: contextlib.ExitStack, sample: Part, folder: Path, grown: int) -> None:
        self._sample, self._grown = sample, grown
        array = b"[" + b",".join(body[1:-1] for body in sample.lanes[0]) + b"]"
        (folder / "sample.json").write_bytes(array)
        path = str(folder / "sample.json")
        self._logistic = stack.enter_context(Peer("fastapi_river", "logistic"))
        self._forest = stack.enter_context(Peer("fastapi_river", "forest"))
        self._numbers = stack.enter_context(Peer("fastapi_river", "numbers"))
        self._wire = stack.enter_context(Peer("wire"))
        self._empty = stack.enter_context(Peer("empty"))
        self._bare_logistic = stack.enter_context(BareRiver(path, "logistic"))
        self._bare_forest = stack.enter_context(BareRiver(path, "forest"))

    def wait(self, cores: Cores) -> None:
        """Wait until all of them answer, and move them to the measured core."""
        peers = (self._logistic, self._forest, self._numbers, self._wire, self._empty)
        for peer in peers:
            peer.wait()
        self._learn()
        for peer in peers:
            move(peer.pid, cores.measured)
        for loop in (self._bare_logistic, self._bare_forest):
            loop.seconds(1)
            move(loop.pid, cores.measured)

    def _learn(self) -> None:
        """Let the forests grow, side by side: one that has seen nothing yet is faster than it will ever be again."""
        stateless(self._logistic.port, self._sample, 100)(self._grown)
        grown = threading.Thread(target=self._bare_forest.seconds, args=(self._grown,))
        grown.start()
        stateless(self._forest.port, self._sample, 100)(self._grown)
        grown.join()

    def contests(
        self, cores: Cores, served: Served, source: Source, rounds: int, round_s: float
    ) -> tuple[Scores, Scores, Scores]:
        """Single readings, hundreds, and thousands at a time."""
        singles, sample, large = source.take(2_000, 1, 1), self._sample, source.take(20_000, 1_000, 1)
        ones: dict[str, Contestant] = {
            "service": fresh(served.send, source, 1),
            "empty_post": stateless(self._empty.port, singles, 1),
            "wire": stateless(self._wire.port, singles, 1),
        }
        hundreds: dict[str, Contestant] = {
            "service": fresh(served.send, source, 100),
            "peer_logistic": stateless(self._logistic.port, sample, 100),
            "peer_forest": stateless(self._forest.port, sample, 100),
            "peer_numbers": stateless(self._numbers.port, sample, 100),
            "wire": stateless(self._wire.port, sample, 100),
            "bare_logistic": bare(self._bare_logistic),
            "bare_forest": bare(self._bare_forest),
            "service_with_risks": fresh(lambda part: served.send(part, _RISKS), source, 100),
        }
        thousands: dict[str, Contestant] = {
            "service": fresh(served.send, source, 1_000),
            "wire": stateless(self._wire.port, large, 1_000),
        }
        slow = {
            "peer_logistic": 1_000,
            "peer_numbers": 1_000,
            "bare_logistic": 1_000,
            "peer_forest": 100,
            "bare_forest": 50,
        }
        return (
            contest(cores, ones, dict.fromkeys(ones, 500), rounds, round_s),
            contest(cores, hundreds, dict.fromkeys(hundreds, 5_000) | slow, rounds, round_s),
            contest(cores, thousands, dict.fromkeys(thousands, 20_000), rounds, round_s),
        )


_RISKS = "/v1/readings?risks=true"


def _rows(ones: Scores, hundreds: Scores, thousands: Scores) -> list[Row]:
    rows = [
        Row("ingest.b100.vs_peer_logistic", hundreds.ratio("service", "peer_logistic"), "times", "higher"),
        Row("ingest.b100.vs_peer_forest", hundreds.ratio("service", "peer_forest"), "times", "higher"),
        Row("ingest.b100.vs_peer_numbers", hundreds.ratio("service", "peer_numbers"), "times", "higher"),
        Row("ingest.b1000.share_of_wire", thousands.ratio("service", "wire"), "", "higher"),
        Row("ingest.b1.share_of_empty_post", ones.ratio("service", "empty_post"), "", "higher"),
    ]
    rows += _rates("ingest.b1", ones, ("empty_post", "wire"))
    peers = (
        "service_with_risks",
        "peer_logistic",
        "peer_forest",
        "peer_numbers",
        "bare_logistic",
        "bare_forest",
        "wire",
    )
    rows += _rates("ingest.b100", hundreds, peers)
    rows += _rates("ingest.b1000", thousands, ("wire",))
    busy = max(scores.busy() for scores in (ones, hundreds, thousands))
    return [*rows, Row("ingest.load.busiest_share", busy, "", "lower")]


def _rates(name: str, scores: Scores, others: Sequence[str]) -> list[Row]:
    own = Row(f"{name}.readings_per_s", scores.per_s("service"), "readings/s", "higher")
    return [own] + [
        Row(f"{name}.{other.removeprefix('service_')}.readings_per_s", scores.per_s(other), "readings/s", "higher")
        for other in others
    ]
