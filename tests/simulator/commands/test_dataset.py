"""The command line of data sets: what it says, what it refuses, how it ends."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.arrays import DAY_S, HOUR_S, SECOND
from simulator.commands.dataset import app, dataset, make_dataset
from simulator.dataset import Sampling
from simulator.samples.panel import plan_panel
from simulator.samples.samples import Samples

PANEL = plan_panel(40, horizon_us=6 * HOUR_S * SECOND, per_home_type=True, year_s=3 * DAY_S, homes=16)


def test_it_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line on stdout, no bar where there is no terminal."""
    make_dataset(tmp_path / "f.csv", PANEL, 1)
    out, err = capsys.readouterr()

    assert out.startswith(f"{tmp_path}/f.csv: 320 samples of 16 homes, ")
    assert err == ""
    assert len((tmp_path / "f.csv").read_text().splitlines()) == 321


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_same_seed_same_bytes(tmp_path: Path, suffix: str) -> None:
    """Whatever the block size."""
    for name, step_s in (("one", HOUR_S), ("two", 7 * HOUR_S), ("three", 3 * DAY_S)):
        make_dataset(tmp_path / f"{name}.{suffix}", PANEL, 1, step_s=step_s)

    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "f.txt"], "f.txt must end with .parquet or .csv"),
        (["--out", "gone/f.csv"], "cannot write gone/f.csv: there is no folder gone"),
        (["--out", "f.csv", "--samples", "0"], "a data set has 100 to 20,000,000 samples, not 0"),
        (["--out", "f.csv", "--samples", "99999999999"], "samples, not 99,999,999,999"),
        (["--out", "f.csv", "--samples", "500", "--per-home-type", "50"], "either --samples or --per-home-type"),
        (["--out", "f.csv", "--per-home-type", "0"], "a data set has 100 to 20,000,000 samples, not 0"),
        (["--out", "f.csv", "--seed", "-1"], "--seed must not be negative, not -1"),
        (["--out", "f.csv", "--horizon", "soon"], "'soon' is no duration"),
        (["--out", "f.csv", "--horizon", "400d"], "a horizon is one minute to 90 days"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    tmp_path: Path, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, the reason on stderr, and nothing is left behind."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SystemExit) as stop:
        app(arguments, exit_on_error=False)

    out, err = capsys.readouterr()
    assert stop.value.code == 2
    assert said in err
    assert len(err.splitlines()) == 1
    assert out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def _heeded() -> Iterator[None]:
    """SIGHUP ends a process, even where the tests themselves were started by nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("_heeded")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_leaves_nothing(
    tmp_path: Path, number: signal.Signals, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the midst of writing, the file that was begun is taken away, and signals do again what they did."""
    before = signal.getsignal(number)
    whole = Sampling.batches
    seen: list[str] = []

    def interrupted(self: Sampling) -> Iterator[Samples]:
        yield from whole(self)
        seen.extend(path.name for path in tmp_path.iterdir())
        signal.raise_signal(number)

    monkeypatch.setattr(Sampling, "batches", lambda self, passed: interrupted(self))
    monkeypatch.setattr("simulator.commands.dataset.plan_panel", lambda *args, **kwargs: PANEL)

    with pytest.raises(SystemExit) as stop:
        dataset(out=tmp_path / "f.csv")

    assert stop.value.code == status
    assert len(seen) == 1
    assert seen[0].endswith(".part")
    assert list(tmp_path.iterdir()) == []
    assert signal.getsignal(number) is before


def test_under_nohup_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SIGHUP that is ignored stays so."""
    whole = Sampling.batches

    def hung_up(self: Sampling) -> Iterator[Samples]:
        yield from whole(self)
        signal.raise_signal(signal.SIGHUP)

    monkeypatch.setattr(Sampling, "batches", lambda self, passed: hung_up(self))
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        make_dataset(tmp_path / "f.csv", PANEL, 1)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)

    assert [path.name for path in tmp_path.iterdir()] == ["f.csv"]


def test_help_loads_nothing_heavy() -> None:
    """The command is known before pandas, pyarrow and matplotlib are."""
    code = (
        "import sys, simulator.commands.dataset\n"
        "print([name for name in ('pandas', 'pyarrow', 'matplotlib') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "[]"
