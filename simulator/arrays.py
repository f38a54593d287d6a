"""Array types used throughout, and `Timeline`: events of many devices, searchable for all of them at once."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Indices = NDArray[np.int32]
Codes = NDArray[np.int8]
Flags = NDArray[np.bool_]

SECOND = 1_000_000
"""Microseconds in a second: instants are int64 microseconds since the epoch, UTC."""
HOUR_S = 3_600
DAY_S = 86_400


class Timeline:
    """Instants of events by owner (a device or a home), sorted once, searched by arrays.

    Args:
        owner: Who it happened to, (e,), from 0.
        second: When, (e,), whole seconds since the epoch, in [0, 2**32).

    Attributes:
        order: Permutation, (e,), that sorts the events by owner, then time: ``column[order]`` lines up with positions.
    """

    def __init__(self, owner: NDArray[np.integer], second: Ints) -> None:
        self.order = np.lexsort((second, owner))
        self._owner = owner[self.order].astype(np.int64)
        self._second = second[self.order]
        self._key = (self._owner << 32) | self._second

    def latest(self, owner: NDArray[np.integer], second: Ints) -> Ints:
        """Return the position (n,) of each owner's last event at or before ``second``, or -1 if there is none."""
        position = np.searchsorted(self._key, (owner.astype(np.int64) << 32) | second, side="right") - 1
        if self._key.size == 0:
            return np.full(len(owner), -1, dtype=np.int64)
        found = (position >= 0) & (self._owner[position] == owner)
        return np.where(found, position, -1).astype(np.int64)

    def count(self, owner: NDArray[np.integer], second: Ints) -> Ints:
        """Return how many events (n,) each owner had up to and including ``second``."""
        wide = owner.astype(np.int64) << 32
        upto = np.searchsorted(self._key, wide | second, side="right")
        return (upto - np.searchsorted(self._key, wide, side="left")).astype(np.int64)

    def at(self, position: Ints) -> Ints:
        """Return the seconds (n,) of the events at ``position``."""
        return self._second[position]
