"""The scorer's fold as bytes and back: plain columns, no code.

Taking the copy is a matter of memory speed and is done under the ingest lock; encoding and writing it is not.
"""

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from service.contracts.events import SCHEMA, CheckpointPublished
from service.contracts.outcomes import Outcome
from service.pipeline.fleet import FleetState

MADE_WITH = {"events": str(SCHEMA), "fleet": "1"}
"""A snapshot of another version of this file, or of the events, is not read."""

_COLUMNS = ("device_type", "risk", "provisional", "last_seq", "last_row", "read_count", "past_ts", "past_risk")


class _Array(Struct, frozen=True, array_like=True):
    dtype: str
    shape: tuple[int, ...]
    data: bytes


class _HomeType(Struct, frozen=True, kw_only=True):
    name: str
    devices: list[tuple[str, str]]
    columns: list[str]
    readings: int
    dropped: int
    windows: dict[str, _Array]
    answers: dict[str, _Array]


class _Fleet(Struct, frozen=True, kw_only=True):
    seq: int
    baseline: CheckpointPublished | None
    outcomes: list[Outcome]
    home_types: list[_HomeType]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Fleet)


def freeze(fleet: FleetState) -> Any:
    """A copy of the fold that later changes do not touch, for `encode`."""
    return _Fleet(
        seq=fleet.seq,
        baseline=fleet.baseline,
        outcomes=fleet.book.outcomes(),
        home_types=[
            _HomeType(
                name=name,
                devices=list(state.devices),
                columns=list(state.windows.layout.columns),
                readings=state.readings,
                dropped=state.dropped,
                windows={k: _pack(v) for k, v in state.windows.columns_of_state(len(state.devices)).items()},
                answers={k: _pack(getattr(state, k)[: len(state.devices)]) for k in _COLUMNS},
            )
            for name, state in fleet.home_types.items()
        ],
    )


def encode(frozen: Any) -> bytes:
    """The bytes of a frozen fold."""
    return _ENCODER.encode(frozen)


def thaw(blob: bytes, fleet: FleetState) -> FleetState:
    """Fill an empty fold from bytes.

    Raises:
        ValueError: They are none of `encode`.
    """
    try:
        kept = _DECODER.decode(blob)
    except msgspec.MsgspecError as error:
        raise ValueError(f"not a snapshot of the scorer: {error}") from error
    for outcome in kept.outcomes:
        fleet.book.enter(outcome)
    for of_type in kept.home_types:
        state = fleet.home_type(of_type.name)
        for key in of_type.devices:
            fleet.register(state, key)
        state.readings, state.dropped = of_type.readings, of_type.dropped
        state.windows.restore(of_type.columns, {name: _unpack(array) for name, array in of_type.windows.items()})
        state.reserve()
        for name, array in of_type.answers.items():
            getattr(state, name)[: len(of_type.devices)] = _unpack(array)
    fleet.baseline = kept.baseline
    fleet.seq = kept.seq
    return fleet


def _pack(array: npt.NDArray[Any]) -> _Array:
    return _Array(array.dtype.str, array.shape, array.tobytes())


def _unpack(array: _Array) -> npt.NDArray[Any]:
    return np.frombuffer(array.data, array.dtype).reshape(array.shape)
