"""Sections: what each benchmark says, and all of its figures on demand."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from math import log

from benchmarks.pages.chapters import CHAPTERS, title_of
from benchmarks.pages.drawings import curves
from benchmarks.pages.figures import BOUNDS, Stream, interval_text, streams_of, with_unit
from benchmarks.pages.form.blocks import Bar, Block, Cell, Fold, Grid, Heading, Kind, Paragraph, Pictures
from benchmarks.pages.headline import telling, whole_table
from benchmarks.pages.names import metric_name, stream_name
from benchmarks.pages.special.home_types import home_types
from benchmarks.pages.special.models import models_of
from benchmarks.pages.special.scale import scale
from benchmarks.pages.special.temporal import temporal
from benchmarks.plot import WIDE
from benchmarks.report import Report, Row, figure_text

_BARS = "Bars compare figures of the same unit, on a log scale where they differ more than fiftyfold."


def section(report: Report, *, heading: bool = True, question: str = "", figures: bool = True) -> list[Block]:
    """What a benchmark asks, what its figures mean, the most important of them, and all of them.

    Args:
        report: The results.
        heading: Whether it begins with its title.
        question: What to say of a benchmark of which nothing is known.
        figures: Whether all of them are shown on demand.
    """
    blocks: list[Block] = [Heading(title_of(report.name))] if heading else []
    chapter = CHAPTERS.get(report.name)
    if chapter is not None:
        blocks += [Paragraph(chapter.question), Paragraph(chapter.meaning, "small")]
        keys = _keys(report, chapter.keys)
        if keys is not None:
            blocks.append(keys)
    elif question:
        blocks.append(Paragraph(question))
    blocks += _special(report)
    if not figures:
        return blocks
    return [*blocks, Fold(f"All {len(report.rows):,} figures of {report.name}", all_figures(report.rows))]


def all_figures(rows: Sequence[Row]) -> list[Block]:
    """Every row in a table, with bars that are comparable within a unit; points of curves in a table of their own."""
    points = [row for row in rows if ".curve." in row.id]
    others = [row for row in rows if ".curve." not in row.id]
    out: list[Block] = [Paragraph(_BARS, "small"), figures_table(others)] if others else []
    if points:
        out.append(Fold(f"{len(points)} points of curves", [figures_table(points)]))
    return out


def figures_table(rows: Sequence[Row]) -> Grid:
    """Id, figure, unit, a bar, which direction is better, and a note where any has one."""
    bars = _bars(rows)
    noted = any(row.note for row in rows)
    head: list[tuple[str, Kind]] = [
        ("id", "code"), ("value", "number"), ("unit", "text"), ("", "bar"), ("better", "text"),
    ]  # fmt: skip
    if noted:
        head.append(("note", "text"))
    return Grid(
        head,
        [
            [row.id, figure_text(row.value), row.unit, bar, row.better, *([row.note] if noted else [])]
            for row, bar in zip(rows, bars, strict=True)
        ],
    )


def _bars(rows: Sequence[Row]) -> list[Cell]:
    units: dict[str, list[float]] = {}
    for row in rows:
        if row.value is not None:
            units.setdefault(row.unit, []).append(row.value)
    return ["" if row.value is None else _bar(row.value, units[row.unit], row) for row in rows]


def _bar(value: float, beside: list[float], row: Row) -> Bar:
    """From zero to the value; on a log scale, as in `plot`, where values differ widely."""
    positive = [other for other in beside if other > 0]
    if positive and min(beside) >= 0 and max(positive) > WIDE * min(positive):
        start = min(positive) / 2
        share = log(value / start) / log(max(positive) / start) if value > 0 else 0.0
        return Bar(0.0, share, row.better)
    low, high = min(0.0, *beside), max(0.0, *beside)
    width = (high - low) or 1.0
    return Bar((min(value, 0.0) - low) / width, (max(value, 0.0) - low) / width, row.better)


def _keys(report: Report, keys: Sequence[tuple[str, str]]) -> Grid | None:
    """The figures that answer the question; what a pattern's star stood for takes the place of {0}."""
    rows: list[list[Cell]] = []
    values = {row.id: row.value for row in report.rows if row.value is not None}
    for pattern, words in keys:
        for row in report.rows:
            if row.value is None or not fnmatchcase(row.id, pattern):
                continue
            before, _, after = pattern.partition("*")
            star = row.id[len(before) : len(row.id) - len(after)]
            bounded = all(row.id + bound in values for bound in BOUNDS)
            star = f"{int(star):,}" if star.isdecimal() else star.replace("100k", "100,000").replace("_", " ")
            rows.append([words.format(star), interval_text(values, row.id) if bounded else with_unit(row)])
    return Grid([("Figure", "text"), ("Value", "number")], rows) if rows else None


def _special(report: Report) -> list[Block]:
    """Tables and drawings of benchmarks whose rows are more than a list."""
    match report.name:
        case "home-types":
            return home_types(report)
        case "scale":
            return scale(report)
        case "temporal":
            return temporal(streams_of(report))
        case "committee":
            told = [block for stream in streams_of(report) for block in models_of(stream)]
            return [Fold("Stream by stream", told)] if told else []
        case "online-vs-batch" | "real":
            streams = [stream for stream in streams_of(report) if stream.models]
            return _contest(streams, report.name) if streams else []
    return []


def _contest(streams: list[Stream], name: str) -> list[Block]:
    """The whole table of the stream that tells the most, a drawing of each, and on demand the table of each other."""
    chosen = telling(streams)
    blocks: list[Block] = [Heading(f"All models on one stream: {stream_name(chosen.name)}", 3), *whole_table(chosen)]
    drawn = curves(streams, main_only=True, slug=name)
    if drawn:
        about = "PR-AUC in twenty parts of each stream. An upright line or a band is the change."
        blocks += [Heading("Day by day", 3), Paragraph(about, "small"), Pictures(drawn)]
    others = [block for stream in streams for block in _stream(stream, name, shown=stream is chosen)]
    return [*blocks, Fold("Every stream with all models and members", others)]


def _stream(stream: Stream, name: str, *, shown: bool) -> list[Block]:
    blocks: list[Block] = [Heading(stream_name(stream.name), 3), *([] if shown else whole_table(stream))]
    drawn = curves([stream], main_only=False, slug=f"{name}-all")
    if drawn:
        blocks.append(Pictures(drawn))
    whole: list[list[Cell]] = [
        [metric_name(metric), interval_text(stream.values, metric, signed=metric.startswith("minus"))]
        for metric in stream.values
        if metric.startswith(("minus", "gap")) and not metric.endswith(BOUNDS)
    ]
    return [*blocks, *([Grid([("Figure", "text"), ("Value", "number")], whole)] if whole else [])]
