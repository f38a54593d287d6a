"""The scorer's fold as bytes and back: plain columns, no code.

Taking the copy is a matter of memory speed and is done under the ingest lock; encoding and writing it is not. What is
encoded comes in pieces: the columns as they were copied, the devices' names some thousands at a time, since encoding
holds the interpreter and whoever scores would wait for it.
"""

import struct
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from service.contracts.events import SCHEMA, CheckpointPublished
from service.contracts.outcomes import Outcome
from service.pipeline.fleet import FleetState

MADE_WITH = {"events": str(SCHEMA), "fleet": "2"}
"""A snapshot of another version of this file, or of the events, is not read."""

_COLUMNS = ("device_type", "risk", "provisional", "last_seq", "last_row", "read_count", "past_ts", "past_risk")


_NAMES = 4_096
"""Devices whose names become bytes at once."""
_LENGTH = struct.Struct("<Q")


class _Array(Struct, frozen=True, array_like=True):
    """A column: its bytes are the next piece."""

    dtype: str
    shape: tuple[int, ...]


class _HomeType(Struct, frozen=True, kw_only=True):
    name: str
    devices: int
    columns: list[str]
    readings: int
    dropped: int
    windows: dict[str, _Array]
    answers: dict[str, _Array]


class _Fleet(Struct, frozen=True, kw_only=True):
    seq: int
    baseline: CheckpointPublished | None
    home_types: list[_HomeType]


class Frozen(Struct, frozen=True):
    """A copy of the fold that later changes do not touch.

    Attributes:
        head: What it consists of.
        outcomes: All outcomes, in the order in which they came.
        devices: Of each home type; of these lists only as many names as ``head`` says belong to the copy.
        arrays: The columns, in the order of ``head``.
    """

    head: _Fleet
    outcomes: list[Outcome]
    devices: list[list[tuple[str, str]]]
    arrays: list[npt.NDArray[Any]]


_ENCODER = msgspec.msgpack.Encoder()
_HEAD: msgspec.msgpack.Decoder[_Fleet] = msgspec.msgpack.Decoder(_Fleet)
_OUTCOMES: msgspec.msgpack.Decoder[list[Outcome]] = msgspec.msgpack.Decoder(list[Outcome])
_DEVICES: msgspec.msgpack.Decoder[list[tuple[str, str]]] = msgspec.msgpack.Decoder(list[tuple[str, str]])


def freeze(fleet: FleetState) -> Frozen:
    """A copy of the fold, for `encode`."""
    arrays: list[npt.NDArray[Any]] = []

    def kept(column: npt.NDArray[Any]) -> _Array:
        arrays.append(column)
        return _Array(column.dtype.str, column.shape)

    head = _Fleet(
        seq=fleet.seq,
        baseline=fleet.baseline,
        home_types=[
            _HomeType(
                name=name,
                devices=(count := len(state.devices)),
                columns=list(state.windows.layout.columns),
                readings=state.readings,
                dropped=state.dropped,
                windows={k: kept(v) for k, v in state.windows.columns_of_state(count).items()},
                answers={k: kept(getattr(state, k)[:count].copy()) for k in _COLUMNS},
            )
            for name, state in fleet.home_types.items()
        ],
    )
    devices = [state.devices for state in fleet.home_types.values()]  # only ever appended to: no copy is needed
    return Frozen(head, fleet.book.outcomes(), devices, arrays)


def encode(frozen: Frozen) -> list[bytes | memoryview]:
    """The pieces of a frozen fold: the sizes of head, outcomes and names, these, then the columns."""
    parts = [_ENCODER.encode(frozen.head), _ENCODER.encode(frozen.outcomes)]
    for of_type, names in zip(frozen.head.home_types, frozen.devices, strict=True):
        for low in range(0, of_type.devices, _NAMES):
            parts.append(_ENCODER.encode(names[low : min(low + _NAMES, of_type.devices)]))
    return [
        *(piece for part in parts for piece in (_LENGTH.pack(len(part)), part)),
        *(np.ascontiguousarray(array).data.cast("B") for array in frozen.arrays if array.size),
    ]


def thaw(blob: bytes, fleet: FleetState) -> FleetState:
    """Fill an empty fold from bytes.

    Raises:
        ValueError: They are none of `encode`.
    """
    reader = _Reader(blob)
    try:
        head = _HEAD.decode(reader.part())
        for outcome in _OUTCOMES.decode(reader.part()):
            fleet.book.enter(outcome)
        for of_type in head.home_types:
            state = fleet.home_type(of_type.name)
            for _ in range(0, of_type.devices, _NAMES):
                for key in _DEVICES.decode(reader.part()):
                    fleet.register(state, key)
    except (msgspec.MsgspecError, struct.error) as error:
        raise ValueError(f"not a snapshot of the scorer: {error}") from error
    for of_type in head.home_types:
        state = fleet.home_types[of_type.name]
        state.readings, state.dropped = of_type.readings, of_type.dropped
        state.windows.restore(of_type.columns, {name: reader.column(array) for name, array in of_type.windows.items()})
        state.reserve()
        for name, array in of_type.answers.items():
            getattr(state, name)[: of_type.devices] = reader.column(array)
    fleet.baseline = head.baseline
    fleet.seq = head.seq
    return fleet


class _Reader:
    """Goes through the pieces of a blob."""

    def __init__(self, blob: bytes) -> None:
        self._blob = blob
        self._place = 0

    def part(self) -> memoryview:
        """The next part that has its size before it."""
        (size,) = _LENGTH.unpack_from(self._blob, self._place)
        start = self._place + _LENGTH.size
        self._place = start + size
        return memoryview(self._blob)[start : self._place]

    def column(self, array: _Array) -> npt.NDArray[Any]:
        """The next column. Raises `ValueError` if the blob ends before it does."""
        dtype = np.dtype(array.dtype)
        count = int(np.prod(array.shape))
        out = np.frombuffer(self._blob, dtype, count, self._place) if count else np.empty(0, dtype)
        self._place += count * dtype.itemsize
        return out.reshape(array.shape)
