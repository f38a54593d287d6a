"""Sections: what each benchmark says, and all of its figures on demand."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from math import log

from benchmarks.pages.figures import (
    Stream,
    interval_text,
    ours,
    ours_first,
    quality_text,
    rows_below,
    streams_of,
    with_unit,
)
from benchmarks.pages.form.blocks import Bar, Block, Cell, Fold, Grid, Heading, Kind, Paragraph, Picture, Pictures
from benchmarks.pages.form.chart import Line, line_chart
from benchmarks.pages.headline import curves
from benchmarks.pages.words import CHAPTERS, in_words, model_name, title_of
from benchmarks.plot import WIDE
from benchmarks.report import Report, Row, figure_text

_METRICS = 9
_COSTS = (
    ("fit_s", "To train, s"), ("peak_mb", "Memory for it, MB"), ("model_mb", "Model, MB"),
    ("single_us", "One row alone, µs"), ("batch_us", "One of many rows, µs"),
)  # fmt: skip
_BOUNDS = (".low", ".high")
_BARS = "Bars compare figures of the same unit, on a log scale where they differ more than fiftyfold."


def section(report: Report, *, heading: bool = True, curves_too: bool = True, question: str = "") -> list[Block]:
    """What a benchmark asks, what its figures mean, the most important of them, and all of them.

    Args:
        report: The results.
        heading: Whether it begins with its title.
        curves_too: Whether curves are drawn, if there are any.
        question: What to say of a benchmark of which nothing is known.
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
    blocks += _special(report, curves_too=curves_too)
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
    """Id, figure, unit, a bar, and which direction is better."""
    bars = _bars(rows)
    head: list[tuple[str, Kind]] = [
        ("id", "code"), ("value", "number"), ("unit", "text"), ("", "bar"), ("better", "text"),
    ]  # fmt: skip
    return Grid(
        head, [[row.id, figure_text(row.value), row.unit, bar, row.better] for row, bar in zip(rows, bars, strict=True)]
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
            bounded = all(row.id + bound in values for bound in _BOUNDS)
            star = f"{int(star):,}" if star.isdecimal() else star.replace("100k", "100,000").replace("_", " ")
            rows.append([words.format(star), interval_text(values, row.id) if bounded else with_unit(row)])
    return Grid([("Figure", "text"), ("Value", "number")], rows) if rows else None


def _special(report: Report, *, curves_too: bool) -> list[Block]:
    """Tables and drawings of benchmarks whose rows are more than a list."""
    streams = streams_of(report)
    if report.name == "home-types":
        return _home_types(report, streams)
    if report.name == "scale":
        return _scale(report)
    if report.name == "temporal":
        return _temporal(streams)
    if report.name in ("online-vs-batch", "real", "committee"):
        drawn = [stream for stream in streams if stream.curves] if curves_too else []
        blocks: list[Block] = [Pictures(curves(drawn))] if drawn else []
        told = [block for stream in streams for block in _models(stream)]
        return blocks + ([Fold("Stream by stream", told)] if told and report.name != "real" else told)
    return []


def _temporal(streams: Sequence[Stream]) -> list[Block]:
    """What was left out, and what that cost: one table, where what is said of all comes first."""
    metrics = [("pr_auc", "PR-AUC"), ("pr_auc_loss", "Lost"), ("roc_auc", "ROC-AUC")]
    features = dict.fromkeys(
        name for stream in streams for name in stream.values if name.endswith("_loss") and "auc" not in name
    )
    metrics += [(name, f"Lost without {name.removesuffix('_loss')}") for name in features]
    shown = [(name, title) for name, title in metrics if any(name in stream.values for stream in streams)]
    rows: list[list[Cell]] = [
        [in_words(stream.name), *(interval_text(stream.values, name) for name, _ in shown)]
        for stream in streams
        if any(name in stream.values for name, _ in shown)
    ]
    head: list[tuple[str, Kind]] = [("What", "text"), *((title, "number") for _, title in shown)]
    return [Grid(head, rows)] if rows else []


def _models(stream: Stream) -> list[Block]:
    """A table of a stream's models, and of what is said of the stream as a whole."""
    blocks: list[Block] = []
    models = ours_first(name for name, values in stream.models.items() if values)
    metrics = _metrics(stream, models)
    if metrics:
        head: list[tuple[str, Kind]] = [("Model", "text"), *((_metric(name), "number") for name in metrics)]
        rows: list[list[Cell]] = [
            [model_name(model), *(_figure(stream.models[model], metric) for metric in metrics)] for model in models
        ]
        first = ours(models)
        strong = frozenset(number for number, model in enumerate(models) if model == first)
        blocks.append(Grid(head, rows, strong=strong))
    whole = [name for name in stream.values if not name.endswith(_BOUNDS)]
    if whole:
        pairs: list[list[Cell]] = [[_metric(name), _figure(stream.values, name)] for name in whole]
        blocks.append(Grid([("Figure", "text"), ("Value", "number")], pairs))
    return [Heading(in_words(stream.name), 3), *blocks] if blocks else []


def _metrics(stream: Stream, models: Sequence[str]) -> list[str]:
    """The metrics that most models have, PR-AUC first; no more than fit on a page."""
    found = dict.fromkeys(name for model in models for name in stream.models[model] if not name.endswith(_BOUNDS))
    return list(islice(sorted(found, key=lambda name: "pr_auc" not in name), _METRICS))


def _home_types(report: Report, streams: Sequence[Stream]) -> list[Block]:
    cross = {(parts[1], parts[2]): value for parts, value in rows_below(report) if _is_cross(parts)}
    own = [stream for stream in streams if stream.name != "cross" and stream.models]
    blocks: list[Block] = []
    models = ours_first(
        dict.fromkeys(model for stream in own for model, values in stream.models.items() if "pr_auc" in values)
    )
    if own:
        head: list[tuple[str, Kind]] = [("Home type", "text"), *((model_name(model), "number") for model in models)]
        rows: list[list[Cell]] = [
            [in_words(stream.name), *(interval_text(stream.models.get(model, {}), "pr_auc") for model in models)]
            for stream in own
        ]
        blocks += [Heading("PR-AUC by home type and model", 3), Grid(head, rows)]
    if cross:
        trained = list(dict.fromkeys(one for one, _ in cross))
        scored = list(dict.fromkeys(other for _, other in cross))
        low, high = min(cross.values()), max(cross.values())
        shades = {
            (row, column + 1): (cross[one, other] - low) / ((high - low) or 1.0)
            for row, one in enumerate(trained)
            for column, other in enumerate(scored)
            if (one, other) in cross
        }
        square: list[tuple[str, Kind]] = [("Trained on", "text"), *((in_words(name), "number") for name in scored)]
        lines: list[list[Cell]] = [
            [in_words(one), *(_two_places(cross.get((one, other))) for other in scored)] for one in trained
        ]
        blocks += [Heading("One home type's model on another (PR-AUC)", 3), Grid(square, lines, shades=shades)]
    return blocks


def _two_places(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _is_cross(parts: list[str]) -> bool:
    return len(parts) == 4 and parts[0] == "cross" and parts[3] == "pr_auc"


def _scale(report: Report) -> list[Block]:
    """PR-AUC over the number of samples, which is the third part of the ids."""
    points: dict[str, dict[int, dict[str, float]]] = {}
    for parts, value in rows_below(report):
        if len(parts) >= 3 and parts[1].isdecimal() and int(parts[1]) > 0:
            points.setdefault(parts[0], {}).setdefault(int(parts[1]), {})[".".join(parts[2:])] = value
    if not points:
        return []
    models = ours_first(points)
    sizes = sorted({size for of in points.values() for size in of})
    lines = []
    for number, model in enumerate(models):
        of = points[model]
        curve = [(float(size), of[size]["pr_auc"]) for size in sizes if "pr_auc" in of.get(size, ())]
        if curve:
            lines.append(Line(model_name(model), curve, number))
    blocks: list[Block] = []
    if lines:
        svg = line_chart(
            lines,
            x_title="samples (log scale)",
            y_title="PR-AUC",
            title="PR-AUC by number of samples",
            log_x=True,
            emphasis=False,
        )  # fmt: skip
        blocks.append(Pictures([Picture("scale", svg, "PR-AUC by number of samples")]))
    head: list[tuple[str, Kind]] = [("PR-AUC after", "text"), *((f"{size:,} samples", "number") for size in sizes)]
    rows: list[list[Cell]] = [
        [model_name(model), *(quality_text(points[model].get(size, {}).get("pr_auc")) for size in sizes)]
        for model in models
    ]
    return [*blocks, Grid(head, rows), *_costs(points, sizes[-1], models)]


def _costs(points: Mapping[str, Mapping[int, Mapping[str, float]]], size: int, models: Sequence[str]) -> list[Block]:
    """What the models cost at the largest size."""
    shown = [pair for pair in _COSTS if any(pair[0] in points[model].get(size, {}) for model in models)]
    if not shown:
        return []
    head: list[tuple[str, Kind]] = [(f"After {size:,} samples", "text"), *((title, "number") for _, title in shown)]
    return [
        Grid(head, [
            [model_name(model), *(figure_text(points[model].get(size, {}).get(name)) for name, _ in shown)]
            for model in models
        ])
    ]  # fmt: skip


def _metric(name: str) -> str:
    special = {
        "pr_auc": "PR-AUC", "roc_auc": "ROC-AUC", "recall_at_1pct_far": "Recall at 1 % false alarms",
        "minus_retrained": "Ahead of the retrained forest", "minus_best_member": "Ahead of its best member",
        "minus_lightgbm": "Ahead of LightGBM, retrained", "minus_frozen": "Ahead of the one trained once",
        "median_lead": "Lead time, h", "cpu_s_per_million": "CPU s a million readings", "memory_mb": "Memory, MB",
        "three_days.pr_auc": "PR-AUC, first 3 days after", "long_after.pr_auc": "PR-AUC, long after",
        "before.pr_auc": "PR-AUC before the drift", "drift_day": "Day of the drift",
        "gap_closed": "Share of what the drift took that is won back",
    }  # fmt: skip
    if name in special:
        return special[name]
    return in_words(name.replace(".", ", ")).replace("pr auc", "PR-AUC").replace("Pr auc", "PR-AUC")


def _figure(values: dict[str, float], metric: str) -> str:
    if all(metric + bound in values for bound in _BOUNDS):
        return interval_text(values, metric, signed=metric.startswith("minus"))
    value = values.get(metric)
    return quality_text(value) if value is not None and abs(value) < 1.0 else figure_text(value)
