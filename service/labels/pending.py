"""Examples that wait for their labels: columns in buckets of event time, taken out when they are due.

These are the most numerous things that the learner keeps: for every device one in each slot of the horizon. An example
takes 32 bytes and 4 more for each member that gave a risk, plus at most an eighth of room to grow.
"""

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

_FIRST_ROOM = 16
_COLUMNS = ("ts", "seq", "row", "device", "blend")


class _Bucket:
    """Examples of one slot of event time, as growing columns."""

    def __init__(self) -> None:
        self.count = 0
        self.ts = np.empty(_FIRST_ROOM, np.int64)
        self.seq = np.empty(_FIRST_ROOM, np.int64)
        self.row = np.empty(_FIRST_ROOM, np.int32)
        self.device = np.empty(_FIRST_ROOM, np.int32)
        self.blend = np.empty(_FIRST_ROOM, np.float64)
        self.member_risk: dict[str, npt.NDArray[np.float32]] = {}

    def reserve(self, more: int) -> None:
        need = self.count + more
        if need > len(self.ts):
            # By an eighth and not by doubling: a bucket grows for one slot, and lies there for a whole horizon.
            room = max(need, len(self.ts) + (len(self.ts) >> 3))
            for name in _COLUMNS:
                old = getattr(self, name)
                new = np.empty(room, old.dtype)
                new[: self.count] = old[: self.count]
                setattr(self, name, new)
            self.member_risk = {name: self._risks(old) for name, old in self.member_risk.items()}

    def _risks(self, old: npt.NDArray[np.float32] | None) -> npt.NDArray[np.float32]:
        new = np.full(len(self.ts), np.nan, np.float32)
        if old is not None:
            new[: self.count] = old[: self.count]
        return new

    def __getstate__(self) -> dict[str, Any]:
        """Without the room to grow."""
        state = {name: getattr(self, name)[: self.count] for name in _COLUMNS}
        risks = {name: column[: self.count] for name, column in self.member_risk.items()}
        return state | {"count": self.count, "member_risk": risks}

    @property
    def nbytes(self) -> int:
        """Memory of the columns."""
        columns: list[npt.NDArray[Any]] = [*(getattr(self, name) for name in _COLUMNS), *self.member_risk.values()]
        return sum(column.nbytes for column in columns)

    def risks(self, member: str) -> npt.NDArray[np.float32]:
        if member not in self.member_risk:
            self.member_risk[member] = self._risks(None)
        return self.member_risk[member]


class Due:
    """Examples taken out, in order of (ts, seq, row); columns of length n, ``member_risk`` by member."""

    def __init__(self, buckets: list[tuple[_Bucket, npt.NDArray[np.int64]]]) -> None:
        def column(name: str) -> npt.NDArray[np.generic]:
            return np.concatenate([getattr(bucket, name)[take] for bucket, take in buckets])

        ts, seq, row = column("ts"), column("seq"), column("row")
        order = np.lexsort((row, seq, ts))
        self.ts: npt.NDArray[np.int64] = ts[order].astype(np.int64, copy=False)
        self.seq: npt.NDArray[np.int64] = seq[order].astype(np.int64, copy=False)
        self.row: npt.NDArray[np.int32] = row[order].astype(np.int32, copy=False)
        self.device: npt.NDArray[np.int32] = column("device")[order].astype(np.int32, copy=False)
        self.blend: npt.NDArray[np.float64] = column("blend")[order].astype(np.float64, copy=False)
        members = sorted({name for bucket, _ in buckets for name in bucket.member_risk})
        self.member_risk: dict[str, npt.NDArray[np.float32]] = {
            name: np.concatenate([bucket.risks(name)[take] for bucket, take in buckets])[order] for name in members
        }

    def __len__(self) -> int:
        return len(self.ts)


class Pending:
    """The pending examples of one home type.

    Args:
        slot_us: Width of a bucket in microseconds.
    """

    def __init__(self, slot_us: int) -> None:
        self._slot_us = slot_us
        self._buckets: dict[int, _Bucket] = {}
        self.count = 0

    def add(
        self,
        ts: npt.NDArray[np.int64],
        seq: int,
        row: npt.NDArray[np.int32],
        device: npt.NDArray[np.int32],
        blend: npt.NDArray[np.float64],
        members: list[str],
        member_risk: npt.NDArray[np.float64],
    ) -> None:
        """Keep examples of one event: columns of length n, risks (n, members)."""
        slots = ts // self._slot_us
        for slot in np.unique(slots):
            take = np.flatnonzero(slots == slot)
            bucket = self._buckets.setdefault(int(slot), _Bucket())
            bucket.reserve(len(take))
            span = slice(bucket.count, bucket.count + len(take))
            bucket.ts[span], bucket.seq[span], bucket.row[span] = ts[take], seq, row[take]
            bucket.device[span], bucket.blend[span] = device[take], blend[take]
            for column, member in enumerate(members):
                bucket.risks(member)[span] = member_risk[take, column]
            bucket.count += len(take)
        self.count += len(ts)

    def take_due(self, up_to_us: int) -> Due | None:
        """Take out all examples with ``ts <= up_to_us``, or None if there are none."""
        taken: list[tuple[_Bucket, npt.NDArray[np.int64]]] = []
        for slot in sorted(self._buckets):
            if slot * self._slot_us > up_to_us:
                break
            bucket = self._buckets[slot]
            due = bucket.ts[: bucket.count] <= up_to_us
            if not due.any():
                continue
            taken.append((bucket, np.flatnonzero(due)))
            left = np.flatnonzero(~due)
            if len(left):
                self._buckets[slot] = _kept(bucket, left)
            else:
                del self._buckets[slot]
        if not taken:
            return None
        out = Due(taken)
        self.count -= len(out)
        return out

    def drop(self, devices: Collection[int]) -> None:
        """Drop all examples of some devices, by number: nobody will learn what became of them."""
        for slot, bucket in list(self._buckets.items()):
            left = np.flatnonzero(~np.isin(bucket.device[: bucket.count], list(devices)))
            self.count -= bucket.count - len(left)
            if not len(left):
                del self._buckets[slot]
            elif len(left) < bucket.count:
                self._buckets[slot] = _kept(bucket, left)

    @property
    def nbytes(self) -> int:
        """Memory of all columns."""
        return sum(bucket.nbytes for bucket in self._buckets.values())

    def oldest_seq(self) -> int | None:
        """The oldest event that holds a pending example, or None without one."""
        return min((int(b.seq[: b.count].min()) for b in self._buckets.values()), default=None)

    def oldest_us(self) -> int | None:
        """Instant of the oldest pending example, or None without one."""
        if not self._buckets:
            return None
        bucket = self._buckets[min(self._buckets)]
        return int(bucket.ts[: bucket.count].min())


def _kept(bucket: _Bucket, left: npt.NDArray[np.int64]) -> _Bucket:
    out = _Bucket()
    out.reserve(len(left))
    for name in _COLUMNS:
        getattr(out, name)[: len(left)] = getattr(bucket, name)[left]
    for member, risks in bucket.member_risk.items():
        out.risks(member)[: len(left)] = risks[left]
    out.count = len(left)
    return out
