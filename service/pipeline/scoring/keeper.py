"""The keeper of the scorer's snapshots: takes them in passing, writes them in the background, recovers from them."""

import logging
import threading
import time
from collections.abc import Callable

from service.contracts.ports import EventLog
from service.pipeline.records import decode_record
from service.pipeline.scoring.fleet import FleetState
from service.pipeline.scoring.snapshot import Freezing, Frozen, encode, freeze, thaw
from service.storage.background import step_back
from service.storage.snapshots import SnapshotStore

_LOG = logging.getLogger("hearthbeat.snapshots")


class Keeper:
    """Snapshots of the scorer's fold.

    Args:
        store: Where they lie, or None to do without.
        every_s: Least time between two, in seconds.
        empty: Makes the fold of an empty log.
    """

    def __init__(self, store: SnapshotStore | None, every_s: float, empty: Callable[[], FleetState]) -> None:
        self._store = store
        self._every_s = every_s
        self._empty = empty
        self._taken_at = time.monotonic()
        self._taken_seq = 0
        self._freezing: Freezing | None = None
        self._writer: threading.Thread | None = None

    def recover(self, log: EventLog) -> FleetState:
        """The fold of the whole log: the newest good snapshot, and what follows it in the log.

        Raises:
            LogDamaged: The log cannot be read.
        """
        self._freezing = None
        fleet = self._empty()
        last = log.last_seq()
        for _, state in self._store.newest_first(last) if self._store is not None else ():
            try:
                thawed = thaw(state, self._empty())
                ahead = max((of_type.folded_seq for of_type in thawed.home_types.values()), default=0)
                if ahead > last:
                    raise ValueError(f"it is of event {ahead}, and the log ends at {last}")
                fleet = thawed
                break
            except ValueError as error:
                _LOG.warning("a snapshot is skipped: %s", error)
        self._taken_seq = fleet.seq
        return _replayed(log, fleet)

    def pass_by(self, fleet: FleetState) -> None:
        """Go on with a snapshot, or begin one if it is time.

        Call it under the ingest lock, when all that is folded is durable. One home type is copied at each call: whoever
        waits for a reading's answer should not have to wait for all of them.
        """
        if self._freezing is None:
            if self._store is None or fleet.seq == self._taken_seq:
                return
            writing = self._writer is not None and self._writer.is_alive()
            late = fleet.forgot_seq > self._taken_seq
            if writing or (not late and time.monotonic() - self._taken_at < self._every_s):
                return
            self._freezing = Freezing(fleet)
            self._taken_at, self._taken_seq = time.monotonic(), fleet.seq
        frozen = self._freezing.step(fleet)
        seq = self._freezing.seq
        if frozen is not None:
            self._freezing = None
            self._writer = threading.Thread(target=self._beside, args=(seq, frozen), name="snapshot", daemon=True)
            self._writer.start()

    def without(self, forget_seq: int) -> bool:
        """Whether no snapshot has any more what an event forgot; older ones are removed once there is a newer one."""
        if self._store is None:
            return True
        kept = self._store.seqs()
        if kept and kept[0] >= forget_seq > kept[-1]:
            self._store.drop_before(forget_seq)
            return True
        return bool(kept) and kept[-1] >= forget_seq

    @property
    def needed_seq(self) -> int:
        """The first event of the log that is needed, whichever of the kept snapshots is recovered from."""
        return min(self._store.seqs(), default=0) + 1 if self._store is not None else 0

    def close(self, fleet: FleetState) -> None:
        """Wait for the writer, and keep the last state."""
        if self._writer is not None:
            self._writer.join()
        if self._store is not None and (fleet.seq > self._taken_seq or self._freezing is not None):
            self._write(fleet.seq, freeze(fleet))

    def _beside(self, seq: int, frozen: Frozen) -> None:
        step_back()
        self._write(seq, frozen)

    def _write(self, seq: int, frozen: Frozen) -> None:
        assert self._store is not None
        try:
            self._store.save(seq, encode(frozen))
        except OSError as error:
            _LOG.warning("no snapshot could be written: %s", error)


def _replayed(log: EventLog, fleet: FleetState) -> FleetState:
    """Fold all that follows ``fleet.seq`` in the log into it.

    Raises:
        LogDamaged: The log cannot be read.
    """
    while records := log.read(fleet.seq):
        for record in records:
            fleet.apply(record.seq, decode_record(record))
    return fleet
