"""Blocks: readings as columns, the form in which a fleet hands them on."""

from collections.abc import Sequence

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.arrays import Floats, Indices, Ints


class Block(Struct, frozen=True):
    """Readings in order of time (then device), n rows.

    Attributes:
        device: Row of the device table, (n,) int32.
        ts: What the device's clock says, in microseconds since the epoch, UTC, (n,) int64. In `Fleet.blocks` that is
            the truth: per device strictly increasing, over all blocks too.
        sent: When it reaches the service, in microseconds likewise, (n,) int64; never decreasing, over all blocks too.
            In `Fleet.blocks` the same as ``ts``.
        offset_s: Offset of the home's local time from UTC at ``ts``, in seconds, (n,) int32.
        metrics: (n, m) float64 in the order of `Fleet.metric_names`; NaN where absent.
    """

    device: Indices
    ts: Ints
    sent: Ints
    offset_s: Indices
    metrics: Floats

    def __len__(self) -> int:
        return len(self.ts)


def take_block(block: Block, rows: NDArray[np.generic] | slice) -> Block:
    """Return some readings of a block: by mask (n,), by their rows, or a stretch of it."""
    return Block(*(column[rows] for column in msgspec.structs.astuple(block)))


def join_blocks(blocks: Sequence[Block]) -> Block:
    """Return the readings of several blocks as one; at least one block."""
    return Block(*(np.concatenate(columns) for columns in zip(*map(msgspec.structs.astuple, blocks), strict=True)))
