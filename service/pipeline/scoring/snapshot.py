"""The scorer's fold as bytes and back: plain columns, no code.

Taking the copy is a matter of memory speed and is done under the ingest lock, one home type at a time: home types do
not depend on each other, so each may be copied at a sequence number of its own, between two commits, and is brought up
to date from there. Encoding and writing need no lock. What is encoded comes in pieces: the columns as they were copied,
the devices' names some thousands at a time, since encoding holds the interpreter and whoever scores would wait for it.
"""

import copy
import struct
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from service.contracts.events import SCHEMA
from service.contracts.outcomes import Outcome
from service.pipeline.scoring.fleet import FleetState, HomeTypeState
from service.pipeline.versions import Versions

MADE_WITH = {"events": str(SCHEMA), "fleet": "4"}
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
    seq: int
    devices: int
    columns: list[str]
    readings: int
    dropped: int
    windows: dict[str, _Array]
    answers: dict[str, _Array]
    buried: list[int] = []


class _Fleet(Struct, frozen=True, kw_only=True):
    seq: int
    versions: Versions
    home_types: list[_HomeType]
    erasing: list[int] = []


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


class Freezing:
    """A copy of the fold in the making. What is not of a home type is copied at once.

    Where a device is forgotten meanwhile the copy begins anew: what forgets it is done to the whole fold at once.

    Args:
        fleet: The fold; `step` must be given the same.
    """

    def __init__(self, fleet: FleetState) -> None:
        self.seq = fleet.seq
        self._versions = copy.deepcopy(fleet.versions)
        self._erasing = list(fleet.erasing)
        self._outcomes = fleet.book.outcomes()
        self._names = list(fleet.home_types)
        self._parts: list[_HomeType] = []
        self._devices: list[list[tuple[str, str]]] = []
        self._arrays: list[npt.NDArray[Any]] = []

    def step(self, fleet: FleetState) -> Frozen | None:
        """Copy one more home type as it is now; the whole copy once there is none left."""
        if fleet.forgot_seq > self.seq:
            self.__init__(fleet)  # type: ignore[misc]  # all over again, from this very object
        if len(self._parts) < len(self._names):
            self._copy(fleet.seq, fleet.home_types[self._names[len(self._parts)]])
        if len(self._parts) < len(self._names):
            return None
        head = _Fleet(seq=self.seq, versions=self._versions, home_types=self._parts, erasing=self._erasing)
        return Frozen(head, self._outcomes, self._devices, self._arrays)

    def _copy(self, seq: int, state: HomeTypeState) -> None:
        def kept(column: npt.NDArray[Any]) -> _Array:
            self._arrays.append(column)
            return _Array(column.dtype.str, column.shape)

        self._parts.append(
            _HomeType(
                name=state.home_type,
                seq=seq,
                devices=(count := len(state.devices)),
                columns=list(state.windows.layout.columns),
                readings=state.readings,
                dropped=state.dropped,
                buried=sorted(state.buried),
                windows={k: kept(v) for k, v in state.windows.columns_of_state(count).items()},
                answers={k: kept(getattr(state, k)[:count].copy()) for k in _COLUMNS},
            )
        )
        self._devices.append(state.devices)  # only ever appended to, or replaced: no copy is needed


def freeze(fleet: FleetState) -> Frozen:
    """A copy of the fold, for `encode`, all at once."""
    freezing = Freezing(fleet)
    while (frozen := freezing.step(fleet)) is None:
        pass
    return frozen


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

    What follows its ``seq`` in the log has to be applied; home types that are further already leave out what they know.

    Raises:
        ValueError: They are none of `encode`.
    """
    try:
        return _thawed(_Reader(blob), fleet)
    except Exception as error:  # bytes that are none can fail in any way
        raise ValueError(f"not a snapshot of the scorer: {error}") from error


def _thawed(reader: "_Reader", fleet: FleetState) -> FleetState:
    head = _HEAD.decode(reader.part())
    for outcome in _OUTCOMES.decode(reader.part()):
        fleet.book.enter(outcome)
    for of_type in head.home_types:
        state, buried = fleet.home_type(of_type.name), set(of_type.buried)
        for _ in range(0, of_type.devices, _NAMES):
            for key in _DEVICES.decode(reader.part()):
                if len(state.devices) in buried:
                    fleet.register_buried(state, key)
                else:
                    fleet.register(state, key)
    for of_type in head.home_types:
        state = fleet.home_types[of_type.name]
        state.readings, state.dropped, state.folded_seq = of_type.readings, of_type.dropped, of_type.seq
        state.windows.restore(of_type.columns, {name: reader.column(array) for name, array in of_type.windows.items()})
        state.reserve()
        for name, array in of_type.answers.items():
            getattr(state, name)[: of_type.devices] = reader.column(array)
    fleet.versions = head.versions
    fleet.erasing = head.erasing
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
