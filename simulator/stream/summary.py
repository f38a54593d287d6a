"""Summary: what a stream brought, as one JSON object for programs or as some lines for people."""

from typing import Protocol

import msgspec
from msgspec import Struct

from service.contracts.standing import Evaluation, MemberQuality


class Counts(Protocol):
    """Counts of readings over a stream, and the seconds that it took."""

    sent: int
    accepted: int
    duplicate: int
    late: int
    refused: int
    seconds: float


class Summary(Struct, frozen=True, kw_only=True):
    """The JSON form: the service's evaluation and the stream's counts of readings."""

    risk: dict[str, MemberQuality]
    examples: int
    positives: int
    sent: int
    accepted: int
    duplicate: int
    late: int
    refused: int
    readings_per_s: float
    weights: dict[str, float]


def summarise(evaluation: Evaluation, counts: Counts) -> Summary:
    """Put the evaluation and the counts together."""
    return Summary(
        risk=evaluation.risk,
        examples=evaluation.examples,
        positives=evaluation.positives,
        sent=counts.sent,
        accepted=counts.accepted,
        duplicate=counts.duplicate,
        late=counts.late,
        refused=counts.refused,
        readings_per_s=round(counts.sent / counts.seconds, 1) if counts.seconds > 0 else 0.0,
        weights=evaluation.weights,
    )


def show_summary(evaluation: Evaluation, counts: Counts, *, as_json: bool) -> None:
    """Print the summary on stdout."""
    summary = summarise(evaluation, counts)
    if as_json:
        print(msgspec.json.encode(summary).decode())
        return
    print(
        f"{summary.sent:,} readings sent at {summary.readings_per_s:,.0f}/s: {summary.accepted:,} accepted, "
        f"{summary.duplicate:,} duplicate, {summary.late:,} late, {summary.refused:,} refused"
    )
    if summary.sent and not summary.accepted:
        print("nothing of it was new: the service knows these readings, or newer ones of their devices")
    print(f"in this service so far {summary.examples:,} examples matured, {summary.positives:,} of them positive")
    if set(summary.risk) <= {"blend", "baseline", "prior"}:
        print(
            "no online member had a say yet: labels mature when their horizon has passed, and a stream at full speed "
            "ends before the learner is there; try `serve --lockstep`, or --speed, or more days"
        )
    print(f"{'member':<24}{'weight':>8}{'PR-AUC':>8}{'ROC-AUC':>9}{'recall@1%':>11}{'Brier':>8}{'log loss':>10}")
    for member, quality in sorted(summary.risk.items(), key=lambda item: (item[0] != "blend", item[0])):
        figures = quality.all
        columns = (
            (summary.weights.get(member), 8),
            (figures.pr_auc, 8),
            (figures.roc_auc, 9),
            (figures.recall_at_1pct_far, 11),
            (figures.brier, 8),
            (figures.log_loss, 10),
        )
        print(f"{member:<24}" + "".join(f"{'-' if x is None else format(x, '.3f'):>{width}}" for x, width in columns))
