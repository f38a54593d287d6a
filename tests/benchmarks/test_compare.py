"""``bench compare``: what is worse, by how much it may be, and how the command ends."""

from pathlib import Path

import pytest
from msgspec import structs

from benchmarks.comparison.command import compare
from benchmarks.comparison.compare import compared
from benchmarks.comparison.tolerances import parse_rule, tolerance_of
from benchmarks.report import BenchError, Report, Row, write_report
from tests.benchmarks.results import MACHINE, quality, report, written


def _ends(before: Path, after: Path, *, tolerance: list[str] | None = None) -> int:
    """The status with which the command ends."""
    try:
        compare(before, after, tolerance=tolerance)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def _files(folder: Path, before: Report, after: Report) -> tuple[Path, Path]:
    one, two = folder / "before.json", folder / "after.json"
    write_report(before, one)
    write_report(after, two)
    return one, two


def _verdict(before: Row, after: Row) -> str:
    (change,) = compared(report("a", before), report("a", after)).changes
    return change.verdict


@pytest.mark.parametrize(
    ("name", "unit", "better", "before", "after", "verdict"),
    [
        ("a.blend.pr_auc", "", "higher", 0.50, 0.49, "same"),
        ("a.blend.pr_auc", "", "higher", 0.50, 0.48, "worse"),
        ("a.blend.pr_auc", "", "higher", 0.50, 0.52, "better"),
        ("a.blend.log_loss", "nats", "lower", 0.10, 0.12, "worse"),
        ("a.ready_s", "s", "lower", 10.0, 12.4, "same"),
        ("a.ready_s", "s", "lower", 10.0, 12.6, "worse"),
        ("a.readings_per_s", "readings/s", "higher", 100.0, 74.0, "worse"),
        ("a.readings_per_s", "readings/s", "higher", 100.0, 126.0, "better"),
        ("a.whole_mb", "MB", "lower", 100.0, 111.0, "worse"),
        ("a.of_no_known_unit", "furlongs", "lower", 100.0, 124.0, "same"),
        ("a.examples", "examples", "higher", 100.0, 3.0, "not judged"),
        ("ingest.flatness.devices", "devices", "higher", 100.0, 3.0, "not judged"),
        ("a.blend.pr_auc.low", "", "higher", 0.5, 0.1, "not judged"),
        ("a.drift.begins", "days", "higher", 9.0, 3.0, "not judged"),
        ("a.event.through", "days", "higher", 9.0, 3.0, "not judged"),
        ("crash.lost", "", "lower", 0.0, 1.0, "worse"),
        ("a.blend.pr_auc", "", "higher", 0.5, None, "worse"),
        ("a.blend.pr_auc", "", "higher", None, 0.5, "better"),
        ("a.blend.pr_auc", "", "higher", None, None, "same"),
    ],
)
def test_a_figure_is_judged_by_its_direction_and_tolerance(
    name: str, unit: str, better: str, before: float | None, after: float | None, verdict: str
) -> None:
    """Quality by a hundredth, times and rates by a quarter, memory by a tenth; counts and bounds not at all."""
    one = Row(name, before, unit, "higher" if better == "higher" else "lower")

    assert _verdict(one, structs.replace(one, value=after)) == verdict


def test_it_ends_with_one_for_a_regression(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The row, both figures, the change and the tolerance are shown; what only one has is listed and no regression."""
    before = report("a", quality("a.blend.pr_auc", 0.5), quality("a.gone", 0.4), quality("a.still", 0.3))
    after = report("a", quality("a.blend.pr_auc", 0.25), quality("a.new", 0.6), quality("a.still", 0.3))

    assert 1 == _ends(*_files(tmp_path, before, after))

    out = capsys.readouterr().out
    lines = {line.split()[1]: line.split() for line in out.splitlines() if " a." in line and line.strip()}
    assert ["worse", "a.blend.pr_auc", "0.5", "0.25", "-0.25", "0.01", "higher"] == lines["a.blend.pr_auc"]
    assert ["only", "before", "a.gone", "0.4", "higher"] in [line.split() for line in out.splitlines()]
    assert ["only", "after", "a.new", "0.6", "higher"] in [line.split() for line in out.splitlines()]
    assert "a.still" not in out
    assert "machines are noisy" in out
    assert "1 worse: a.blend.pr_auc" in out


def test_it_ends_with_zero_if_nothing_is_worse(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also if something is better."""
    before, after = report("a", quality("a.pr_auc", 0.5)), report("a", quality("a.pr_auc", 0.7))

    assert 0 == _ends(*_files(tmp_path, before, after))
    assert "better" in capsys.readouterr().out


def test_tolerances_can_be_set(tmp_path: Path) -> None:
    """For all rows or by pattern, absolute, relative or off; the last that matches holds."""
    files = _files(tmp_path, report("a", quality("a.pr_auc", 0.5)), report("a", quality("a.pr_auc", 0.45)))

    assert 1 == _ends(*files)
    assert 0 == _ends(*files, tolerance=[".06"])
    assert 0 == _ends(*files, tolerance=["11%"])
    assert 0 == _ends(*files, tolerance=["*.pr_auc=off"])
    assert 1 == _ends(*files, tolerance=["*.roc_auc=off"])
    assert 1 == _ends(*files, tolerance=[".06", "a.*=.04"])


@pytest.mark.parametrize("text", ["", "wide", "-1", "=.1", "a=", "nan", "inf", "10 percent"])
def test_a_tolerance_that_is_none_is_refused(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what was written."""
    files = _files(tmp_path, report("a"), report("a"))

    assert 2 == _ends(*files, tolerance=[text])
    assert f"error: --tolerance {text}: " in capsys.readouterr().err


def test_a_tolerance_is_shown_as_it_is_written() -> None:
    """So that it can be copied."""
    for text in ("0.02", "10%", "off"):
        rule = parse_rule(f"a.*={text}")
        assert str(tolerance_of(quality("a.b", 1.0), [rule])) == text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read"),
        (b"{", "is not a benchmark's report"),
        (b'{"name": "a"}', "is not a benchmark's report"),
        (b"\xff\xfe", "is not a benchmark's report"),
    ],
)
def test_what_is_no_report_is_refused(
    content: bytes | None, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The error names the file."""
    before, after = _files(tmp_path, report("a"), report("a"))
    after.unlink() if content is None else after.write_bytes(content)

    assert 2 == _ends(before, after)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {after} {told}")


def test_unlike_results_are_refused() -> None:
    """Another benchmark, another size, or a figure that means something else."""
    one = report("a", quality("a.b", 1.0))
    for other, told in (
        (report("b"), "different benchmarks: a and b"),
        (report("a", size="quick"), "different sizes: usual and quick"),
        (report("a", Row("a.b", 1.0, "s", "lower")), "a.b is not the same figure"),
    ):
        with pytest.raises(BenchError, match=told):
            compared(one, other)


def test_what_makes_them_less_comparable_is_said() -> None:
    """Another machine, another seed."""
    other = report("a", seed=2, machine=structs.replace(MACHINE, cores=64))

    machine, seed = compared(report("a"), other).notes
    assert "Different machines" in machine
    assert "64 cores" in machine
    assert "Different seeds, 1 and 2" in seed


def test_folders_are_compared_benchmark_by_benchmark(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As ``bench report`` leaves them; a benchmark that only one has is named."""
    before = written(tmp_path / "before", report("a", quality("a.x", 0.5)), report("b", quality("b.x", 0.5)))
    (tmp_path / "after").mkdir()
    after = tmp_path / "after"
    written(after / "results", report("b", quality("b.x", 0.4)), report("c"))
    (after / "runs.json").write_text("[]")

    assert 1 == _ends(before, after)
    out = capsys.readouterr().out
    assert f"only in {before}: a" in out
    assert f"only in {after}: c" in out
    assert "1 worse: b.x" in out
    assert 2 == _ends(before, after / "results" / "b.json")
