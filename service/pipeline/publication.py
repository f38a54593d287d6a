"""The publication: what the learner hands to the scorer whenever it has learned something.

It carries changes only; publications are installed in the order in which they were made.
"""

import msgspec
from msgspec import Struct

from service.contracts.standing import LabelCounts, OutcomeCounts
from service.models.compiled import CompiledModel
from service.models.compiled_modes import CompiledOnlineModes

DEFAULT = ""
"""Home type of the committee that answers for home types the learner has not met."""


class Member(Struct, frozen=True, kw_only=True):
    """A member as a home type's committee has it.

    Attributes:
        member: Its name.
        model: Key of its compiled model, or None for the prior. The checkpoint's is its SHA-256.
        version: How much it has learned, or which checkpoint it is.
        shift: Log odds by which its raw probability is too high; see `service.labels.sampling`.
        risk: The constant risk of the prior.
        metrics: The metrics it knows, or None if it knows all that its home type has.
        weight: Its weight, 0 if it does not vote.
        benched: Why it does not vote though it could: ``cold``, ``alarm``, ``silence``, ``stale`` or ``not chosen``.
        log_loss: Its decayed prequential log loss.
    """

    member: str
    model: str | None
    version: int
    shift: float = 0.0
    risk: float = 0.0
    metrics: list[str] | None = None
    weight: float = 0.0
    benched: str | None = None
    log_loss: float | None = None


class HomeTypeOut(Struct, frozen=True, kw_only=True):
    """A home type as the learner knows it.

    Attributes:
        members: Its committee.
        slope, offset: Calibration of the blend: slope times its log odds, plus offset.
        modes: Failure modes counted, by device type.
    """

    home_type: str
    members: list[Member]
    slope: float = 1.0
    offset: float = 0.0
    counts: LabelCounts = LabelCounts()
    outcomes: OutcomeCounts = OutcomeCounts()
    modes: dict[str, dict[str, int]] = {}
    watermark_us: int | None = None
    oldest_pending_us: int | None = None


class TrainingDue(Struct, frozen=True, kw_only=True):
    """A checkpoint, of a home type or (None) the global one, that should be trained, and why."""

    home_type: str | None
    why: str


class Publication(Struct, frozen=True, kw_only=True):
    """Changes since the last publication.

    Attributes:
        seq: The log is folded up to here.
        models: Compiled models by key.
        home_types: Committees and counts.
        outcomes_waiting: Outcomes of devices that have not been read yet.
        needed_seq: The first event of the log that the learner needs, also after a restart.
        modes: The online model of failure modes, once it may answer; None if it has not changed.
        due: Trainings that are due after ``seq``; all of them, not only new ones.
    """

    seq: int
    models: dict[str, CompiledModel]
    home_types: list[HomeTypeOut]
    outcomes_waiting: int = 0
    needed_seq: int = 0
    modes: CompiledOnlineModes | None = None
    due: list[TrainingDue] = []


def merged(older: Publication, newer: Publication) -> Publication:
    """Both in one, as if they had been installed one after the other."""
    home_types = {out.home_type: out for out in (*older.home_types, *newer.home_types)}
    return Publication(
        seq=newer.seq,
        models=older.models | newer.models,
        home_types=list(home_types.values()),
        needed_seq=newer.needed_seq,
        modes=newer.modes or older.modes,
        due=newer.due,
        outcomes_waiting=newer.outcomes_waiting,
    )


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Publication)


def encode_publication(publication: Publication) -> bytes:
    """As msgpack."""
    return _ENCODER.encode(publication)


def decode_publication(blob: bytes) -> Publication:
    """The publication of `encode_publication`."""
    return _DECODER.decode(blob)
