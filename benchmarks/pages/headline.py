"""Headline: the answer in a few sentences, one table over all streams, and the curves around a change of the world."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from benchmarks.pages.answer import answer, verdict
from benchmarks.pages.drawings import curves, mark_of
from benchmarks.pages.figures import Stream, interval_text, ours, ours_first, quality_text, streams_of
from benchmarks.pages.form.blocks import Block, Cell, Fold, Grid, Heading, Items, Kind, Paragraph, Pictures
from benchmarks.pages.names import GUESSING, LIGHTGBM, MODELS, ONCE, RETRAINED, model_name, story_of, stream_name
from benchmarks.pages.phases import phases
from benchmarks.pages.words import HOW_TO_READ, TABLES, WITHOUT_DELAY
from benchmarks.report import Report, figure_text

NOTHING: Final = "Neither online-vs-batch nor committee is in these results, so there are no models to compare here."

_SOURCES: Final = (("online-vs-batch", "real"), ("committee",))
"""Benchmarks that let models compete, the most telling first; of a stream that two of a line have, the first counts."""

_COLUMNS: Final[tuple[tuple[str, str], ...]] = (
    ("whole", "PR-AUC over all"),
    ("before", "PR-AUC before the change"),
    ("soon", "first 3 days after"),
    ("late", "long after"),
    ("recall", "Recall at 1 % false alarms"),
    ("found", "Failures found"),
    ("flagged", "Healthy devices flagged"),
    ("lead", "Lead time"),
    ("loss", "Log loss"),
    ("cost", "CPU s a million readings"),
    ("memory", "Memory, MB"),
    ("accuracy", "Accuracy"),
    ("roc", "ROC-AUC"),
)
_PHASES: Final = (("before", "Before the change"), ("soon", "First 3 days after it"), ("late", "From then on"))
_STREAMS: Final = (
    "A stream is what is played to all models: a simulated fleet of smart homes, in which something may change, or "
    "real data that others published. PR-AUC over the whole of each, the best of a row bold; the range in brackets "
    "shows what may be chance."
)
_WHOLE: Final = (
    "PR-AUC over the whole of a stream, as below, is no average of these: it ranks the readings of all days together, "
    "so a risk must also mean the same before and after."
)
_RIVALS: Final = (RETRAINED, LIGHTGBM, ONCE, GUESSING)
_DIFFERENCES: Final[tuple[tuple[str, str], ...]] = (
    ("minus_retrained", "Ours less retrained daily (90 % range)"),
    ("gap_closed", "Way to the answers covered"),
)


def contests(reports: Mapping[str, Report]) -> list[Stream]:
    """All streams on which models compete; those with the most to tell of first come as they are."""
    for names in _SOURCES:
        found: dict[str, Stream] = {}
        for name in names:
            for stream in streams_of(reports[name]) if name in reports else ():
                if stream.models and ours(stream.models) is not None:
                    found.setdefault(stream.name, stream)
        if found:
            return list(found.values())
    return []


def telling(streams: Iterable[Stream]) -> Stream:
    """The stream that tells the most: one with a change, and of those the one with the most to win back."""
    return max(streams, key=lambda stream: (_fullness(stream), stream.values.get("gap", 0.0)))


def headline(reports: Mapping[str, Report]) -> list[Block]:
    """What must be read: the answer, one picture, one table, and who is compared."""
    streams = contests(reports)
    if not streams:
        return [Heading("The answer"), Paragraph(NOTHING, "warning")]
    chosen = telling(streams)
    quick = any(report.size == "quick" for report in reports.values())
    said = "" if quick else verdict(streams)
    blocks: list[Block] = [Heading("The answer"), *([Paragraph(said, "lead")] if said else []), Paragraph(HOW_TO_READ)]
    blocks.append(Items([("", sentence) for sentence in answer(chosen, streams)]))
    if chosen.curves:
        changes = mark_of(chosen) is not None
        blocks += [
            Heading("When the world changes" if changes else "Day by day", 3),
            Pictures(curves([chosen], main_only=True)),
            Paragraph(f"The thick line is ours.{' The vertical line is the change.' if changes else ''}", "small"),
            *_change(chosen),
        ]
    blocks += [Heading("Stream by stream", 3), Paragraph(_STREAMS), overview(streams)]
    if any(stream.name in WITHOUT_DELAY for stream in streams):
        blocks.append(Paragraph(TABLES, "small"))
    stories = [(stream_name(stream.name), story) for stream in streams if (story := story_of(stream.name))]
    if stories:
        blocks.append(Fold("What happens in each stream", [Items(stories)]))
    models = [name for name in ours_first(chosen.models) if name in MODELS]
    main = [name for name in models if not _is_member(name)]
    members = [name for name in models if _is_member(name)]
    blocks += [Heading("Who is compared", 3), Items([MODELS[name] for name in main])]
    if members:
        text = "Hearthbeat's own models, which vote. Each is also judged alone:"
        blocks.append(Fold("The members", [Paragraph(text), Items([MODELS[name] for name in members])]))
    return blocks


def _change(stream: Stream) -> list[Block]:
    """Quality before, soon after and long after the change, of those that the head is about."""
    models = [name for name in ours_first(stream.models) if name in MODELS and not _is_member(name)]
    of = {name: phases(stream, name) for name in models}
    told = [name for name in models if any(kind in of[name] for kind, _ in _PHASES)]
    head: list[tuple[str, Kind]] = [("PR-AUC", "text"), *((title, "number") for _, title in _PHASES)]
    rows: list[list[Cell]] = [
        [model_name(name), *(_cell(kind, of[name].get(kind)) for kind, _ in _PHASES)] for name in told
    ]
    first = ours(told)
    if not rows:
        return []
    grid = Grid(head, rows, strong=frozenset(n for n, name in enumerate(told) if name == first))
    return [grid, Paragraph(_WHOLE, "small")]


def overview(streams: Sequence[Stream]) -> Grid:
    """PR-AUC of the service beside its rivals, a row for each stream."""
    there = [names for names in _RIVALS if any(_first(names, stream) is not None for stream in streams)]
    shown = [(kind, title) for kind, title in _DIFFERENCES if any(kind in stream.values for stream in streams)]
    titles = [model_name(names[0]) for names in there]
    head: list[tuple[str, Kind]] = [
        ("Stream", "text"), ("Hearthbeat (ours)", "number"), *((title, "number") for title in titles),
        *((title, "number") for _, title in shown),
    ]  # fmt: skip
    rows: list[list[Cell]] = []
    best: set[tuple[int, int]] = set()
    for number, stream in enumerate(streams):
        names = [ours(stream.models), *(_first(rival, stream) for rival in there)]
        qualities = [None if name is None else phases(stream, name).get("whole") for name in names]
        texts = [quality_text(value) for value in qualities]
        top = max((value for value in qualities if value is not None), default=None)
        if top is not None:
            best |= {(number, place + 1) for place, text in enumerate(texts) if text == quality_text(top)}
        rows.append([stream_name(stream.name), *texts, *(_of_stream(stream, kind) for kind, _ in shown)])
    return Grid(head, rows, strong_cells=frozenset(best))


def whole_table(stream: Stream) -> list[Block]:
    """All models on one stream, with all that is measured of them."""
    models = ours_first(stream.models)
    of = {model: phases(stream, model) for model in models}
    shown = [(kind, title) for kind, title in _COLUMNS if any(kind in values for values in of.values())]
    head: list[tuple[str, Kind]] = [("Model", "text"), *((title, "number") for _, title in shown)]
    rows: list[list[Cell]] = [
        [model_name(model), *(_cell(kind, of[model].get(kind)) for kind, _ in shown)] for model in models
    ]
    first = ours(models)
    text = "Long after: from the fourth day on. A dash: not measured, or it does not apply."
    return [
        Grid(head, rows, strong=frozenset(n for n, model in enumerate(models) if model == first)),
        Paragraph(text, "small"),
    ]


def _fullness(stream: Stream) -> int:
    first = ours(stream.models)
    kinds = phases(stream, first) if first is not None else {}
    return len(kinds) + 2 * ("soon" in kinds)


def _first(names: Sequence[str], stream: Stream) -> str | None:
    """Of these models the first that is judged on the whole stream."""
    return next((name for name in names if "whole" in phases(stream, name)), None)


def _is_member(name: str) -> bool:
    return model_name(name).startswith("Member")


def _cell(kind: str, value: float | None) -> str:
    if value is None:
        return "-"
    if kind == "lead":
        return f"{value:.1f}\u00a0h"
    if kind in ("cost", "memory"):
        return figure_text(round(value, 1)) if value >= 0.1 else "<0.1"
    return f"{100.0 * value:.0f}\u00a0%" if kind in ("recall", "found", "flagged") else quality_text(value)


def _of_stream(stream: Stream, kind: str) -> str:
    value = stream.values.get(kind)
    if kind == "gap_closed" and value is not None:
        return f"{100.0 * value:.0f}\u00a0%"
    return interval_text(stream.values, kind, signed=True)
