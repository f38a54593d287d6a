"""Answers about home types: who votes, how well, how the labels come in. Instants are RFC 3339 in UTC."""

from datetime import datetime

from msgspec import Struct

from service.contracts.readings import Instant, TypeName


class Quality(Struct, frozen=True, kw_only=True):
    """Prequential quality over a run of matured examples. ``None`` where it is undefined (no positives yet).

    Attributes:
        examples: How many examples.
        positives: How many of them were positive.
        pr_auc: Average precision.
        roc_auc: Area under the receiver operating characteristic.
        recall_at_1pct_far: Share of positives found when 1 % of the negatives raise a false alarm.
        brier: Mean squared error of the risk.
        log_loss: Mean negative log likelihood, in nats.
    """

    examples: int
    positives: int
    pr_auc: float | None
    roc_auc: float | None
    recall_at_1pct_far: float | None
    brier: float | None
    log_loss: float | None


class MemberState(Struct, frozen=True, kw_only=True):
    """A member of a home type's committee as it stands now.

    Attributes:
        member: Its name.
        version: Counts up as it learns (online: examples learned; checkpoint: its number).
        weight: Its share of the blend, 0 while it does not vote.
        votes: Whether it votes.
        benched: Why not, as in `service.contracts.predictions.MemberAnswer`.
        log_loss: Its decayed prequential log loss, in nats; ``None`` before the first.
        quality: Its prequential quality over the window of the latest matured examples.
    """

    member: str
    version: int
    weight: float
    votes: bool
    benched: str | None
    log_loss: float | None
    quality: Quality | None = None


class LabelCounts(Struct, frozen=True, kw_only=True):
    """What became of the examples of a home type.

    Attributes:
        pending: Waiting for their labels.
        matured: Final; positive, negative, censored and unreported ones together.
        unreported: Would have been negative, but matured while no outcomes arrived: nobody knows.
        learned: Learned; ``positives_learned`` and ``negatives_learned`` together.
        late_readings: Readings that came behind the watermark and are no examples.
        late_failures: Failures that were reported after labels were final which they concern.
        late_positives: Labels that such a failure turned positive afterwards.
    """

    pending: int = 0
    matured: int = 0
    positive: int = 0
    negative: int = 0
    censored: int = 0
    unreported: int = 0
    learned: int = 0
    positives_learned: int = 0
    negatives_learned: int = 0
    late_readings: int = 0
    late_failures: int = 0
    late_positives: int = 0


class OutcomeCounts(Struct, frozen=True, kw_only=True):
    """Outcomes received of the devices of a home type, by kind. Duplicates and refused ones do not count.

    Attributes:
        failures, repairs, retractions: Received so far, also those that were corrected since.
        superseded: How many of the failures and repairs came to take the place of an earlier one.
    """

    failures: int = 0
    repairs: int = 0
    retractions: int = 0
    superseded: int = 0


class HomeTypeSummary(Struct, frozen=True, kw_only=True):
    """One row of the list of home types."""

    home_type: str
    devices: int
    readings: int
    champion: str
    provisional: bool
    watermark: datetime | None
    positives_learned: int
    pr_auc: float | None


class HomeTypeList(Struct, frozen=True, kw_only=True):
    """All home types seen so far.

    Attributes:
        outcomes_waiting: Outcomes of devices that have not been read yet, and so belong to no home type.
    """

    home_types: list[HomeTypeSummary]
    outcomes_waiting: int = 0


class HomeTypeDetail(Struct, frozen=True, kw_only=True):
    """One home type: who votes, how well, and how the labels come in.

    Attributes:
        counts: Pending, matured, learned, censored and late examples.
        outcomes: Outcomes received, by kind.
        lag_events: Events in the log that the learner has not folded yet.
        lag_s: Event time between the newest reading and the learner's watermark, in seconds.
        first_label_due: Watermark at which the oldest pending example matures, or ``None`` without one.
        metrics: Names of the metrics seen, in the order they came.
        metrics_dropped: How many values were dropped because their name came after the limit was reached.
        quality: Prequential quality of the blend over the window of the latest matured examples.
    """

    home_type: str
    devices: int
    readings: int
    champion: str
    provisional: bool
    horizon_s: float
    grace_s: float
    watermark: datetime | None
    lag_events: int
    lag_s: float | None
    first_label_due: datetime | None
    counts: LabelCounts
    outcomes: OutcomeCounts
    modes: dict[str, int]
    metrics: list[str]
    metrics_dropped: int
    members: list[MemberState]
    quality: Quality | None


class Advance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An operator's act: event time has surely reached ``to``, so labels due by then may mature.

    Needed only where a stream ends (a replayed table). Readings older than ``to`` are no examples afterwards.
    """

    to: Instant
    home_type: TypeName | None = None


class AdvanceReceipt(Struct, frozen=True, kw_only=True):
    """The event that holds the act."""

    seq: int


class MemberQuality(Struct, frozen=True, kw_only=True):
    """Quality over all matured examples, and over those after the first 30 %."""

    all: Quality
    last70: Quality


class Evaluation(Struct, frozen=True, kw_only=True):
    """Exact prequential evaluation, by member and for the blend, over the matured examples kept.

    Attributes:
        up_to_seq: The log up to here is evaluated.
        examples: Matured examples, censored ones left out.
        positives: The positive ones among them.
        risk: Quality by member, and ``blend``.
        weights: The weights in force at the end.
    """

    up_to_seq: int
    examples: int
    positives: int
    risk: dict[str, MemberQuality]
    weights: dict[str, float]
