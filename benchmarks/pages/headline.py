"""Headline: what all of it comes to, in one table, a few sentences and the curves around a drift."""

import re
import statistics
from collections.abc import Mapping
from typing import Final

from benchmarks.pages.figures import Stream, interval_text, ours, ours_first, quality_text, streams_of
from benchmarks.pages.form.blocks import Block, Cell, Grid, Heading, Items, Kind, Paragraph, Picture, Pictures
from benchmarks.pages.form.chart import Line, line_chart
from benchmarks.pages.phases import phases
from benchmarks.pages.words import ABOUT_PR_AUC, IN_SENTENCES, MODELS, in_words, model_name, story_of
from benchmarks.report import Report, figure_text

_COLUMNS: Final[tuple[tuple[str, str], ...]] = (
    ("before", "PR-AUC before the drift"),
    ("soon", "first 3 days after it"),
    ("late", "long after it"),
    ("whole", "PR-AUC over all"),
    ("recall", "Recall at 1 % false alarms"),
    ("lead", "Lead time"),
    ("cost", "Cost, CPU s"),
)
_WHOLE: Final[tuple[tuple[str, str], ...]] = (
    ("gap_closed", "Of what the drift took, won back"),
    ("minus_retrained", "Ahead of the retrained forest (90 %)"),
    ("minus_lightgbm", "Ahead of LightGBM, retrained (90 %)"),
    ("minus_best_member", "Ahead of its best member (90 %)"),
)
_MISSING: Final = {"recall": "recall at 1 % false alarms", "lead": "lead time", "cost": "cost"}


def headline(reports: Mapping[str, Report]) -> list[Block]:
    """The table, what it says, and the curves; from the committee where online against batch was not measured."""
    streams = _streams(reports)
    if not streams:
        text = "Neither online-vs-batch nor committee is in these results, so there are no models to compare here."
        return [Heading("The answer"), Paragraph(text, "warning")]
    chosen = max(streams, key=_fullness)
    models = ours_first(chosen.models)
    blocks: list[Block] = [
        Heading("What was compared"),
        Items([(model_name(name), MODELS.get(name, ("", "nothing more is known of it here"))[1]) for name in models]),
        Heading("The answer"),
        Paragraph(ABOUT_PR_AUC),
    ]
    sentences = _sentences(chosen, streams)
    if sentences:
        blocks.append(Items([("", sentence) for sentence in sentences]))
    blocks += [
        Heading(f"All models on one stream: {in_words(chosen.name).lower()}", 3),
        _table(chosen, models),
        Paragraph(_legend(chosen), "small"),
    ]
    drawn = [stream for stream in streams if stream.curves]
    if drawn:
        blocks.append(Heading("How good they are, day by day", 3))
        blocks.append(Pictures(curves(drawn)))
        blocks.append(Paragraph("The dashed upright line is the drift. Higher is better.", "small"))
    others = _streams_table(streams)
    if others is not None:
        blocks += [Heading("All streams", 3), others]
    return blocks


def curves(streams: list[Stream]) -> list[Picture]:
    """A drawing for each stream; a model has the same colour in all of them."""
    names = ours_first(dict.fromkeys(model for stream in streams for model in stream.curves))
    number = {name: place for place, name in enumerate(names)}
    out = []
    for place, stream in enumerate(streams):
        drift = stream.values.get("drift_day")
        until = stream.values.get("drift_until_day", drift)
        lines = [Line(model_name(name), stream.curves[name], number[name]) for name in names if name in stream.curves]
        title = in_words(stream.name)
        mark = None if drift is None or until is None else (drift, max(drift, until), "drift")
        svg = line_chart(
            lines, x_title="day of event time", y_title="PR-AUC", title=f"PR-AUC by day: {title}", mark=mark
        )  # fmt: skip
        slug = re.sub(r"[^a-z0-9]+", "-", stream.name.lower()).strip("-")
        out.append(Picture(f"curve-{place + 1}-{slug}", svg, f"{title}. {story_of(stream.name)}".rstrip()))
    return out


def _streams(reports: Mapping[str, Report]) -> list[Stream]:
    if "online-vs-batch" in reports:
        found = [stream for stream in streams_of(reports["online-vs-batch"]) if stream.models]
        if found:
            return found
    if "committee" not in reports:
        return []
    return [stream for stream in streams_of(reports["committee"]) if stream.models]


def _fullness(stream: Stream) -> int:
    return sum(len(phases(stream, model).keys() - {"whole"}) for model in stream.models)


def _table(stream: Stream, models: list[str]) -> Grid:
    of = {model: phases(stream, model) for model in models}
    shown = [(kind, title) for kind, title in _COLUMNS if any(kind in values for values in of.values())]
    head: list[tuple[str, Kind]] = [("Model", "text"), *((title, "number") for _, title in shown)]
    rows: list[list[Cell]] = []
    for model in models:
        values = of[model]
        rows.append([model_name(model), *(_cell(kind, values.get(kind)) for kind, _ in shown)])
    first = ours(models)
    return Grid(head, rows, strong=frozenset(n for n, model in enumerate(models) if model == first))


def _cell(kind: str, value: float | None) -> str:
    if value is None:
        return "-"
    if kind == "lead":
        return f"{value:.1f}\u00a0h"
    if kind == "cost":
        return figure_text(round(value, 1))
    return f"{100.0 * value:.0f}\u00a0%" if kind == "recall" else quality_text(value)


def _legend(stream: Stream) -> str:
    text = "Long after it: from the fourth day on. A dash: not measured."
    known = {kind for model in stream.models for kind in phases(stream, model)}
    missing = [words for kind, words in _MISSING.items() if kind not in known]
    if "cost" in known:
        text += " Cost: seconds of one processor for training and scoring, for a million readings."
    return text + (f" Not in these results: {', '.join(missing)}." if missing else "")


def _sentences(stream: Stream, streams: list[Stream]) -> list[str]:
    """What the tables say, in words: of all streams, then of one."""
    out = [_over_all(streams)] if any("minus_retrained" in other.values for other in streams) else []
    first = ours(stream.models)
    told = phases(stream, first) if first is not None else {}
    opening = f"On the stream “{in_words(stream.name).lower()}”"
    for kind, when in (
        ("before", "before the drift"),
        ("soon", "in the three days after it"),
        ("late", "from then on"),
    ):
        if kind not in told:
            continue
        rivals = [
            f"{IN_SENTENCES[model]} at {quality_text(phases(stream, model)[kind])}"
            for model in IN_SENTENCES
            if kind in phases(stream, model) and model in stream.models
        ]
        beside = f", {', '.join(rivals)}" if rivals else ""
        start = f"{opening}, {when}" if opening else when[:1].upper() + when[1:]
        out.append(f"{start}, Hearthbeat is at {quality_text(told[kind])}{beside}.")
        opening = ""
    closed = stream.values.get("gap_closed")
    if closed is not None:
        text = "Of what the drift took from a model that is trained once, Hearthbeat has won back "
        out.append(text + (f"{100.0 * closed:.0f}\u00a0%." if closed >= 0 else "nothing."))
    return out


def _over_all(streams: list[Stream]) -> str:
    """How often the service is ahead of the retrained forest, and how often that may be chance."""
    values = [stream.values for stream in streams if "minus_retrained" in stream.values]
    mean = statistics.fmean(of["minus_retrained"] for of in values)
    ahead = sum(of.get("minus_retrained.low", 0.0) > 0.0 for of in values)
    behind = sum(of.get("minus_retrained.high", 0.0) < 0.0 for of in values)
    count = "the only stream" if len(values) == 1 else f"{len(values)} streams"
    return (
        f"Against a forest that is retrained again and again, Hearthbeat is {abs(mean):.3f} "
        f"{'ahead' if mean >= 0.0 else 'behind'} on average over {count}: ahead by more than chance on {ahead}, "
        f"behind by more than chance on {behind}, and on {len(values) - ahead - behind} nobody can tell."
    )


def _streams_table(streams: list[Stream]) -> Grid | None:
    """What is said of each stream as a whole; None if nothing is."""
    shown = [(kind, title) for kind, title in _WHOLE if any(kind in stream.values for stream in streams)]
    if not shown:
        return None
    head: list[tuple[str, Kind]] = [("Stream", "text"), *((title, "number") for _, title in shown)]
    told = [stream for stream in streams if any(kind in stream.values for kind, _ in shown)]
    return Grid(head, [[in_words(stream.name), *(_of_stream(stream, kind) for kind, _ in shown)] for stream in told])


def _of_stream(stream: Stream, kind: str) -> str:
    value = stream.values.get(kind)
    if kind == "gap_closed" and value is not None:
        return f"{100.0 * value:.0f}\u00a0%"
    return interval_text(stream.values, kind, signed=True)
