"""A report as a Markdown page: all that is in it, and nothing that Markdown would take for something else."""

import re

from msgspec import structs

from benchmarks.markdown import report_page
from benchmarks.report import Machine, Report, Row

MACHINE = Machine(cpu="Some CPU", cores=2, memory_gb=7.5, python="3.11.7")


def _report(*rows: Row, commit: str | None = "0123456789abcdef", machine: Machine = MACHINE) -> Report:
    return Report(name="scoring", version="1.2.3", commit=commit, machine=machine, seed=7, rows=list(rows))


def _cells(line: str) -> list[str]:
    """The cells of a line of a table, as Markdown splits it."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_every_row_is_in_the_table() -> None:
    """In the order of the report, with the same figures as on the screen; a dash where there is none."""
    page = report_page(
        _report(
            Row("scoring.a.rows_per_s", 1234567.8, "rows/s", "higher"),
            Row("scoring.a.difference", 1.25e-16, "", "lower"),
            Row("scoring.a.loss", None, "nats", "lower"),
        ),
    )

    head, rule, *rows = [_cells(line) for line in page.splitlines() if line.startswith("|")]
    assert head == ["id", "value", "unit", "better"]
    assert rule == ["---", "---:", "---", "---"]
    assert rows == [
        ["`scoring.a.rows_per_s`", "1,234,568", "rows/s", "higher"],
        ["`scoring.a.difference`", "1.25e-16", "", "lower"],
        ["`scoring.a.loss`", "-", "nats", "lower"],
    ]


def test_it_says_what_was_measured_where() -> None:
    """Name, version and commit are the title; the machine follows."""
    lines = report_page(_report()).splitlines()

    assert lines[0] == "# scoring, version 1.2.3, 0123456789ab"
    assert "Machine: Some CPU, 2 cores, 7.5 GB, Python 3.11.7" in lines
    assert report_page(_report(commit=None)).startswith("# scoring, version 1.2.3, no commit\n")


def test_it_gives_the_command_that_repeats_it() -> None:
    """With the seed, and with --full or --quick if it was that."""
    assert "\n```sh\nhearthbeat bench scoring --seed 7\n```\n" in report_page(_report())
    long, short = structs.replace(_report(), size="full"), structs.replace(_report(), size="quick")
    assert "\n```sh\nhearthbeat bench scoring --full --seed 7\n```\n" in report_page(long)
    assert "\n```sh\nhearthbeat bench scoring --quick --seed 7\n```\n" in report_page(short)


def test_text_is_not_taken_for_markup() -> None:
    """A bar does not end a cell; a star, an underscore or a tag in a name is shown."""
    machine = Machine(cpu="A|B *fast* <x> $1_", cores=1, memory_gb=1.0, python="3.12.0")
    page = report_page(_report(Row("scoring.a|b.loss", 1.0, "x|y_z_", "lower"), machine=machine))

    assert r"Machine: A\|B \*fast\* \<x\> $1\_, 1 cores" in page
    assert [r"`scoring.a\|b.loss`", "1", r"x\|y\_z\_", "lower"] == _cells(page.splitlines()[6])
