"""Whole: the report of all benchmarks, which is read from its top."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from benchmarks.pages.chapters import CHAPTERS
from benchmarks.pages.form.as_html import as_html
from benchmarks.pages.form.as_markdown import PLOTS, as_markdown
from benchmarks.pages.form.blocks import Block, Cell, Code, Grid, Heading, Items, Kind, Page, Paragraph
from benchmarks.pages.headline import headline
from benchmarks.pages.sections import section
from benchmarks.pages.words import METHOD, QUESTION, QUICK, TERMS, TITLE
from benchmarks.report import BenchError, Report, machine_text, repeat_command, version_text, write_file

HTML: Final = "report.html"
MARKDOWN: Final = "report.md"


class Run(Struct, frozen=True, kw_only=True):
    """What became of a benchmark in a run of all.

    Attributes:
        name: The benchmark.
        seconds: How long it took, or None if that is not known.
        cpu_s: How many CPU seconds that were, likewise; on a busy machine it says more.
        error: Why there is no result, or None if there is one.
    """

    name: str
    seconds: float | None = None
    cpu_s: float | None = None
    error: str | None = None


def write_pages(
    folder: Path,
    reports: Mapping[str, Report],
    runs: Sequence[Run],
    questions: Mapping[str, str],
    *,
    markdown: str = MARKDOWN,
    figures: bool = True,
) -> None:
    """Write the report as HTML, and as Markdown with its pictures.

    Args:
        folder: Where to.
        reports: The results by benchmark.
        runs: What became of each benchmark, in the order in which they ran; where one is missing nothing is known.
        questions: What each benchmark asks, of all that there are.
        markdown: What the Markdown page is called.
        figures: Whether the pages hold all figures, or those that matter most.

    Raises:
        BenchError: A file cannot be written.
    """
    page = whole_page(reports, runs, questions, figures=figures)
    text, pictures = as_markdown(page)
    try:
        (folder / PLOTS).mkdir(parents=True, exist_ok=True)
        for old in (folder / PLOTS).glob("*.svg"):
            old.unlink()
    except OSError as error:
        raise BenchError(f"{folder / PLOTS} cannot be written: {error.strerror}") from None
    for path, svg in pictures.items():
        write_file(folder / path, svg.encode())
    write_file(folder / markdown, text.encode())
    write_file(folder / HTML, as_html(page).encode())


def whole_page(
    reports: Mapping[str, Report], runs: Sequence[Run], questions: Mapping[str, str], *, figures: bool = True
) -> Page:
    """What the report says; the arguments are those of `write_pages`."""
    told = sorted(reports, key=_place)
    blocks: list[Block] = []
    if any(report.size == "quick" for report in reports.values()):
        blocks.append(Paragraph(QUICK, "warning"))
    blocks += [Paragraph(made(reports), "small"), Paragraph(QUESTION, "lead")]
    failed = _failed(reports, runs)
    if failed:
        blocks.append(Paragraph(f"Without a result: {'; '.join(failed)}.", "warning"))
    blocks += headline(reports)
    blocks += [Heading("How it is judged, and the words"), Paragraph(METHOD), Items(list(TERMS))]
    for name in told:
        blocks += section(reports[name], question=questions.get(name, ""), figures=figures)
    blocks += _measured(reports, runs, told, _gaps(reports, runs, questions))
    return Page(TITLE, blocks)


def made(reports: Mapping[str, Report]) -> str:
    """When, of what, where and how much was measured, in a sentence."""
    days = sorted({report.measured for report in reports.values() if report.measured})
    when = "" if not days else f" on {days[0]}" if len(days) == 1 else f" from {days[0]} to {days[-1]}"
    versions = dict.fromkeys(version_text(report) for report in reports.values())
    machines = dict.fromkeys(machine_text(report.machine) for report in reports.values())
    sizes = dict.fromkeys(report.size for report in reports.values())
    return f"Measured{when} with {', '.join(versions)}; on {', '.join(machines)}; size: {', '.join(sizes)}."


def _place(name: str) -> tuple[int, str]:
    known = list(CHAPTERS)
    return (known.index(name) if name in known else len(known), name)


def _failed(reports: Mapping[str, Report], runs: Sequence[Run]) -> list[str]:
    return [f"{run.name} ({run.error})" for run in runs if run.error is not None and run.name not in reports]


def _gaps(reports: Mapping[str, Report], runs: Sequence[Run], questions: Mapping[str, str]) -> list[str]:
    """What a reader must know of what was not run, or does not belong together."""
    out = []
    silent = [name for name in questions if name not in reports and name not in {run.name for run in runs}]
    if silent:
        out.append(f"Not measured in these results: {', '.join(silent)}.")
    texts: tuple[tuple[str, Callable[[Report], str]], ...] = (
        ("versions", version_text),
        ("machines", lambda report: machine_text(report.machine)),
        ("sizes", lambda report: report.size),
    )
    for what, text in texts:
        if len({text(report) for report in reports.values()}) > 1:
            out.append(f"These results are of different {what}; the table says which is of which.")
    return out


def _measured(
    reports: Mapping[str, Report], runs: Sequence[Run], told: Sequence[str], gaps: Sequence[str]
) -> list[Block]:
    """Machine, versions, seeds, commands."""
    first: dict[str, list[str]] = {}
    for name in told:
        report = reports[name]
        first.setdefault(f"{version_text(report)}, on {machine_text(report.machine)}", []).append(name)
    one = len(first) == 1
    where = [("", text if one else f"{text}: {', '.join(names)}") for text, names in first.items()]
    seconds = {run.name: run.seconds for run in runs}
    cpu_s = {run.name: run.cpu_s for run in runs}
    head: list[tuple[str, Kind]] = [
        ("Benchmark", "text"), ("Seed", "number"), ("Size", "text"), ("Took", "number"), ("CPU time", "number"),
        ("Version", "text"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            name, str(reports[name].seed), reports[name].size, duration_text(seconds.get(name)),
            duration_text(cpu_s.get(name)), version_text(reports[name]).removeprefix("version "),
        ]
        for name in told
    ]  # fmt: skip
    rows += [
        [run.name, "-", "-", duration_text(run.seconds), duration_text(run.cpu_s), "no result"]
        for run in runs
        if run.name not in reports
    ]
    return [
        Heading("How it was measured"),
        Items(where),
        *(Paragraph(text, "warning") for text in gaps),
        Paragraph("Each ran in a process of its own, one after the other. Times and rates are of the machine."),
        Grid(head, rows),
        *_packages(reports),
        Paragraph("To repeat one of them, or all:"),
        Code([*(repeat_command(reports[name]) for name in told), *_all_commands(reports)]),
        Paragraph(
            "Every figure is kept as JSON in the folder results beside this page. Two such files, or folders, are "
            "compared by:"
        ),
        Code(["hearthbeat bench compare before after"]),
    ]  # fmt: skip


def _packages(reports: Mapping[str, Report]) -> list[Block]:
    """Versions of what figures depend on besides ourselves."""
    versions: dict[str, dict[str, None]] = {}
    for report in reports.values():
        for name, version in report.packages.items():
            versions.setdefault(name, {})[version] = None
    told = [f"{name} {' and '.join(there)}" for name, there in versions.items()]
    return [Paragraph(f"With {', '.join(told)}.")] if told else []


def _all_commands(reports: Mapping[str, Report]) -> list[str]:
    kinds = dict.fromkeys((report.size, report.seed) for report in reports.values())
    return [
        f"hearthbeat bench report{'' if size == 'usual' else f' --{size}'} --seed {seed} --out results"
        for size, seed in kinds
    ]


def duration_text(seconds: float | None) -> str:
    """A duration for people."""
    if seconds is None:
        return "-"
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 7200 else f"{whole // 3600} h {whole % 3600 // 60} min"
