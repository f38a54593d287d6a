"""Temporal: what was left out of the world or of the features, and what that cost."""

from collections.abc import Sequence
from typing import Final

from benchmarks.pages.figures import Stream, interval_text
from benchmarks.pages.form.blocks import Block, Cell, Grid, Heading, Kind
from benchmarks.pages.names import in_words

_QUALITY: Final = (("pr_auc", "PR-AUC"), ("pr_auc_loss", "Lost"), ("roc_auc", "ROC-AUC"))


def temporal(streams: Sequence[Stream]) -> list[Block]:
    """What was left out, of the world or of the features; and in each world what leaving out a feature costs."""
    features = dict.fromkeys(
        name for stream in streams for name in stream.values if name.endswith("_loss") and "auc" not in name
    )
    lost = [(name, f"Without {name.removesuffix('_loss')}") for name in features]
    blocks = _table("What is left out", _QUALITY, streams)
    worlds = _table("World", lost, streams)
    return [*blocks, *([Heading("PR-AUC that a forest loses in each world", 3), *worlds] if worlds else [])]


def _table(first: str, metrics: Sequence[tuple[str, str]], streams: Sequence[Stream]) -> list[Block]:
    shown = [(name, title) for name, title in metrics if any(name in stream.values for stream in streams)]
    rows: list[list[Cell]] = [
        [_named(stream.name), *(interval_text(stream.values, name) for name, _ in shown)]
        for stream in streams
        if any(name in stream.values for name, _ in shown)
    ]
    head: list[tuple[str, Kind]] = [(first, "text"), *((title, "number") for _, title in shown)]
    return [Grid(head, rows)] if rows else []


def _named(what: str) -> str:
    """Such as “Nothing” for ``all``, and “World: daily” for ``world_without_daily``."""
    if what == "all":
        return "Nothing"
    of, without, name = what.partition("_without_")
    return f"{in_words(of)}: {name.replace('_', ' ')}" if without else in_words(what)
