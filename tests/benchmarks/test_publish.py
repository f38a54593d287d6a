"""``bench publish``: results, their report and the headline of a page belong together, and can be made again."""

import re
from pathlib import Path

import pytest
from msgspec import structs

from benchmarks.pages.publish import BEGIN, END, publish
from benchmarks.report import Row, read_report
from tests.benchmarks.results import drifting, quality, report, written

REAL = report(
    "real",
    *(quality(f"real.fd001.{model}.pr_auc", 0.3) for model in ("committee", "retrained_forest", "frozen")),
    quality("real.fd001.minus_retrained", 0.0123456789),
)


def _readme(folder: Path, text: str = f"# A page\n\n{BEGIN}\nold\n{END}\n\nThe rest.\n") -> Path:
    path = folder / "README.md"
    path.write_text(text)
    return path


def _publish(results: Path, folder: Path) -> int:
    try:
        publish(from_=results, report=folder / "docs" / "report", readme=folder / "README.md")
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_the_headline_is_written_between_its_marks(tmp_path: Path) -> None:
    """The verdict, a table with a row a stream, when and of what it was measured, where the whole report is."""
    results = written(tmp_path / "results", drifting(), REAL)
    readme = _readme(tmp_path)

    assert 0 == _publish(results, tmp_path)

    text = readme.read_text()
    assert text.startswith(f"# A page\n\n{BEGIN}\n")
    assert text.endswith(f"\n{END}\n\nThe rest.\n")
    assert "\nold\n" not in text
    assert "Yes: without anybody training it" in text
    assert re.search(r"^\| Firmware update \| \*\*0\.890\*\* \|.*\|", text, re.MULTILINE)
    assert re.search(r"^\| NASA's turbofans \(FD001\) \|.*\| \*\*0\.300\*\* \| \+0\.012 \|", text, re.MULTILINE)
    assert "Measured on 2026-07-04 with version 1.2.3, 0123456789ab; on Some CPU, 2 cores" in text
    assert "[The whole report](docs/report/README.md)" in text


def test_all_that_is_kept_lies_together(tmp_path: Path) -> None:
    """The page, its pictures, the same as one file, the figures, a row a line; of an earlier one nothing is left."""
    folder = tmp_path / "docs" / "report"
    (folder / "results").mkdir(parents=True)
    (folder / "results" / "latency.json").write_text("{}")
    _readme(tmp_path)

    assert 0 == _publish(written(tmp_path / "results", drifting(), REAL), tmp_path)

    assert ["online-vs-batch.json", "real.json"] == sorted(path.name for path in (folder / "results").iterdir())
    assert ["README.md", "plots", "report.html", "results", "runs.json"] == sorted(
        path.name for path in folder.iterdir()
    )
    page = (folder / "README.md").read_text()
    assert all((folder / path).is_file() for path in re.findall(r"\]\((plots/[^)]+)\)", page))
    assert "online_vs_batch.firmware.committee.pr_auc" not in page
    kept = read_report(folder / "results" / "real.json")
    assert [row.value for row in kept.rows] == [0.3, 0.3, 0.3, 0.012346]
    assert structs.replace(REAL, rows=[]) == structs.replace(kept, rows=[])
    lines = (folder / "results" / "real.json").read_text().splitlines()
    assert '{"id":"real.fd001.committee.pr_auc","value":0.3,"unit":"","better":"higher"},' == lines[1]


def test_it_can_be_made_again_of_what_it_left(tmp_path: Path) -> None:
    """To the byte."""
    _readme(tmp_path)
    _publish(written(tmp_path / "results", drifting(), REAL), tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    assert 0 == _publish(tmp_path / "docs" / "report", tmp_path)

    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


@pytest.mark.parametrize("text", ["", f"{BEGIN}\n", f"{END}\n{BEGIN}\n", f"{BEGIN}\n{END}\n{BEGIN}\n{END}\n"])
def test_a_page_without_marks_is_left_alone(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It ends with 2, says which lines it needs, and writes nothing."""
    readme = _readme(tmp_path, text)

    assert 2 == _publish(written(tmp_path / "results", drifting()), tmp_path)

    assert BEGIN in capsys.readouterr().err
    assert text == readme.read_text()
    assert not (tmp_path / "docs").exists()


def test_what_says_nothing_is_not_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Results of a smoke run, results without models that compete, and files that are none."""
    _readme(tmp_path)
    smoke = written(tmp_path / "smoke", structs.replace(drifting(), size="quick"))
    other = written(tmp_path / "other", report("latency", Row("latency.p99_loaded_ms", 28.0, "ms", "lower")))
    broken = written(tmp_path / "broken", drifting())
    (broken / "real.json").write_text("{")

    for folder, told in ((smoke, "smoke run"), (other, "no headline"), (broken, "is not a benchmark's report")):
        assert 2 == _publish(folder, tmp_path)
        assert told in capsys.readouterr().err
    assert not (tmp_path / "docs").exists()
