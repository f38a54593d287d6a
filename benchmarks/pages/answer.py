"""Answer: what all figures come to, in sentences for whoever knows neither the code nor the field."""

import statistics
from collections.abc import Sequence
from typing import Final

from benchmarks.pages.figures import Stream, Values, ours
from benchmarks.pages.names import ONCE, OURS, RETRAINED, stream_name
from benchmarks.pages.phases import phases
from benchmarks.report import figure_text
from simulator.scenarios import SCENARIOS

_AGAINST: Final = (
    ("minus_retrained", "a random forest that somebody trains anew every day"),
    ("minus_frozen", "a random forest that was trained once on 10,000 samples, and never again"),
)
_SAME: Final = 0.01


def verdict(streams: Sequence[Stream]) -> str:
    """Whether learning all the time pays, in one sentence; empty where nothing was held against it."""
    retrained, once = (_mean(streams, metric) for metric, _ in _AGAINST)
    if retrained is None:
        return ""
    good = [mean >= -_SAME for mean in (retrained, once) if mean is not None]
    lost = any(_worse(streams, metric) for metric, _ in _AGAINST)
    start = ("Mostly" if lost else "Yes") if all(good) else "In part" if any(good) else "No"
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
    return out + after_a_change(stream, streams) + _alarms(stream)


def after_a_change(stream: Stream, streams: Sequence[Stream]) -> list[str]:
    """How good who goes on learning is once a change is some days old, there and on all streams with one."""
    both = [pair for each in streams if (pair := _late(each)) is not None]
    here, once = _late(stream), _of_first(stream, ONCE, "late")
    if here is None or once is None:
        return []
    ahead = sum(mine > theirs for mine, theirs in both)
    behind = ", a model that learns no more stays behind" if once < min(here) else ""
    return [
        f"When the world changes, as in “{stream_name(stream.name)}”{behind}: from the fourth "
        f"day after the change on, the forest trained once has {once:.3f}, Hearthbeat {here[0]:.3f}, and "
        f"the one retrained daily {here[1]:.3f}. Of {len(both)} stream{'s' if len(both) != 1 else ''} with a change "
        f"Hearthbeat is then ahead of the one retrained daily on {ahead}."
    ]


def _late(stream: Stream) -> tuple[float, float] | None:
    """Quality long after a change, of the service and of the forest retrained daily."""
    mine, theirs = _of_first(stream, OURS, "late"), _of_first(stream, RETRAINED, "late")
    return None if mine is None or theirs is None else (mine, theirs)


def _of_first(stream: Stream, names: Sequence[str], kind: str) -> float | None:
    """A figure of the first of these models that is there."""
    return next((phases(stream, name).get(kind) for name in names if name in stream.models), None)


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
    worse = _worse(streams, metric)
    behind = len(worse)
    where = f" It is worse on {_listed(worse)}." if worse else ""
    real = [stream.values[metric] for stream in streams if metric in stream.values and stream.name not in SCENARIOS]
    if 0 < len(real) < len(told):
        where += f" On real data alone it is on average {_by(statistics.fmean(real))}."
    return [
        f"Hearthbeat is on average {_by(mean)} than {rival}. Of {len(told)} "
        f"stream{'s' if len(told) != 1 else ''} it is better on {ahead} and worse on {behind} by more than chance "
        f"explains, and on {len(told) - ahead - behind} it is too close to call.{where}"
    ]


def _by(difference: float) -> str:
    return f"{abs(difference):.3f} {'better' if difference >= 0.0 else 'worse'}"


def _worse(streams: Sequence[Stream], metric: str) -> list[str]:
    """Names of the streams on which the service is behind by more than chance explains."""
    told = [stream for stream in streams if metric in stream.values]
    return [f"“{stream_name(stream.name)}”" for stream in told if _end(stream.values, metric, "high") < 0.0]


def _listed(names: Sequence[str]) -> str:
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]


def _end(values: Values, metric: str, end: str) -> float:
    return values.get(f"{metric}.{end}", 0.0)


def _alarms(stream: Stream) -> list[str]:
    """What that means for whoever looks after devices."""
    first = ours(stream.models)
    told = phases(stream, first) if first is not None else {}
    if not {"found", "lead"} <= told.keys():
        return []
    rival = _of_first(stream, RETRAINED, "found")
    beside = f" (retrained daily: {100.0 * rival:.0f}\u00a0%)" if rival is not None else ""
    text = (
        f"As alarms, on “{stream_name(stream.name)}”: with a bar above which 1 of 100 readings of healthy devices "
        f"lies, they come before {100.0 * told['found']:.0f}\u00a0% of the failures{beside}, half of those "
        f"{told['lead']:.1f} hours before or earlier."
    )
    if "flagged" in told:
        text += f" {100.0 * told['flagged']:.0f}\u00a0% of the devices that never failed raise one some time."
    if "cost" in told:
        text += (
            f" A reading takes {figure_text(round(told['cost'] / 1000.0, 2))} thousandths of a second of one "
            "processor, all work included."
        )
    return [text]
