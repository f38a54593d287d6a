"""Events: what stands in the log, the one truth of the service.

Inputs only, each with what was answered at the time: readings with their features and risks, outcomes, an operator's
acts, published checkpoints. Whatever else the service knows is a fold over these. Columns are little-endian arrays as
bytes; numbers of devices, metrics and device types are given out per home type in log order, from 0.
"""

import zlib
from typing import Annotated

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta, Struct

from service.contracts.outcomes import Outcome

SCHEMA = 1
"""Version of everything in this file. A data folder of another version is refused at start."""


class Vote(Struct, frozen=True, array_like=True):
    """A member as it stood when it answered: name, version, weight in the blend (0: it did not vote)."""

    member: str
    version: int
    weight: float


class ReadingGroup(Struct, frozen=True, kw_only=True):
    """The accepted readings of one home type in one request, in order of ``ts``.

    Attributes:
        home_type: Whose readings.
        new_devices: (home_id, device_id) of devices first seen here; they take the next device numbers.
        new_metrics: Metrics first seen here; they take the next metric numbers.
        new_device_types: Device types first seen here.
        device: int32 (n,) device numbers.
        device_type: int16 (n,) device type numbers.
        ts: int64 (n,) instants in microseconds since the epoch.
        offset_s: int32 (n,) UTC offset in seconds.
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
    """One request's accepted readings."""

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

    ``file`` lies in the model folder; ``metrics`` are those it was trained on, ``home_type`` is None for a global one;
    ``shift`` is by how much its class weights raise its log odds.
    """

    received_us: int
    member: str
    version: int
    home_type: str | None
    metrics: list[str]
    shift: float
    file: str
    sha256: Annotated[str, Meta(min_length=64, max_length=64)]


Event = ReadingsLogged | OutcomesLogged | Advanced | CheckpointPublished

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
    except msgspec.MsgspecError as error:
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
