"""Phases: quality before a drift, soon after it and long after it, by what metrics are called or else by a curve."""

import re
import statistics
from typing import Final

from benchmarks.pages.figures import Stream, Values

_SOON_DAYS: Final = 3.0

_OTHERS: Final = {
    "recall": "recall", "lead": "lead", "cost": "cost", "cpu": "cost", "memory": "memory", "detected": "found",
    "flagged": "flagged", "loss": "loss", "accuracy": "accuracy", "roc": "roc",
}  # fmt: skip

# Words of a metric's name, in the order in which they are looked for.
_PHASES: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    ("before", frozenset({"before"})),
    ("soon", frozenset({"soon", "three", "3d"})),
    ("late", frozenset({"late", "later", "long", "settled", "after"})),
    ("whole", frozenset({"pr"})),
)


def phases(stream: Stream, model: str) -> Values:
    """Quality of a model before, soon after and long after the drift, its alarms and its costs, where known."""
    out: Values = {}
    for metric, value in stream.models.get(model, {}).items():
        kind = _kind(metric)
        if kind is not None:
            out.setdefault(kind, value)
    begins, points = stream.values.get("drift_day"), stream.curves.get(model, [])
    if begins is not None:
        through = max(begins, stream.values.get("drift_until_day", begins))
        parts = {
            "before": [y for x, y in points if x < begins],
            "soon": [y for x, y in points if through <= x < through + _SOON_DAYS],
            "late": [y for x, y in points if x >= through + _SOON_DAYS],
        }
        for name, values in parts.items():
            if values:
                out.setdefault(name, statistics.fmean(values))
    return out


def _kind(metric: str) -> str | None:
    words = set(re.split(r"[._]", metric))
    if words & {"low", "high", "gap", "minus", "examples", "positives"}:
        return None
    kind = next((kind for word, kind in _OTHERS.items() if word in words), None)
    if kind is not None:
        return kind
    if not {"pr", "auc"} <= words:
        return None
    return next((name for name, told in _PHASES if told & words), None)
