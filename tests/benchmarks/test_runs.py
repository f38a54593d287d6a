"""A run of all benchmarks: one that fails stops no other, what is there is kept, and nothing is left running."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from benchmarks.command import app
from benchmarks.comparison.command import compare
from benchmarks.pages import runs
from benchmarks.pages.command import report as make
from benchmarks.pages.runs import Plan
from benchmarks.report import make_report, write_report
from benchmarks.run import bench
from tests.benchmarks.results import quality

ROOT = Path(__file__).parents[2]

# What stands for a benchmark: it writes a result as `bench NAME --json FILE` does.
WRITES = "import sys; open(sys.argv[2], 'w').write(sys.argv[3].replace('NAME', sys.argv[1]))"
FAILS = "import sys; print('some talk'); print('error: there are no data', file=sys.stderr); sys.exit(2)"
DAMAGES = "import sys; open(sys.argv[2], 'w').write('{')"
HANGS = "import time; time.sleep(600)"
COUNTS = (
    "import os, sys; folder = os.environ['HEARTHBEAT_BENCH_KEPT']; there = len(os.listdir(folder)); "
    "open(f'{folder}/{sys.argv[1]}', 'w').close(); print(f'error: there were {there}'); "
)


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What runs in a benchmark's place, by name."""
    chosen: dict[str, str] = {}
    result = msgspec.json.encode(make_report("NAME", 1, [quality("NAME.x", 0.5)], size="quick")).decode()

    def command(self: Plan, name: str, file: Path) -> list[str]:
        return [sys.executable, "-c", chosen.get(name, WRITES), name, str(file), result]

    monkeypatch.setattr(Plan, "command", command)
    return chosen


def _make(out: Path, *, resume: bool = False, only: tuple[str, ...] = ("latency", "memory", "scoring")) -> int:
    try:
        make(out=out, quick=True, only=list(only), resume=resume)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_all_that_run_are_in_the_page(
    tmp_path: Path, scripts: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """In the order of the page, each with a line of progress; it ends with 0."""
    assert 0 == _make(tmp_path / "out")

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in lines[:3]] == [["[1/3]", "scoring"], ["[2/3]", "latency"], ["[3/3]", "memory"]]
    assert lines[-2:] == [str(tmp_path / "out" / name) for name in ("report.html", "report.md")]
    page = (tmp_path / "out" / "report.html").read_text()
    assert all(f"{name}.x" in page for name in ("latency", "memory", "scoring"))
    assert "smoke run" in page
    assert sorted(path.name for path in (tmp_path / "out" / "results").iterdir()) == [
        "latency.json", "memory.json", "scoring.json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("script", "told"), [(FAILS, "ended with status 2: there are no data"), (DAMAGES, "is not a benchmark's report")]
)
def test_one_that_fails_stops_no_other(script: str, told: str, tmp_path: Path, scripts: dict[str, str]) -> None:
    """The page says which and why, what it said is kept, and the command ends with 1."""
    scripts["latency"] = script

    assert 1 == _make(tmp_path)

    page = (tmp_path / "report.html").read_text()
    assert "Without a result: latency (" in page
    assert told in page.replace("&#x27;", "'")
    assert "memory.x" in page
    assert (tmp_path / "logs" / "latency.log").is_file()
    assert [run.error is None for run in runs.read_runs(tmp_path)] == [True, False, True]


def test_one_that_does_not_end_is_ended(
    tmp_path: Path, scripts: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its time, and told of as another that fails."""
    scripts["latency"] = HANGS
    monkeypatch.setitem(runs.LONGEST_S, "quick", 0.5)

    assert 2 == _make(tmp_path, only=("latency",))
    (run,) = runs.read_runs(tmp_path)
    assert run.error == "did not end within 0.5 s"


def test_resume_keeps_what_is_of_the_same_thing(tmp_path: Path, scripts: dict[str, str]) -> None:
    """And runs what failed, what is missing, and what is of another seed."""
    scripts["latency"] = FAILS
    assert 1 == _make(tmp_path)
    other = make_report("memory", 2, [quality("memory.other", 0.5)], size="quick")
    write_report(other, tmp_path / "results" / "memory.json")
    kept = (tmp_path / "results" / "scoring.json").stat().st_mtime_ns
    del scripts["latency"]

    assert 0 == _make(tmp_path, resume=True)

    assert (tmp_path / "results" / "scoring.json").stat().st_mtime_ns == kept
    page = (tmp_path / "report.html").read_text()
    assert "Without a result" not in page
    assert "memory.x" in page
    assert "memory.other" not in page


def test_what_several_need_is_kept_until_all_have_ended(tmp_path: Path, scripts: dict[str, str]) -> None:
    """In a folder that the next finds, and that is gone in the end."""
    for name in ("latency", "memory", "scoring"):
        scripts[name] = COUNTS + WRITES
    assert 0 == _make(tmp_path)

    said = [(tmp_path / "logs" / f"{name}.log").read_text() for name in ("scoring", "latency", "memory")]
    assert said == [f"error: there were {n}\n" for n in range(3)]
    assert list(tmp_path.glob(".kept-*")) == []


def test_without_resume_an_old_result_is_not_taken_for_a_new_one(tmp_path: Path, scripts: dict[str, str]) -> None:
    """A benchmark that fails has no result, though it had one before."""
    assert 0 == _make(tmp_path)
    scripts["latency"] = FAILS

    assert 1 == _make(tmp_path)
    assert "latency.x" not in (tmp_path / "report.html").read_text()


def test_when_it_is_stopped_the_benchmark_is_stopped(tmp_path: Path) -> None:
    """SIGTERM ends what was started, its children and all; what was measured before stays."""
    mark = tmp_path / "pid"
    hangs = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid()) + chr(10)); time.sleep(600)"
    code = (
        "import sys\nfrom pathlib import Path\nfrom benchmarks.pages.runs import Plan\n"
        "from benchmarks.pages.command import report\n"
        f"Plan.command = lambda self, name, file: [sys.executable, '-c', {hangs!r}]\n"
        f"report(out=Path({str(tmp_path / 'out')!r}), only=['latency'])\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60.0
    while not (mark.exists() and mark.read_text().endswith("\n")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)

    assert 128 + signal.SIGTERM == process.wait(60.0)
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"full": True, "quick": True}, "--full and --quick exclude each other"),
        ({"only": ["speed"]}, "there is no benchmark 'speed'"),
        ({"seed": -1}, "--seed must not be negative"),
        ({"from_": ROOT, "full": True}, "--from runs nothing"),
    ],
)
def test_what_cannot_be_is_told_at_once(
    options: dict[str, object], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ends with 2, and nothing has run."""
    with pytest.raises(SystemExit) as ended:
        make(out=tmp_path / "out", **options)  # type: ignore[arg-type]  # options of several types

    assert ended.value.code == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_plan_starts_the_command() -> None:
    """With size, seed and data."""
    plan = Plan(out=Path("o"), names=["latency"], size="full", seed=3, data=Path("d"))

    assert plan.command("latency", Path("f"))[1:] == [
        "-m", "service", "bench", "latency", "--seed", "3", "--json", "f", "--full", "--data", "d",
    ]  # fmt: skip


def test_report_and_compare_are_no_benchmarks() -> None:
    """They are commands of their own beside the names."""
    for line, told in (("report --out o", make), ("compare a.json b.json", compare), ("scoring --quick", bench)):
        command, _, _ = app.parse_args(line.split(), exit_on_error=False, print_error=False)
        assert command is told
