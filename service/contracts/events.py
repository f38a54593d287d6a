"""Events: what stands in the log, the one truth of the service.

Inputs only, each with what was answered at the time: readings with their features and risks, outcomes, an operator's
acts, published checkpoints. Whatever else the service knows is a fold over these. Columns are little-endian arrays as
bytes; numbers of devices, metrics and device types are given out per home type in log order, from 0.
"""

import zlib
from typing import Annotated, Literal

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from service.contracts.decoding import UNDECODABLE
from service.contracts.forgetting import Erased, Forgotten
from service.contracts.outcomes import Outcome

SCHEMA = 2
"""Version of everything in this file. A data folder of another version is refused at start."""


Digest = Annotated[str, Meta(min_length=64, max_length=64)]
"""A SHA-256 in hexadecimal."""


class Vote(Struct, frozen=True, array_like=True):
    """A member as it stood when it answered: name, version, weight in the blend (0: it did not vote), why not."""

    member: str
    version: int
    weight: float
    benched: str | None = None


class ReadingGroup(Struct, frozen=True, kw_only=True):
    """The accepted readings of one home type of requests that were taken together, in order of ``ts``.

    Attributes:
        home_type: Whose readings.
        new_devices: (home_id, device_id) of devices first seen here; they take the next device numbers.
        new_metrics: Metrics first seen here; they take the next metric numbers.
        new_device_types: Device types first seen here.
        device: int32 (n,) device numbers.
        device_type: int16 (n,) device type numbers.
        ts: int64 (n,) instants in microseconds since the epoch.
        offset_s: int32 (n,) offset of the homes' local time from UTC in seconds.
        cycle: bool (n,) whether the time is a cycle count.
        values: float64 (n, m) metric values, NaN where unknown.
        dropped: Values left out since the home type has as many metrics as it may.
        example: int32 (k,) positions of those readings that are first of their device in their slot.
        features: float32 (k, f) their feature rows as scored.
        risk: float64 (n,) blends as answered.
        votes: The committee that answered.
        member_risk: float64 (n, votes) risk of each member alone, NaN where it gave none.
        provisional: Whether only baseline or prior spoke.
    """

    home_type: str
    new_devices: list[tuple[str, str]]
    new_metrics: list[str]
    new_device_types: list[str]
    device: bytes
    device_type: bytes
    ts: bytes
    offset_s: bytes
    cycle: bytes
    values: bytes
    dropped: int
    example: bytes
    features: bytes
    risk: bytes
    votes: list[Vote]
    member_risk: bytes
    provisional: bool


class ReadingsLogged(Struct, frozen=True, kw_only=True, tag="readings"):
    """The accepted readings of a request, or of several that waited at the same time."""

    received_us: int
    groups: list[ReadingGroup]


class OutcomesLogged(Struct, frozen=True, kw_only=True, tag="outcomes"):
    """One request's accepted outcomes, in the order sent."""

    received_us: int
    outcomes: list[Outcome]


class Advanced(Struct, frozen=True, kw_only=True, tag="advance"):
    """An operator declared that event time has reached ``to_us``, for one home type or (``None``) for all."""

    received_us: int
    to_us: int
    home_type: str | None


class CheckpointPublished(Struct, frozen=True, kw_only=True, tag="checkpoint"):
    """A checkpoint joined the committees: the baseline, or one trained here.

    Attributes:
        received_us: When, in microseconds since the epoch.
        member: ``baseline`` or ``checkpoint``.
        version: Its number among those of its home type.
        home_type: Whose, None for a global one.
        metrics: The metrics it was trained on.
        shift: By how much leaving negatives out raised its log odds.
        file, sha256: Where it lies in the model folder, and the digest of that.
        trained_to_seq: No example that matured at a later event was trained on.
        trained_to_us: Instant of the newest example that was, in microseconds; 0 for the baseline.
        job: The training it comes from, empty for none.
        by, why: Who had it trained, and what for.
    """

    received_us: int
    member: str
    version: int
    home_type: str | None
    metrics: list[str]
    shift: float
    file: str
    sha256: Digest
    trained_to_seq: int = 0
    trained_to_us: int = 0
    job: str = ""
    by: str = ""
    why: str = ""


class CheckpointImported(Struct, frozen=True, kw_only=True, tag="import"):
    """A checkpoint's file was brought in. It is a candidate: it serves once somebody lets it.

    Attributes:
        received_us: When.
        home_type: For which home type, None for a global one.
        version: Its number among those of its home type.
        metrics, shift, file, sha256, trained_to_us: As of a `CheckpointPublished`.
        trained_to_seq: Likewise, if it was trained here; 0 if it comes from elsewhere.
        by, why: Who brought it, and what for.
    """

    received_us: int
    home_type: str | None
    version: int
    metrics: list[str]
    shift: float
    file: str
    sha256: Digest
    trained_to_seq: int = 0
    trained_to_us: int = 0
    by: str
    why: str


class TrainingAsked(Struct, frozen=True, kw_only=True, tag="training_asked"):
    """Somebody asked for a training of a home type's checkpoint, or (None) of the global one."""

    received_us: int
    job: str
    home_type: str | None
    by: str
    why: str


class TrainingEnded(Struct, frozen=True, kw_only=True, tag="training_ended"):
    """A training ended without a publication.

    Attributes:
        received_us: When.
        job: Which training.
        home_type: Of which home type, None for the global checkpoint.
        outcome: ``rejected`` by the gate, ``too_few`` positives, or ``failed``.
        version, file, sha256, metrics, shift, trained_to_seq, trained_to_us: Of a rejected one, which is kept; else 0
            and empty.
        by, why: Who had it trained; why it was not published.
    """

    received_us: int
    job: str
    home_type: str | None
    outcome: Literal["rejected", "too_few", "failed"]
    version: int = 0
    file: str = ""
    sha256: str = ""
    metrics: list[str] = []
    shift: float = 0.0
    trained_to_seq: int = 0
    trained_to_us: int = 0
    by: str = ""
    why: str = ""


class RolledBack(Struct, frozen=True, kw_only=True, tag="rollback"):
    """Another version serves, mostly an earlier one again: of a home type, or (None) of the global checkpoint.

    Version 0 of a home type takes its own checkpoint away, so that the global one serves it.
    """

    received_us: int
    home_type: str | None
    version: int
    by: str
    why: str


class Pinned(Struct, frozen=True, kw_only=True, tag="pin"):
    """An operator's choice: one member answers alone for a home type as long as it can; None ends that."""

    received_us: int
    home_type: str
    member: str | None
    by: str
    why: str


class LearnerStood(Struct, frozen=True, kw_only=True, tag="learner"):
    """The service found that the learner lags or is gone (``stale``), or that it is back."""

    received_us: int
    stale: bool
    why: str


Act = CheckpointPublished | CheckpointImported | TrainingAsked | TrainingEnded | RolledBack | Pinned | LearnerStood
"""Events that are neither readings nor outcomes nor the march of time."""

Event = ReadingsLogged | OutcomesLogged | Advanced | Act | Forgotten | Erased

_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)


def encode_event(event: Event) -> bytes:
    """The event as msgpack, schema version first."""
    return bytes([SCHEMA]) + _ENCODER.encode(event)


def decode_event(blob: bytes) -> Event:
    """The event of `encode_event`.

    Raises:
        ValueError: The blob is of another schema, or is no event.
    """
    if not blob or blob[0] != SCHEMA:
        raise ValueError(f"event schema {blob[0] if blob else None}, expected {SCHEMA}")
    try:
        return _DECODER.decode(memoryview(blob)[1:])
    except UNDECODABLE as error:
        raise ValueError(str(error)) from error


def checksum(seq: int, blob: bytes) -> int:
    """CRC-32 of a log record: of its blob, seeded with its sequence number, so that a misplaced one shows."""
    return zlib.crc32(blob, seq & 0xFFFFFFFF)


class GroupColumns:
    """The arrays of a `ReadingGroup`, read-only views on its bytes; shapes as documented there."""

    def __init__(self, group: ReadingGroup) -> None:
        self.device: npt.NDArray[np.int32] = np.frombuffer(group.device, np.int32)
        self.device_type: npt.NDArray[np.int16] = np.frombuffer(group.device_type, np.int16)
        self.ts: npt.NDArray[np.int64] = np.frombuffer(group.ts, np.int64)
        n = len(self.ts)
        self.offset_s: npt.NDArray[np.int32] = np.frombuffer(group.offset_s, np.int32)
        self.cycle: npt.NDArray[np.bool_] = np.frombuffer(group.cycle, np.bool_)
        self.values: npt.NDArray[np.float64] = np.frombuffer(group.values, np.float64).reshape(n, -1)
        self.example: npt.NDArray[np.int32] = np.frombuffer(group.example, np.int32)
        self.features: npt.NDArray[np.float32] = np.frombuffer(group.features, np.float32).reshape(
            len(self.example), -1 if len(self.example) else 0
        )
        self.risk: npt.NDArray[np.float64] = np.frombuffer(group.risk, np.float64)
        self.member_risk: npt.NDArray[np.float64] = np.frombuffer(group.member_risk, np.float64).reshape(
            n, len(group.votes)
        )
