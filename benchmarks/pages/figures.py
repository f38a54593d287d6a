"""Figures: rows as their ids arrange them, ``<benchmark>.<group>.<model>.<metric>``, and how a figure is written."""

import re
from collections.abc import Iterable

from msgspec import Struct

from benchmarks.pages.names import MODELS, OURS
from benchmarks.report import Report, Row, figure_text

Values = dict[str, float]
"""Figures by metric."""

BOUNDS = (".low", ".high")
"""What the ids of an interval's ends end with."""

_CURVE = re.compile(r"^curve\.(\d+)\.(\w+)$")


class Stream(Struct):
    """A group of rows: what was said of it as a whole, and of each model.

    Attributes:
        name: The part of the ids that names it.
        values: Figures of it as a whole.
        models: Figures by model.
        curves: Points of x and PR-AUC by model, in order of x.
    """

    name: str
    values: Values
    models: dict[str, Values]
    curves: dict[str, list[tuple[float, float]]]


def rows_below(report: Report) -> Iterable[tuple[list[str], float]]:
    """The rows with a figure, with the parts of their ids below the benchmark's name."""
    for row in report.rows:
        parts = row.id.split(".")
        if row.value is not None and len(parts) > 1:
            yield parts[1:], row.value


def streams_of(report: Report) -> list[Stream]:
    """The groups in their order; a row with less than three parts below the benchmark belongs to its group as a whole.

    The bounds of an interval are figures like others, as ``<metric>.low`` and ``<metric>.high``.
    """
    streams: dict[str, Stream] = {}
    points: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    for parts, value in rows_below(report):
        if len(parts) == 1:
            continue
        if parts[1] in ("drift", "event") and len(parts) == 3:
            end = {"begins": "day", "through": "until_day"}.get(parts[2], parts[2])
            parts = [parts[0], f"{parts[1]}_{end}"]
        if len(parts) == 4 and parts[1] == "after":
            # <stream>.after.<model>.pr_auc is that of a model, after the drift.
            parts = [parts[0], parts[2], "after", parts[3]]
        stream = streams.setdefault(parts[0], Stream(parts[0], {}, {}, {}))
        if len(parts) == 2 or (parts[-1] in ("low", "high") and len(parts) == 3):
            stream.values[".".join(parts[1:])] = value
            continue
        metric = ".".join(parts[2:])
        curve = _CURVE.match(metric)
        if curve:
            points.setdefault((parts[0], parts[1]), {}).setdefault(curve[1], {})[curve[2]] = value
        else:
            stream.models.setdefault(parts[1], {})[metric] = value
    for (name, model), of in points.items():
        streams[name].models.setdefault(model, {})
        pairs = sorted((point["day"], point["pr_auc"]) for point in of.values() if {"day", "pr_auc"} <= point.keys())
        if pairs:
            streams[name].curves[model] = pairs
    for stream in streams.values():
        # What is told of the drift calls the service by the name of its answer.
        service = ours(stream.models)
        if service is not None and service != "blend" and stream.models.get("blend", {}).keys() <= {"after.pr_auc"}:
            stream.models[service] |= stream.models.pop("blend", {})
    return list(streams.values())


def ours(models: Iterable[str]) -> str | None:
    """Which of the models is the service itself."""
    there = set(models)
    return next((name for name in OURS if name in there), None)


def ours_first(models: Iterable[str]) -> list[str]:
    """The models, the service itself first, then those that are known in their order, then others."""
    names = list(models)
    first, known = ours(names), list(MODELS)
    return sorted(names, key=lambda name: (name != first, known.index(name) if name in known else len(known)))


def quality_text(value: float | None) -> str:
    """A figure of quality for people: three places; a dash where there is none."""
    return "-" if value is None else f"{value:.3f}"


def interval_text(values: Values, metric: str, *, signed: bool = False) -> str:
    """A figure of quality with its interval in brackets, if it has one; what is nearly 0 keeps its side of it."""
    value, low, high = (values.get(name) for name in (metric, f"{metric}.low", f"{metric}.high"))
    if value is None:
        return "-"
    sign = "+" if signed else ""

    def text(figure: float) -> str:
        return f"{figure:{sign}.{4 if 0.0 < abs(figure) < 0.0005 else 3}f}"

    return text(value) if low is None or high is None else f"{text(value)} ({text(low)} to {text(high)})"


def with_unit(row: Row) -> str:
    """A figure with its unit."""
    return f"{figure_text(row.value)} {row.unit}".rstrip() if row.value is not None else "-"
