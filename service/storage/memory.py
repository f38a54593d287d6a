"""In-memory twins of the durable backends, for tests and embedding: the same promises, except durability."""

from collections.abc import Collection, Sequence
from itertools import islice

import numpy as np

from service.contracts.errors import LogDamaged
from service.contracts.journal import JournalRecord
from service.contracts.ports import LogRecord, MaturedExamples
from service.storage.journal import KEPT
from service.storage.newest import newest_of
from service.storage.without import without_devices


class MemoryEventLog:
    """An `EventLog` in a list."""

    def __init__(self) -> None:
        self._blobs: list[bytes] = []
        self._pruned = 0
        self._rewrites = 0

    def append(self, blobs: Sequence[bytes]) -> int:
        """See `EventLog.append`."""
        self._blobs.extend(blobs)
        return self.last_seq()

    def read(self, after: int, *, limit: int = 256, limit_bytes: int = 8_000_000) -> list[LogRecord]:
        """See `EventLog.read`."""
        if after < self._pruned and self._blobs:
            raise LogDamaged(f"event {after + 1} is missing from the log", seq=after + 1)
        out: list[LogRecord] = []
        size = 0
        begin = after - self._pruned
        for seq, blob in enumerate(self._blobs[begin : begin + limit], after + 1):
            out.append(LogRecord(seq, blob))
            size += len(blob)
            if size >= limit_bytes:
                break
        return out

    def get(self, seq: int) -> LogRecord | None:
        """See `EventLog.get`."""
        return LogRecord(seq, self._blobs[seq - self._pruned - 1]) if self._pruned < seq <= self.last_seq() else None

    def last_seq(self) -> int:
        """See `EventLog.last_seq`."""
        return self._pruned + len(self._blobs)

    def probe(self) -> None:
        """See `EventLog.probe`."""

    def first_seq(self) -> int:
        """See `EventLog.first_seq`."""
        return self._pruned + 1

    def size_bytes(self) -> int:
        """See `EventLog.size_bytes`."""
        return sum(map(len, self._blobs))

    def prune(self, below: int) -> None:
        """See `EventLog.prune`."""
        count = max(0, min(below - 1 - self._pruned, len(self._blobs) - 1))
        del self._blobs[:count]
        self._pruned += count

    def rewrite(self, records: Sequence[LogRecord]) -> None:
        """See `EventLog.rewrite`."""
        for record in records:
            if self._pruned < record.seq <= self.last_seq():
                self._blobs[record.seq - self._pruned - 1] = record.blob
        self._rewrites += 1

    def rewrites(self) -> int:
        """See `EventLog.rewrites`."""
        return self._rewrites

    def close(self) -> None:
        """See `EventLog.close`."""


class MemoryExampleStore:
    """An `ExampleStore` in a dict."""

    def __init__(self) -> None:
        self._blocks: dict[tuple[int, str], MaturedExamples] = {}
        self._journal: dict[tuple[int, int], JournalRecord] = {}

    def put(self, blocks: Sequence[MaturedExamples]) -> None:
        """See `ExampleStore.put`."""
        self._blocks.update({(block.at_seq, block.home_type): block for block in blocks})

    def blocks(self, home_type: str | None = None, *, up_to_seq: int | None = None) -> list[MaturedExamples]:
        """See `ExampleStore.blocks`."""
        return [
            block
            for (seq, name), block in sorted(self._blocks.items())
            if (home_type is None or name == home_type) and (up_to_seq is None or seq <= up_to_seq)
        ]

    def around(self, home_type: str, first_us: int, last_us: int, *, up_to_seq: int) -> list[MaturedExamples]:
        """See `ExampleStore.around`."""
        out = []
        for block in self.blocks(home_type, up_to_seq=up_to_seq):
            ts = np.frombuffer(block.ts, np.int64)
            if len(ts) and ts.max() >= first_us and ts.min() <= last_us:
                out.append(block)
        return out

    def prune(self, home_type: str, examples: int) -> None:
        """See `ExampleStore.prune`."""
        blocks = self.blocks(home_type)
        count = 0
        for n in range(len(blocks) - 1, -1, -1):
            if count >= examples:
                for block in blocks[: n + 1]:
                    del self._blocks[block.at_seq, home_type]
                return
            count += len(blocks[n].label)

    def forget(self, home_type: str, devices: Collection[int], *, up_to_seq: int) -> int:
        """See `ExampleStore.forget`."""
        count = 0
        for block in self.blocks(home_type, up_to_seq=up_to_seq):
            left, gone = without_devices(block, devices)
            if left is not None:
                self.put([left])
            elif gone:
                del self._blocks[block.at_seq, home_type]
            count += gone
        return count

    def latest(self, home_type: str, examples: int, *, up_to_seq: int | None = None) -> list[MaturedExamples]:
        """See `ExampleStore.latest`."""
        return newest_of(reversed(self.blocks(home_type, up_to_seq=up_to_seq)), examples)

    def note(self, records: Sequence[JournalRecord]) -> None:
        """See `ExampleStore.note`."""
        self._journal.update({(record.seq, record.place): record for record in records})
        for key in sorted(self._journal)[:-KEPT]:
            del self._journal[key]

    def journal(
        self,
        *,
        home_type: str | None = None,
        kind: str | None = None,
        after: tuple[int, int] = (0, -1),
        limit: int = 1_000_000,
    ) -> list[JournalRecord]:
        """See `ExampleStore.journal`."""
        wanted = (
            record
            for key, record in sorted(self._journal.items())
            if key > after and home_type in (None, record.home_type) and kind in (None, record.kind)
        )
        return list(islice(wanted, limit))

    def journal_back(self, records: int) -> tuple[int, int]:
        """See `ExampleStore.journal_back`."""
        return next(islice(sorted(self._journal, reverse=True), records, None), (0, -1))

    def close(self) -> None:
        """See `ExampleStore.close`."""
