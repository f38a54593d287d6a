"""The command ``bench``: the list, the errors, and the form of the results."""

import json
import subprocess
from pathlib import Path

import pytest

from benchmarks.report import Row, make_report
from benchmarks.run import BENCHMARKS, Workload, bench

ROOT = Path(__file__).parents[2]


def _fails(capsys: pytest.CaptureFixture[str], name: str, **options: Path | int) -> str:
    """Run a benchmark that cannot be run; returns the one line on stderr."""
    with pytest.raises(SystemExit) as ended:
        bench(name, **options)  # type: ignore[arg-type]  # options of several types
    assert ended.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return line


def test_without_a_name_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, with the question."""
    bench()

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(BENCHMARKS)
    assert all("?" in line for line in lines)


def test_every_benchmark_has_its_file() -> None:
    """One file or folder a question, and no question without a place in the list."""
    common = {"__init__", "crowd", "peers", "processes", "report", "run", "server"}
    found = [*(ROOT / "benchmarks").glob("*.py"), *(path.parent for path in ROOT.glob("benchmarks/*/__init__.py"))]
    files = {path.stem for path in found if not path.stem.startswith("crash_")}

    assert files - common == set(BENCHMARKS)


def test_an_unknown_name_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The error names those that there are."""
    there = ", ".join(BENCHMARKS)

    assert _fails(capsys, "speed") == f"error: there is no benchmark 'speed'; there are {there}"


def test_missing_data_are_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The error names the file and the ways to say where it is."""
    line = _fails(capsys, "fd001", data=tmp_path)

    assert line.startswith(f"error: data set {tmp_path / 'cmapss' / 'train_FD001.txt.gz'} is missing")
    assert "--data" in line
    assert "HEARTHBEAT_DATA" in line


def test_the_environment_names_the_data(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HEARTHBEAT_DATA is the folder, unless --data is given."""
    monkeypatch.setenv("HEARTHBEAT_DATA", str(tmp_path / "there"))

    assert str(tmp_path / "there") in _fails(capsys, "fd001")
    assert str(tmp_path / "here") in _fails(capsys, "fd001", data=tmp_path / "here")


def test_a_missing_folder_for_the_results_is_told_at_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Nobody waits for minutes to learn that the results cannot be written."""
    assert "there is no folder" in _fails(capsys, "scoring", json=tmp_path / "no" / "results.json")


def test_results_have_one_form(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file holds exactly the documented fields; the table holds every row."""

    def measure(workload: Workload) -> list[Row]:
        assert workload == Workload(data=Path("../shared/data"), seed=7, full=True)
        return [Row("scoring.a.speedup", 1.5, "times", "higher"), Row("scoring.a.loss", None, "", "lower")]

    monkeypatch.delenv("HEARTHBEAT_DATA", raising=False)
    monkeypatch.setattr("benchmarks.scoring.measure", measure)
    path = tmp_path / "results.json"

    bench("scoring", full=True, json=path, seed=7)

    results = json.loads(path.read_bytes())
    assert list(results) == ["name", "version", "commit", "machine", "seed", "rows"]
    assert list(results["machine"]) == ["cpu", "cores", "memory_gb", "python"]
    assert (results["name"], results["seed"], results["commit"]) == ("scoring", 7, _head())
    assert results["rows"] == [
        {"id": "scoring.a.speedup", "value": 1.5, "unit": "times", "better": "higher"},
        {"id": "scoring.a.loss", "value": None, "unit": "", "better": "lower"},
    ]
    out = capsys.readouterr().out
    assert all(row["id"] in out for row in results["rows"])


def test_an_id_stands_for_one_figure() -> None:
    """Two rows of the same id are a mistake in the benchmark."""
    row = Row("a.b", 1.0, "", "higher")

    with pytest.raises(ValueError, match="twice"):
        make_report("a", 1, [row, row])


def _head() -> str | None:
    if not (ROOT / ".git").exists():
        return None
    command = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
