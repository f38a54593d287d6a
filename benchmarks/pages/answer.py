"""Answer: what all figures come to, in sentences for whoever knows neither the code nor the field."""

import statistics
from collections.abc import Sequence
from typing import Final

from benchmarks.pages.figures import Stream, Values, ours
from benchmarks.pages.names import stream_name
from benchmarks.pages.phases import phases
from benchmarks.report import figure_text

_AGAINST: Final = (
    ("minus_retrained", "a random forest that somebody trains anew every day"),
    ("minus_frozen", "a random forest that was trained once on 10,000 samples, and never again"),
)
_SAME: Final = 0.01
_WORTH_WINNING: Final = 0.05
"""Below so much PR-AUC, a change took too little for its share that was won back to say anything."""


def verdict(streams: Sequence[Stream]) -> str:
    """Whether learning all the time pays, in one sentence; empty where nothing was held against it."""
    retrained, once = (_mean(streams, metric) for metric, _ in _AGAINST)
    if retrained is None:
        return ""
    good = [mean >= -_SAME for mean in (retrained, once) if mean is not None]
    start = "Yes" if all(good) else "In part" if any(good) else "No"
    text = (
        f"{start}: without anybody training it, Hearthbeat is on average {_than(retrained)} a model that somebody "
        "trains anew every day"
    )
    if once is None:
        return f"{text}."
    return f"{text}, {'and' if len(set(good)) == 1 else 'but'} {_than(once)} one that was trained once."


def _than(difference: float) -> str:
    return "better than" if difference > _SAME else "as good as" if difference >= -_SAME else "worse than"


def answer(stream: Stream, streams: Sequence[Stream]) -> list[str]:
    """What to know of all streams, and of the one that tells the most."""
    out = [text for metric, rival in _AGAINST for text in _against(streams, metric, rival)]
    return out + won_back(stream) + _alarms(stream)


def won_back(stream: Stream) -> list[str]:
    """How much of what a change took the service has won back."""
    closed, gap = stream.values.get("gap_closed"), stream.values.get("gap")
    if closed is None:
        return []
    where = f"When the world changes, as in “{stream_name(stream.name)}”"
    best = "a forest trained with the answers from after the change, which nobody has in life"
    if gap is not None and gap < _WORTH_WINNING:
        return [f"{where}, even {best}, is only {gap:.3f} better than the one trained once: little was to be won back."]
    share = f"{100.0 * closed:.0f}\u00a0%" if closed >= 0.0 else "none"
    return [
        f"{where}, the forest trained once goes on as if nothing had happened. Between it and {best}, Hearthbeat "
        f"covers {share} of the way, counted from the fourth day after the change."
    ]


def _mean(streams: Sequence[Stream], metric: str) -> float | None:
    told = [stream.values[metric] for stream in streams if metric in stream.values]
    return statistics.fmean(told) if told else None


def _against(streams: Sequence[Stream], metric: str, rival: str) -> list[str]:
    """How far the service is ahead of a rival, and how often that may be chance."""
    told = [stream.values for stream in streams if metric in stream.values]
    mean = _mean(streams, metric)
    if mean is None:
        return []
    ahead = sum(_end(values, metric, "low") > 0.0 for values in told)
    behind = sum(_end(values, metric, "high") < 0.0 for values in told)
    return [
        f"Hearthbeat is on average {abs(mean):.3f} {'better' if mean >= 0.0 else 'worse'} than {rival}. Of {len(told)} "
        f"stream{'s' if len(told) != 1 else ''} it is better on {ahead} and worse on {behind} by more than chance "
        f"explains, and on {len(told) - ahead - behind} it is too close to call."
    ]


def _end(values: Values, metric: str, end: str) -> float:
    return values.get(f"{metric}.{end}", 0.0)


def _alarms(stream: Stream) -> list[str]:
    """What that means for whoever looks after devices."""
    first = ours(stream.models)
    told = phases(stream, first) if first is not None else {}
    if not {"found", "lead"} <= told.keys():
        return []
    text = (
        f"In use, on “{stream_name(stream.name)}”: if 1 of 100 readings of healthy devices may raise an alarm, the "
        f"alarms find {100.0 * told['found']:.0f}\u00a0% of the failures, half of those at least {told['lead']:.0f} "
        f"hours ahead."
    )
    if "cost" in told:
        text += (
            f" A million readings take {figure_text(round(told['cost']))} seconds of one processor, all work included."
        )
    return [text]
