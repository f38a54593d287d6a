"""The command ``bench``: the list, the errors, and the form of the results."""

import json
import re
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from benchmarks.questions import BENCHMARKS
from benchmarks.report import Row, make_report
from benchmarks.run import bench
from benchmarks.workload import Workload

ROOT = Path(__file__).parents[2]


def _fails(capsys: pytest.CaptureFixture[str], name: str, **options: Path | int | str) -> str:
    """Run a benchmark that cannot be run; returns the one line on stderr."""
    with pytest.raises(SystemExit) as ended:
        bench(name, **options)  # type: ignore[arg-type]  # options of several types
    assert ended.value.code == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return line


def _never(_: Workload) -> list[Row]:
    raise AssertionError("the benchmark ran")


def test_without_a_name_all_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """One line each, with the question."""
    bench()

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(BENCHMARKS)
    assert all("?" in line for line in lines)


def test_every_benchmark_has_its_file() -> None:
    """One file or folder a question, and no question without a place in the list."""
    common = {
        "__init__",
        "batch",
        "command",
        "comparison",
        "crash",
        "crowd",
        "markdown",
        "pages",
        "peers",
        "plot",
        "prequential",
        "processes",
        "questions",
        "repeated",
        "report",
        "run",
        "server",
        "steps",
        "workload",
    }
    found = [*(ROOT / "benchmarks").glob("*.py"), *(path.parent for path in ROOT.glob("benchmarks/*/__init__.py"))]
    files = {path.stem for path in found}

    assert files - common == {name.replace("-", "_") for name in BENCHMARKS}


def test_an_unknown_name_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The error names those that there are."""
    there = ", ".join(BENCHMARKS)

    assert _fails(capsys, "speed") == f"error: there is no benchmark 'speed'; there are {there}"


def test_only_real_takes_a_table(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Others refuse a table, a mapping and a horizon, and say who takes them."""
    table, mapping = tmp_path / "t.csv", tmp_path / "m.toml"

    assert _fails(capsys, "scoring", file=table) == "error: scoring takes no FILE; only real does"
    assert _fails(capsys, "scoring", map=mapping) == "error: scoring takes no --map; only real does"
    assert _fails(capsys, "fd001", horizon="7d") == "error: fd001 takes no --horizon; only real does"


def test_a_table_needs_its_mapping_and_its_horizon(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The error names what is absent."""
    table, mapping = tmp_path / "t.csv", tmp_path / "m.toml"

    assert "a FILE without --map" in _fails(capsys, "real", file=table, horizon="7d")
    assert "a FILE without --horizon" in _fails(capsys, "real", file=table, map=mapping)
    assert "--map without a FILE" in _fails(capsys, "real", map=mapping, horizon="7d")


def test_points_of_curves_are_for_programs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They stand in the JSON, and not in what people read."""
    rows = [Row("scoring.a.speedup", 1.5, "times", "higher"), Row("scoring.a.curve.0.pr_auc", 0.5, "", "higher")]
    monkeypatch.setattr("benchmarks.scoring.measure", lambda _: rows)
    data, page, picture = (tmp_path / name for name in ("results.json", "results.md", "results.svg"))

    bench("scoring", json=data, markdown=page, plot=picture)

    assert "scoring.a.curve.0.pr_auc" in data.read_text()
    for text in (page.read_text(), picture.read_text(), capsys.readouterr().out):
        assert "scoring.a.speedup" in text
        assert "curve" not in text


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


@pytest.mark.parametrize("flag", ["json", "markdown", "html", "plot"])
def test_a_missing_folder_for_the_results_is_told_at_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flag: str
) -> None:
    """Nobody waits for minutes to learn that the results cannot be written."""
    monkeypatch.setattr("benchmarks.scoring.measure", _never)
    path = tmp_path / "no" / "results.png"

    assert _fails(capsys, "scoring", **{flag: path}) == f"error: --{flag} {path}: there is no folder {path.parent}"
    assert _fails(capsys, "scoring", **{flag: tmp_path}) == f"error: --{flag} {tmp_path}: this is a folder, not a file"


def test_a_picture_of_no_known_kind_is_told_at_once(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The suffix is looked at before the benchmark runs."""
    monkeypatch.setattr("benchmarks.scoring.measure", _never)
    path = tmp_path / "results.gif"

    assert _fails(capsys, "scoring", plot=path) == f"error: --plot {path}: the name of a picture ends with .png or .svg"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("flag", ["json", "markdown", "html", "plot"])
def test_a_file_that_cannot_be_written_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flag: str
) -> None:
    """One line, whichever form of the results it is."""
    monkeypatch.setattr("benchmarks.scoring.measure", lambda _: [Row("scoring.a.speedup", 1.5, "times", "higher")])
    path = tmp_path / "results.png"
    path.symlink_to(tmp_path / "no" / "results.png")

    assert _fails(capsys, "scoring", **{flag: path}) == f"error: {path} cannot be written: No such file or directory"


def test_a_page_and_a_picture_are_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the file for programs, and with the same rows."""
    rows = [Row("scoring.a.speedup", 1.5, "times", "higher"), Row("scoring.a.rows_per_s", 2500.0, "rows/s", "higher")]
    monkeypatch.setattr("benchmarks.scoring.measure", lambda _: rows)
    data, page, picture = (tmp_path / name for name in ("results.json", "results.md", "results.svg"))

    bench("scoring", full=True, json=data, markdown=page, plot=picture, seed=7)

    texts = [path.read_text() for path in (data, page, picture)] + [capsys.readouterr().out]
    assert all(row.id in text for row in rows for text in texts)
    assert all(value in text for value in ("1.5", "2,500") for text in texts[1:])
    assert "hearthbeat bench scoring --full --seed 7" in texts[1]


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
    assert list(results) == [
        "name",
        "version",
        "commit",
        "machine",
        "seed",
        "rows",
        "size",
        "arguments",
        "measured",
        "packages",
    ]
    assert list(results["machine"]) == ["cpu", "cores", "memory_gb", "python"]
    assert (results["name"], results["seed"], results["commit"], results["size"]) == ("scoring", 7, _head(), "full")
    assert results["rows"] == [
        {"id": "scoring.a.speedup", "value": 1.5, "unit": "times", "better": "higher"},
        {"id": "scoring.a.loss", "value": None, "unit": "", "better": "lower"},
    ]
    assert results["packages"]["river"] == metadata.version("river")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", results["measured"])
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
