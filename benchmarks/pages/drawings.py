"""Drawings: quality over time, a drawing for each stream, with the change of the world marked."""

import re
from typing import Final

from benchmarks.pages.figures import Stream, ours, ours_first
from benchmarks.pages.form.blocks import Picture
from benchmarks.pages.form.chart import Line, line_chart
from benchmarks.pages.names import GUESSING, LIGHTGBM, ONCE, RETRAINED, model_name, story_of, stream_name

_MAIN: Final = (*RETRAINED, *LIGHTGBM, *ONCE, *GUESSING)
_MARKS: Final = {"label_outage": "no reports", "outage": "silence", "dirty": "dirt begins"}
_NUMBERS: Final = {name: place for place, name in enumerate(("ours", "retrained", "lightgbm", "once", "guessing"))}


def curves(streams: list[Stream], *, main_only: bool, slug: str = "curve") -> list[Picture]:
    """A drawing for each stream that has curves; a model has the same colour in all of them.

    Args:
        streams: The streams.
        main_only: Whether members are left out, so that the lines can be told apart.
        slug: What the pictures' names begin with.
    """
    drawn = [stream for stream in streams if stream.curves]
    there = ours_first(dict.fromkeys(model for stream in drawn for model in stream.curves))
    number = _numbers(there)
    names = [name for name in there if not main_only or number[name] < len(_NUMBERS)]
    out = []
    for stream in drawn:
        lines = [Line(model_name(name), stream.curves[name], number[name]) for name in names if name in stream.curves]
        if not lines:
            continue
        title = stream_name(stream.name)
        svg = line_chart(
            lines, x_title="day", y_title="PR-AUC: higher is better", title=f"PR-AUC by day: {title}",
            mark=mark_of(stream),
        )  # fmt: skip
        out.append(Picture(f"{slug}-{_slug(stream.name)}", svg, f"{title}. {story_of(stream.name)}".rstrip()))
    return out


def mark_of(stream: Stream) -> tuple[float, float, str] | None:
    """From when to when something happened, and what."""
    for kind in ("drift", "event"):
        begins = stream.values.get(f"{kind}_day")
        if begins is not None:
            through = stream.values.get(f"{kind}_until_day", begins)
            return begins, max(begins, through), _MARKS.get(stream.name, "change")
    return None


def _numbers(models: list[str]) -> dict[str, int]:
    """A colour for each: the main ones have their own in every drawing, the others what is left."""
    kinds = (("retrained", RETRAINED), ("lightgbm", LIGHTGBM), ("once", ONCE), ("guessing", GUESSING))
    known = {name: _NUMBERS[kind] for kind, names in kinds for name in names}
    first = ours(models)
    out = {name: 0 if name == first else known[name] for name in models if name == first or name in known}
    others = [name for name in models if name not in out]
    return out | {name: len(_NUMBERS) + place for place, name in enumerate(others)}


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "stream"
