"""Scale: quality over the number of samples, where it saturates, and what the largest number costs."""

from collections.abc import Mapping, Sequence
from typing import Final

from benchmarks.pages.figures import ours_first, quality_text, rows_below
from benchmarks.pages.form.blocks import Block, Cell, Grid, Kind, Paragraph, Picture, Pictures
from benchmarks.pages.form.chart import Line, line_chart
from benchmarks.pages.names import model_name
from benchmarks.report import Report, figure_text

_COSTS: Final = (
    ("fit_s", "To train, s"), ("peak_mb", "Memory for it, MB"), ("model_mb", "Model, MB"),
    ("single_us", "One row alone, µs"), ("batch_us", "One of many rows, µs"),
)  # fmt: skip


def scale(report: Report) -> list[Block]:
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
    absent = [
        name for name in dict.fromkeys(row.id.split(".")[1] for row in report.rows if row.note) if name not in points
    ]
    saturated = {parts[0]: value for parts, value in rows_below(report) if parts[1:] == ["saturates_at"]}
    head: list[tuple[str, Kind]] = [
        ("PR-AUC after", "text"), *((f"{size:,} samples", "number") for size in sizes), ("Saturates at", "number"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            model_name(model),
            *(quality_text(points.get(model, {}).get(size, {}).get("pr_auc")) for size in sizes),
            _saturates(saturated.get(model), sizes[-1]),
        ]
        for model in (*models, *absent)
    ]
    return [*blocks, Grid(head, rows), *_notes(report), *_costs(points, sizes[-1], models)]


def _saturates(size: float | None, largest: int) -> str:
    return "-" if size is None else "not yet" if size >= largest else f"{size:,.0f}"


def _notes(report: Report) -> list[Block]:
    """Why some have no figures, each reason once."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for row in report.rows:
        parts = row.id.split(".")
        if row.note and len(parts) > 2 and parts[2].isdecimal():
            sizes = reasons.setdefault((parts[1], row.note), [])
            if parts[2] not in sizes:
                sizes.append(parts[2])
    return [
        Paragraph(f"{model_name(name)} after {', '.join(f'{int(size):,}' for size in sizes)} samples: {note}.", "small")
        for (name, note), sizes in reasons.items()
    ]


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
