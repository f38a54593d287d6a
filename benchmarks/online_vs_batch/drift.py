"""Drift: how everybody did before it, in the three days after it was through, and from then on."""

from benchmarks.prequential.compare import SETTLED_US, drift_us, gap_rows
from benchmarks.prequential.contest import FROZEN, Contest
from benchmarks.prequential.played import DAY_US, Played
from benchmarks.report import Row
from service.evaluation.metrics import pr_auc


def drift_rows(name: str, begins: float, through: float, held: Contest, seed: int) -> list[Row]:
    """The rows of a stream with a drift.

    Args:
        name: Of the stream, in the ids.
        begins, through: Where the drift begins and is through, as shares of the span.
        held: Who answered what.
        seed: Of the oracle.
    """
    played = held.played
    begins_us, through_us = drift_us(begins, through, played)
    rows = begins_rows(f"{name}.drift", begins, through, played)
    parts = {
        "before": played.ts < begins_us,
        "three_days": (played.ts >= through_us) & (played.ts < through_us + SETTLED_US),
        "long_after": played.ts >= through_us + SETTLED_US,
    }
    for model in held.risks:
        for part, where in parts.items():
            value = pr_auc(held.labels(where), held.of(model, where))
            rows.append(Row(f"{name}.{model}.{part}.pr_auc", value, "", "higher"))
    return rows + gap_rows(name, begins, through, played, held.risks[FROZEN], seed)


def begins_rows(name: str, begins: float, through: float, played: Played) -> list[Row]:
    """When something begins and is through, which are shares of the span, in days since the first example."""
    ends = zip(("begins", "through"), drift_us(begins, through, played), strict=True)
    return [Row(f"{name}.{end}", (at_us - int(played.ts[0])) / DAY_US, "days", "higher") for end, at_us in ends]
