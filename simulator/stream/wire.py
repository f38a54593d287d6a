"""Wire: columns in, readings out, light enough that the client is never what a stream waits for.

Between a block (of a fleet, or of a table) and a request. A `Reading` is checked and holds a datetime and a dict, which
makes it three times as slow to build and write; a `WireReading` holds text and a struct whose fields are the metrics.
Both decode to the same `Reading`, which is what the test holds this file to.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

import msgspec
import numpy as np
from msgspec import UNSET, Struct, UnsetType, defstruct

from simulator.arrays import SECOND, Indices, Ints
from simulator.blocks import Block, take_block
from simulator.fleet import Fleet
from simulator.stream.merge import Timed
from simulator.world.devices import DEVICE_TYPES
from simulator.world.homes import HOME_TYPES

_PIECE = 1_024
"""Rows that become objects at once: the objects of a whole hour of a large fleet would fill the memory."""
_ENCODER = msgspec.json.Encoder()


class WireReading(Struct, frozen=True, gc=False, omit_defaults=True):
    """A reading as it goes over the wire; ``metrics`` is a struct of floats, unset where absent, or a dict."""

    home_id: str
    device_id: str
    home_type: str
    device_type: str
    ts: str
    metrics: Struct | dict[str, float]
    time_basis: Literal["clock", "cycle"] = "clock"


class Wire:
    """Turns blocks into wire readings.

    Args:
        home_id, device_id, home_type, device_type: What a block's ``device`` points to, (d,) each.
        metric_names: Names of a block's metric columns, (m,), distinct.
        time_basis: As in `Reading`, for all of them.
    """

    def __init__(
        self, home_id: Sequence[str], device_id: Sequence[str], home_type: Sequence[str], device_type: Sequence[str],
        metric_names: Sequence[str], time_basis: Literal["clock", "cycle"] = "clock",
    ) -> None:  # fmt: skip
        self._names = [np.array(column, dtype=object) for column in (home_id, device_id, home_type, device_type)]
        self._metrics = _metrics_of(metric_names)
        self._time_basis = time_basis

    @classmethod
    def of_fleet(cls, fleet: Fleet) -> "Wire":
        """Return what writes the readings of a fleet."""
        table = fleet.devices
        home_type = [HOME_TYPES[code].name for code in table.home_type.tolist()]
        device_type = [DEVICE_TYPES[code].name for code in table.device_type.tolist()]
        return cls(table.home_id, table.device_id, home_type, device_type, fleet.metric_names)

    def readings(self, block: Block) -> list[WireReading]:
        """Return the rows of a block as readings, in their order; NaN is left out."""
        metrics = block.metrics.astype(object)
        metrics[np.isnan(block.metrics)] = UNSET
        n = len(block)
        names = (column[block.device].tolist() for column in self._names)
        rows = map(self._metrics, *metrics.T.tolist())
        return list(map(WireReading, *names, instant_texts(block.ts, block.offset_s), rows, [self._time_basis] * n))

    def timed(self, blocks: Iterable[Block]) -> Iterator[Timed[WireReading]]:
        """Yield the rows of blocks, each with the instant at which it is sent."""
        for block in blocks:
            for low in range(0, len(block), _PIECE):
                piece = take_block(block, slice(low, low + _PIECE))
                yield from map(Timed, piece.sent.tolist(), self.readings(piece))

    def bodies(self, block: Block, most: int) -> Iterator[bytes]:
        """Yield the bodies of the requests for a block, ``most`` readings in each but the last."""
        for low in range(0, len(block), most):
            yield _ENCODER.encode(self.readings(take_block(block, slice(low, low + most))))


def _metrics_of(names: Sequence[str]) -> Callable[..., Struct | dict[str, float]]:
    """Return what makes the metrics of a row from its m values, UNSET where absent."""
    if any(char in '"\\' or char < " " for name in names for char in name):
        # Such names cannot be those of a struct's fields; a table may have them in its header.
        return lambda *values: {name: value for name, value in zip(names, values, strict=True) if value is not UNSET}
    fields = [f"m{column}" for column in range(len(names))]
    kinds = [(field, float | UnsetType, UNSET) for field in fields]
    return defstruct("Metrics", kinds, rename=dict(zip(fields, names, strict=True)), frozen=True, gc=False)


def instant_texts(ts: Ints, offset_s: Indices | Ints) -> list[str]:
    """Return instants in RFC 3339, to the second if all are whole seconds, else to the microsecond.

    Args:
        ts: Microseconds since the epoch, UTC, (n,).
        offset_s: Offset of local time, in seconds, (n,). The wire knows whole minutes, as RFC 3339 does; the instant
            stays the same.
    """
    offset_min = np.rint(offset_s / 60).astype(np.int64)
    local = (ts + offset_min * (60 * SECOND)).view("datetime64[us]")
    texts = np.datetime_as_string(local, unit="us" if (ts % SECOND).any() else "s")
    offsets, which = np.unique(offset_min, return_inverse=True)
    ends = [f"{'-' if m < 0 else '+'}{abs(m) // 60:02d}:{abs(m) % 60:02d}" for m in offsets.tolist()]
    return np.strings.add(texts, np.array(ends, dtype=str)[which]).tolist() if len(ts) else []
