"""The eraser: has what was forgotten leave the disk, in steps that may be interrupted anywhere.

    event ──► snapshots of both folds that know of it; older ones removed
          ──► matured examples removed from the training store
          ──► names replaced in the log, all of them in one transaction
          ──► raw values and risks replaced in the log, piece by piece
          ──► `Erased` in the log

In this order a restart finds, whatever was done, a snapshot and a log that fit together. What waits is a part of the
scorer's fold, so a service that is started again goes on by itself. The log is read in pieces by the calling thread and
rewritten by the one that appends to it, between two groups of requests.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event

from service.contracts import events
from service.contracts.errors import Busy, HearthbeatError
from service.contracts.events import OutcomesLogged, ReadingsLogged, encode_event
from service.contracts.forgetting import Erased, ErasureState, Forgotten
from service.contracts.ports import EventLog, ExampleStore, LogRecord
from service.pipeline.erasure.rewrite import Names, without_values
from service.pipeline.records import decode_record
from service.pipeline.scoring.ingest import Ingest
from service.pipeline.scoring.keeper import Keeper
from service.pipeline.scoring.requests import RewriteJob
from service.storage.background import step_back
from service.storage.event_log import SqliteEventLog
from service.storage.snapshots import SnapshotStore

_LOG = logging.getLogger("hearthbeat.erasure")
_PIECE_BYTES = 1_000_000
_OUTCOMES = b"outcomes"
_TAG_WITHIN = 32
_LEARNED = ("models", "learner")


class Eraser:
    """Erases what the fold says is to be erased, one event after the other.

    Args:
        ingest: Whose fold says what waits, and whose thread rewrites the log.
        keeper: The scorer's snapshots.
        examples: The training store.
        folder: The data folder, with the log and the learner's snapshots.
        stopping: Set when the service stops.
        clock: Microseconds since the epoch.
    """

    def __init__(
        self,
        ingest: Ingest,
        keeper: Keeper,
        examples: ExampleStore,
        folder: Path,
        stopping: Event,
        clock: Callable[[], int],
    ) -> None:
        self._ingest = ingest
        self._keeper = keeper
        self._examples = examples
        self._log_file = folder / "events.db"
        self._learned = [SnapshotStore(folder / "snapshots", kind, key=b"", made_with={}) for kind in _LEARNED]
        self._stopping = stopping.is_set
        self._clock = clock
        self._waits_for = ""

    def state(self, seq: int) -> ErasureState:
        """How far the erasure of what event ``seq`` forgot is."""
        waiting = self._ingest.fleet.erasing
        if seq not in waiting:
            return ErasureState(seq=seq, done=True)
        what = (self._waits_for if seq == waiting[0] else f"event {waiting[0]}") or "its turn"
        return ErasureState(seq=seq, done=False, waits_for=what)

    def work(self) -> None:
        """Do the next steps of the oldest erasure that waits, if there is one; called again and again."""
        waiting = self._ingest.fleet.erasing
        if not waiting or self._stopping():
            return
        step_back()
        try:
            self._erase(waiting[0])
        except (OSError, HearthbeatError) as error:
            if not isinstance(error, Busy) and self._waits_for != str(error):
                _LOG.warning("what event %d forgot is not erased yet: %s", waiting[0], error)
            self._waits_for = str(error)

    def _erase(self, seq: int) -> None:
        self._rewrite([])  # a snapshot goes on whenever there is something to do
        if not self._keeper.without(seq):
            self._waits_for = "a snapshot of the scorer"
            return
        if not all(_without(store, seq) for store in self._learned):
            self._waits_for = "a snapshot of the learner"
            return
        log = SqliteEventLog(self._log_file, read_only=True)
        try:
            if not self._erased(log, seq):
                return
        finally:
            log.close()
        self._ingest.submit(Erased(received_us=self._clock(), forget_seq=seq)).result()
        self._waits_for = ""

    def _erased(self, log: EventLog, seq: int) -> bool:
        """Erase from store and log. Whether nothing is left."""
        record = log.get(seq)
        event = decode_record(record) if record is not None else None
        if isinstance(event, Forgotten):
            self._waits_for = "the training store"
            for home_type, aliases in event.aliases().items():
                self._examples.forget(home_type, aliases, up_to_seq=seq)
            self._waits_for = "the log"
            return self._erase_names(log, seq, event) and self._erase_values(log, seq, event)
        return True

    def _erase_names(self, log: EventLog, seq: int, event: Forgotten) -> bool:
        """Replace the names, in one transaction. Whether all of the log was looked at."""
        if all(device.home_id == event.alias for device in event.devices):
            return True
        names = Names(event)
        homes = {device.home_id.encode() for device in event.devices}
        seqs = []
        told: list[OutcomesLogged] = []
        for record in self._records(log, seq):
            if _OUTCOMES in record.blob[:_TAG_WITHIN]:
                found = decode_record(record)
                if isinstance(found, OutcomesLogged):
                    told.append(found)
                    seqs.append(record.seq)
            elif any(home in record.blob for home in homes):
                seqs.append(record.seq)
        while sum(names.learn(found.outcomes) for found in told):  # a retraction may come first
            continue
        self._rewrite([new for at in seqs if (new := _changed(log, at, names.without)) is not None])
        return not self._stopping()

    def _erase_values(self, log: EventLog, seq: int, event: Forgotten) -> bool:
        """Replace raw values and risks, piece by piece. Whether all of the log was looked at."""
        numbers = {home_type: list(aliases) for home_type, aliases in event.aliases().items()}
        piece: list[LogRecord] = []
        size = 0
        for record in self._records(log, seq):
            before = decode_record(record)
            if isinstance(before, ReadingsLogged) and (after := without_values(before, numbers)) is not before:
                piece.append(LogRecord(record.seq, encode_event(after)))
                size += len(record.blob)
            if size >= _PIECE_BYTES:
                self._rewrite(piece)
                piece, size = [], 0
        self._rewrite(piece)
        return not self._stopping()

    def _records(self, log: EventLog, up_to: int) -> Iterator[LogRecord]:
        """The log from its oldest event to ``up_to``; ends early if the service does."""
        after = log.first_seq() - 1
        while after < up_to and not self._stopping():
            records = log.read(after, limit=64)
            yield from (record for record in records if record.seq <= up_to)
            after = records[-1].seq if records else up_to

    def _rewrite(self, records: Sequence[LogRecord]) -> None:
        self._ingest.submit(RewriteJob(records)).result()


def _changed(log: EventLog, seq: int, change: Callable[[events.Event], events.Event]) -> LogRecord | None:
    record = log.get(seq)
    if record is None:
        return None
    blob = encode_event(change(decode_record(record)))
    return LogRecord(seq, blob) if blob != record.blob else None


def _without(store: SnapshotStore, forget_seq: int) -> bool:
    """Whether snapshots have forgotten, too; older ones are removed once there is a newer one."""
    kept = store.seqs()
    if not kept or kept[0] < forget_seq:
        return False
    if kept[-1] < forget_seq:
        store.drop_before(forget_seq)
    return True
