"""Several runs of one benchmark as one result."""

from benchmarks.repeated import repeated
from benchmarks.report import Row


def rows(*values: float | None) -> list[Row]:
    return [Row(f"drives.part{n}.auc", value, "", "higher") for n, value in enumerate(values)]


def test_one_run_is_as_it_is() -> None:
    """Nothing is said of medians where there is one value of each."""
    assert rows(0.5, None) == repeated({"run0": rows(0.5, None)})


def test_further_runs_and_medians() -> None:
    """The first keeps its ids, so that it compares with a single run; what was never measured has no median."""
    found = repeated({"run0": rows(0.5, None), "run1": rows(0.7, None), "run2": rows(0.9, None)})

    assert found[:2] == rows(0.5, None)
    assert [(row.id, row.value) for row in found[2:]] == [
        ("drives.run1.part0.auc", 0.7),
        ("drives.run1.part1.auc", None),
        ("drives.run2.part0.auc", 0.9),
        ("drives.run2.part1.auc", None),
        ("drives.median.part0.auc", 0.7),
    ]
