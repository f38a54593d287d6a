"""The command ``bench publish``: the report that is kept with the code, and its headline in the README.

    <report>/README.md      the page, with its pictures in plots/
    <report>/report.html    the same, as one file
    <report>/results/       the figures that it was made of, one JSON file a benchmark, a row a line
    README.md               the headline, between two marks

All of it is made of results that are there, so it can be made again from the folder that it left.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter

from benchmarks.pages.answer import answer, verdict
from benchmarks.pages.form.as_markdown import part_as_markdown
from benchmarks.pages.form.blocks import Block, Items, Paragraph
from benchmarks.pages.headline import contests, overview, telling
from benchmarks.pages.results import BELOW, RUNS, read_results
from benchmarks.pages.runs import read_runs
from benchmarks.pages.whole import made, write_pages
from benchmarks.pages.words import HOW_TO_READ
from benchmarks.questions import BENCHMARKS
from benchmarks.report import BenchError, Report, Row, write_file

BEGIN: Final = "<!-- headline: written by `hearthbeat bench publish`, held to docs/report/results by a test -->"
END: Final = "<!-- end of the headline -->"
PAGE: Final = "README.md"

_ROOT: Final = Path(__file__).parents[2]
_REPORT: Final = _ROOT / "docs" / "report"
_README: Final = _ROOT / "README.md"
_DIGITS: Final = 5
"""Of a figure so many are kept, which is more than any figure is sure of."""


def publish(
    *,
    from_: Annotated[Path, Parameter(name="--from")],
    report: Path = _REPORT,
    readme: Path = _README,
) -> None:
    """Keep results with the code: write them, their report and its headline.

    Ends with 0 if that is done, 2 if it cannot be.

    Args:
        from_: Folder of the results, as `bench report` leaves it.
        report: Folder of the report; what an earlier one left there goes.
        readme: Page whose headline, between two marks, is written anew.
    """
    try:
        reports, damaged = read_results(from_)
        if damaged:
            raise BenchError(damaged[0])
        small = [name for name, of in reports.items() if of.size == "quick"]
        if small:
            raise BenchError(f"{', '.join(small)}: of a smoke run, whose figures say nothing")
        reports = {name: compact(of) for name, of in reports.items()}
        text = with_headline(readme, reports, report)
        runs = read_runs(from_)
        _write_results(report, reports)
        write_file(report / RUNS, msgspec.json.format(msgspec.json.encode(runs)) + b"\n")
        write_pages(report, reports, runs, BENCHMARKS, markdown=PAGE, figures=False)
        write_file(readme, text.encode())
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    print(f"{report / PAGE}\n{readme}")


def compact(report: Report) -> Report:
    """The same with figures of so many digits as are kept."""
    rows = [msgspec.structs.replace(row, value=_rounded(row)) for row in report.rows]
    return msgspec.structs.replace(report, rows=rows)


def with_headline(readme: Path, reports: Mapping[str, Report], report: Path) -> str:
    """The text of a page with the headline of these results between its marks.

    Raises:
        BenchError: It cannot be read, or the marks are not there, once each and in order.
    """
    try:
        text = readme.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"{readme} cannot be read: {error}") from None
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in after or END in after:
        raise BenchError(f"{readme} must have these two lines, once each and in this order: {BEGIN} {END}")
    page = (report / PAGE).absolute()
    link = page.relative_to(readme.parent.absolute()) if page.is_relative_to(readme.parent.absolute()) else page
    return f"{before}{BEGIN}\n\n{headline_text(reports, link.as_posix())}\n\n{END}{after}"


def headline_text(reports: Mapping[str, Report], link: str) -> str:
    """The headline as Markdown, which ends with a link to the whole report."""
    streams = contests(reports)
    if not streams:
        raise BenchError("neither online-vs-batch nor committee is in these results, so there is no headline")
    said, chosen = verdict(streams), telling(streams)
    blocks: list[Block] = [Paragraph(text) for text in (said, HOW_TO_READ) if text]
    blocks += [Items([("", text) for text in answer(chosen, streams)]), overview(streams), Paragraph(made(reports))]
    return f"{part_as_markdown(blocks)} [The whole report]({link}) tells who is compared, and how."


def _write_results(folder: Path, reports: Mapping[str, Report]) -> None:
    try:
        (folder / BELOW).mkdir(parents=True, exist_ok=True)
        for old in (folder / BELOW).glob("*.json"):
            old.unlink()
    except OSError as error:
        raise BenchError(f"{folder / BELOW} cannot be written: {error.strerror}") from None
    for name, report in reports.items():
        write_file(folder / BELOW / f"{name}.json", _row_a_line(report))


def _row_a_line(report: Report) -> bytes:
    """The JSON form with a line for each row, so that two of them can be told apart line by line."""
    whole = msgspec.json.encode(msgspec.structs.replace(report, rows=[]))
    before, _, after = whole.partition(b'"rows":[]')
    return before + b'"rows":[\n' + b",\n".join(map(msgspec.json.encode, report.rows)) + b"\n]" + after + b"\n"


def _rounded(row: Row) -> float | None:
    return None if row.value is None else float(f"{row.value:.{_DIGITS}g}")
