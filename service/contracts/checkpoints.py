"""Checkpoints: what is asked of the trainer, and what it answers.

The trainer is a process of its own. It is sent `TrainingOrder`s, tells `Progress`, and ends each order with one
`TrainingReport`. Whatever goes into a checkpoint stands in the order or in the training store, so that the same order
on the same store gives the same file.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from service.contracts.readings import TypeName

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Present(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The version that serves now.

    Attributes:
        file: Its file in the model folder.
        sha256: The file's digest.
        shift: By how much leaving negatives out raised its log odds.
        trained_to_seq: No example that matured at a later event was trained on.
    """

    file: str
    sha256: Sha256
    shift: float
    trained_to_seq: int


class Target(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to train.

    Attributes:
        home_type: For which home type; None is the global checkpoint, of the examples of all home types.
        number: Number of the new version.
        present: The version it has to stand up to, or None if there is none.
        must_win: Whether it has to be better, and not only not worse: a home type's first own version, where the global
            one serves.
    """

    home_type: TypeName | None
    number: Annotated[int, Meta(ge=1)]
    present: Present | None = None
    must_win: bool = False


class TrainingOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Train checkpoints of the training store as it stood after an event.

    Attributes:
        examples: Path of the training store.
        models: Path of the model folder.
        up_to_seq: Blocks that matured at later events do not count.
        targets: What to train, one after the other.
        layouts: Feature column names by home type as they are now; rows logged earlier are a prefix.
        horizon_us, grace_us: Horizon and grace of the labels, in microseconds.
        seed: Seed of fit and bootstrap.
        window: So many of the newest matured examples of each home type count.
        min_positives: With fewer positives nothing is trained.
        holdout_share: Share of the examples, the newest, of which those of every second device judge a candidate.
        margin: A candidate may be worse than the present version by so much PR-AUC.
        confidence: It is rejected if the probability that it is worse than that is above this.
        created_us: When the order was given, in microseconds; stands in the manifests.
    """

    examples: str
    models: str
    up_to_seq: int
    targets: list[Target]
    layouts: dict[str, list[str]]
    horizon_us: Annotated[int, Meta(gt=0)]
    grace_us: Annotated[int, Meta(ge=0)]
    seed: Annotated[int, Meta(ge=0)]
    window: Annotated[int, Meta(ge=1)]
    min_positives: Annotated[int, Meta(ge=1)]
    holdout_share: Annotated[float, Meta(gt=0.0, lt=1.0)] = 0.2
    margin: Annotated[float, Meta(ge=0.0)] = 0.02
    confidence: Share = 0.8
    created_us: int


Stage = Literal["reading examples", "judging", "fitting", "writing", "done"]


class Progress(Struct, frozen=True, kw_only=True, tag="progress"):
    """How far a target has come: the stage that begins, and the share of the work that is done."""

    home_type: str | None
    stage: Stage
    share: Share


class HeldOut(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Quality of a model on held-out examples, weighted back to all that matured. ``None`` where it is undefined.

    Attributes:
        examples: How many held-out examples it was asked about.
        positives: How many of them are positive.
        failing_devices: How many devices these are of.
        base_rate: Share of positives among all matured, uncensored examples of that time.
        pr_auc: Average precision.
        recall_at_1pct_far: Share of positives found when 1 % of the negatives raise a false alarm.
        brier: Mean squared error of the risk.
        log_loss: Mean negative log likelihood, in nats.
        mode_recall: The recall at the same threshold by failure mode, of modes that were told.
    """

    examples: int
    positives: int
    failing_devices: int
    base_rate: float
    pr_auc: float | None
    recall_at_1pct_far: float | None
    brier: float | None
    log_loss: float | None
    mode_recall: dict[str, float] = {}


class Difference(Struct, frozen=True, kw_only=True):
    """PR-AUC of a candidate minus that of the present version, on examples that neither was trained on.

    Attributes:
        point: The difference itself.
        low, high: 90 % interval by a bootstrap over devices.
        worse: Probability that the candidate is worse by more than the margin.
        better: Probability that it is better.
    """

    point: float
    low: float
    high: float
    worse: float
    better: float


Outcome = Literal["published", "rejected", "too_few", "failed"]


class TrainingResult(Struct, frozen=True, kw_only=True):
    """What became of a target.

    Attributes:
        home_type, number: Of the target.
        outcome: ``published`` (a file was written), ``rejected`` (worse than the present version), ``too_few`` (not
            enough positives to train on), or ``failed``.
        reason: Why, in a sentence.
        file, sha256: The model file in the model folder, where one was written.
        shift: By how much leaving negatives out raised its log odds.
        metrics: The metrics it knows.
        seq_first, seq_last: The first and the last event at which an example matured that it was trained on.
        trained_to_us: Instant of the newest example that it was trained on, in microseconds.
        samples, positives: The feature rows it was trained on, and the positive ones among them.
        quality: Of the candidate, on the whole hold-out. It was fitted to the rest; what is published is fitted once
            more, to everything.
        unseen_quality, present_quality: Of the candidate and of the present version on those held-out examples that the
            present version was not trained on.
        difference: Between these two.
    """

    home_type: str | None
    number: int
    outcome: Outcome
    reason: str
    file: str | None = None
    sha256: str | None = None
    shift: float = 0.0
    metrics: list[str] = []
    seq_first: int = 0
    seq_last: int = 0
    trained_to_us: int = 0
    samples: int = 0
    positives: int = 0
    quality: HeldOut | None = None
    unseen_quality: HeldOut | None = None
    present_quality: HeldOut | None = None
    difference: Difference | None = None


class TrainingReport(Struct, frozen=True, kw_only=True, tag="report"):
    """The end of an order: a result for each of its targets, in order; none, and a fault, if it could not be read."""

    results: list[TrainingResult]
    fault: str | None = None


TrainerMessage = Progress | TrainingReport

_ENCODER = msgspec.msgpack.Encoder()
_ORDERS = msgspec.msgpack.Decoder(TrainingOrder)
_MESSAGES: msgspec.msgpack.Decoder[TrainerMessage] = msgspec.msgpack.Decoder(TrainerMessage)


def encode_order(order: TrainingOrder) -> bytes:
    """As msgpack."""
    return _ENCODER.encode(order)


def decode_order(blob: bytes) -> TrainingOrder:
    """The order of `encode_order`.

    Raises:
        msgspec.MsgspecError: It is none.
    """
    return _ORDERS.decode(blob)


def encode_message(message: TrainerMessage) -> bytes:
    """As msgpack."""
    return _ENCODER.encode(message)


def decode_message(blob: bytes) -> TrainerMessage:
    """The message of `encode_message`.

    Raises:
        msgspec.MsgspecError: It is none.
    """
    return _MESSAGES.decode(blob)
