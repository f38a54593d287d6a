"""The command ``bench compare``: what changed between two results, or between two folders of them, and is it worse?"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from benchmarks.comparison.compare import Change, Comparison, compared
from benchmarks.comparison.tolerances import Rule, parse_rule
from benchmarks.pages.results import read_results
from benchmarks.report import BenchError, Report, Row, figure_text, read_report, version_text

_STYLES = {"worse": "bold red", "better": "green", "same": "", "not judged": "dim"}
_WHY = (
    "Tolerances: quality .01, times and rates 25% because machines are noisy, memory and lead times 10%; "
    "counts and bounds of intervals are not judged. --tolerance sets others."
)


def compare(
    before: Path,
    after: Path,
    *,
    tolerance: Annotated[list[str] | None, Parameter(negative="")] = None,
    all: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """Say what changed between two results of a benchmark; ends with 1 if anything is worse than its tolerance.

    Args:
        before: The earlier result as written by --json, or a folder of such files, as `bench report` leaves it.
        after: The later one.
        tolerance: .02 (absolute), 10% (relative) or off, for all rows or as PATTERN=.02 for ids that match; may be
            given again.
        all: Also show what did not change.
    """
    console = Console(width=None if sys.stdout.isatty() else 200)
    try:
        rules = [parse_rule(text) for text in tolerance or ()]
        comparisons = list(_comparisons(console, before, after, rules))
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    for comparison in comparisons:
        show(comparison, console, everything=all)
    worse = [change.row.id for comparison in comparisons for change in comparison.worse]
    console.print(_WHY, highlight=False)
    if worse:
        console.print(f"{len(worse)} worse: {', '.join(worse)}", highlight=False, markup=False)
        raise SystemExit(1)
    console.print("nothing is worse", highlight=False)


def _comparisons(console: Console, before: Path, after: Path, rules: Sequence[Rule]) -> Iterator[Comparison]:
    if before.is_dir() != after.is_dir():
        raise BenchError("compare two files or two folders, not a file with a folder")
    if not before.is_dir():
        yield _compared(read_report(before), read_report(after), rules)
        return
    earlier, later = _by_name(before), _by_name(after)
    common = [name for name in later if name in earlier]
    if not common:
        raise BenchError(f"{before} and {after} have no benchmark in common")
    for name in common:
        yield _compared(earlier[name], later[name], rules)
    for folder, ours, theirs in ((before, earlier, later), (after, later, earlier)):
        only = sorted(ours.keys() - theirs.keys())
        if only:
            console.print(f"only in {folder}: {', '.join(only)}", highlight=False, markup=False)


def _by_name(folder: Path) -> dict[str, Report]:
    reports, damaged = read_results(folder)
    if damaged:
        raise BenchError(damaged[0])
    return reports


def _compared(before: Report, after: Report, rules: Sequence[Rule]) -> Comparison:
    comparison = compared(before, after, rules)
    comparison.notes.insert(0, f"{version_text(before)}, then {version_text(after)}.")
    return comparison


def show(comparison: Comparison, console: Console, *, everything: bool) -> None:
    """Print a comparison: what is worse first, then what is better, then rows that only one has."""
    order = ("worse", "better", "same", "not judged") if everything else ("worse", "better")
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=Text(comparison.name), title_justify="left")
    for head in ("", "id", "before", "after", "change", "tolerance", "unit", "better"):
        side = "right" if head in ("before", "after", "change", "tolerance") else "left"
        table.add_column(head, no_wrap=True, justify=side)  # type: ignore[arg-type]  # both are words of rich
    for verdict in order:
        for change in (change for change in comparison.changes if change.verdict == verdict):
            row = change.row
            cells = (
                verdict, row.id, figure_text(change.before), figure_text(row.value), _difference(change),
                str(change.tolerance), row.unit, row.better,
            )  # fmt: skip
            table.add_row(*map(Text, cells), style=_STYLES[verdict])
    for word, rows in (("only before", comparison.only_before), ("only after", comparison.only_after)):
        for row in rows:
            table.add_row(*map(Text, _lonely(word, row)), style="dim")
    console.print(table if table.row_count else Text(comparison.name))
    for note in comparison.notes:
        console.print(Text(note))
    counts = [(word, sum(change.verdict == word for change in comparison.changes)) for word in _STYLES]
    console.print(Text(", ".join(f"{count} {word}" for word, count in counts)))


def _lonely(word: str, row: Row) -> tuple[str, ...]:
    value = figure_text(row.value)
    return (word, row.id, *((value, "") if word == "only before" else ("", value)), "", "", row.unit, row.better)


def _difference(change: Change) -> str:
    before, after = change.before, change.row.value
    if before is None or after is None:
        return ""
    if change.tolerance.kind == "relative" and before != 0.0:
        return f"{100.0 * (after / before - 1.0):+.1f}%"
    return f"{after - before:+.4g}"
