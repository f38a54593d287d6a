"""Temporal: what was left out of the world or of the features, and what that cost."""

from collections.abc import Sequence

from benchmarks.pages.figures import Stream, interval_text
from benchmarks.pages.form.blocks import Block, Cell, Grid, Kind
from benchmarks.pages.names import in_words


def temporal(streams: Sequence[Stream]) -> list[Block]:
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
