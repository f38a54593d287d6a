"""The pool: rows in order, and nothing left running however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.prequential import pool
from benchmarks.prequential.pool import side_by_side
from benchmarks.report import BenchError
from tests.benchmarks.prequential import pieces

ROOT = Path(__file__).parents[3]
BENCH = (
    "import sys, types\nfrom benchmarks import run\nfrom tests.benchmarks.prequential import pieces\n"
    "run.BENCHMARKS = {'fake': 'Is anything left?'}\nfake = types.ModuleType('benchmarks.fake')\n"
    "fake.measure = lambda workload: pieces.bench_of(sys.argv[1])\nsys.modules['benchmarks.fake'] = fake\n"
    "run.bench('fake')\n"
)
"""``hearthbeat bench fake``, a benchmark of three pieces that do not end by themselves."""


def _gone(*pids: int) -> bool:
    for pid in pids:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            continue
        return False
    return True


def _pids(*files: Path) -> list[int]:
    return [int(word) for file in files for word in file.read_text().split()]


def test_rows_are_in_the_order_given() -> None:
    """Of more pieces than run at a time, whichever ends first; a piece may have none."""
    work: dict[str, pool.Piece] = {
        name: (pieces.counted, (name, rows)) for name, rows in zip("bac", (2, 0, 1), strict=True)
    }

    assert ["b.0", "b.1", "c.0"] == [row.id for row in side_by_side(work)]
    assert [] == side_by_side({})


def test_one_that_fails_stops_the_others(tmp_path: Path) -> None:
    """In order; its error is ours, and what has not begun does not begin."""
    work: dict[str, pool.Piece] = {
        "a": (pieces.serves, (tmp_path, "a")),
        "b": (pieces.fails, (tmp_path, "a")),
        "c": (pieces.serves, (tmp_path, "c")),
    }

    with pytest.raises(BenchError, match=r"^there are no data$"):
        side_by_side(work)

    assert ["a", "a.stopped"] == sorted(path.name for path in tmp_path.iterdir())
    assert _gone(*_pids(tmp_path / "a"))


def test_one_that_does_not_end_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time, so that the end of the others is told."""
    monkeypatch.setattr(pool, "_UNWIND_S", 0.1)

    with pytest.raises(BenchError, match=r"^there are no data$"):
        side_by_side({"a": (pieces.stubborn, (tmp_path, "a")), "b": (pieces.fails, (tmp_path, "a"))})

    assert _gone(*_pids(tmp_path / "a"))


def test_one_that_vanishes_is_told() -> None:
    """With the status that it left."""
    with pytest.raises(BenchError, match=r"^a has ended with status 7$"):
        side_by_side({"a": (pieces.vanishes, ())})


@pytest.mark.parametrize(
    ("number", "group", "status"),
    [(signal.SIGTERM, False, 143), (signal.SIGTERM, True, 143), (signal.SIGINT, True, 130)],
    ids=["told to end", "the whole group told to end", "Ctrl-C"],
)
def test_a_benchmark_that_is_stopped_leaves_nothing(
    number: signal.Signals, group: bool, status: int, tmp_path: Path
) -> None:
    """Both pieces that run stop what they started, which no signal reaches, and the third does not begin."""
    process = subprocess.Popen(
        [sys.executable, "-c", BENCH, str(tmp_path)], cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL
    )
    try:
        pieces.wait_for(tmp_path / "a", tmp_path / "b")
        if group:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        ended = process.wait(pieces.PATIENCE_S)
    finally:
        process.kill()
        process.wait()

    assert status == ended
    assert ["a", "a.stopped", "b", "b.stopped"] == sorted(path.name for path in tmp_path.iterdir())
    assert _gone(*_pids(tmp_path / "a", tmp_path / "b"))
