"""Models: those of a stream side by side, and what is said of the stream as a whole."""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from benchmarks.pages.figures import BOUNDS, Stream, interval_text, ours, ours_first, quality_text
from benchmarks.pages.form.blocks import Block, Cell, Grid, Heading, Kind
from benchmarks.pages.names import metric_name, model_name, stream_name
from benchmarks.report import figure_text

_MOST: Final = 12


def models_of(stream: Stream) -> list[Block]:
    """A table of a stream's models, and of what is said of the stream as a whole."""
    blocks: list[Block] = []
    models = ours_first(name for name, values in stream.models.items() if values)
    metrics = _metrics(stream, models)
    if metrics:
        head: list[tuple[str, Kind]] = [("Model", "text"), *((metric_name(name), "number") for name in metrics)]
        rows: list[list[Cell]] = [
            [model_name(model), *(_figure(stream.models[model], metric) for metric in metrics)] for model in models
        ]
        first = ours(models)
        strong = frozenset(number for number, model in enumerate(models) if model == first)
        blocks.append(Grid(head, rows, strong=strong))
    whole = [name for name in stream.values if not name.endswith(BOUNDS)]
    if whole:
        pairs: list[list[Cell]] = [[metric_name(name), _figure(stream.values, name)] for name in whole]
        blocks.append(Grid([("Figure", "text"), ("Value", "number")], pairs))
    return [Heading(stream_name(stream.name), 3), *blocks] if blocks else []


def _metrics(stream: Stream, models: Sequence[str]) -> list[str]:
    """The metrics that most models have, PR-AUC first; no more than fit on a page."""
    found = dict.fromkeys(name for model in models for name in stream.models[model] if not name.endswith(BOUNDS))
    return list(islice(sorted(found, key=lambda name: "pr_auc" not in name), _MOST))


def _figure(values: dict[str, float], metric: str) -> str:
    if all(metric + bound in values for bound in BOUNDS):
        return interval_text(values, metric, signed=metric.startswith("minus"))
    value = values.get(metric)
    return quality_text(value) if value is not None and abs(value) < 1.0 else figure_text(value)
