"""The event log on SQLite: the embedded default.

WAL mode with ``synchronous=FULL``: a commit is on the disk before `append` returns. A whole group of events is one
transaction, so the price of one fsync is shared. Readers never keep a cursor open: an open one would stop the
write-ahead log from shrinking.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import apsw

from service.contracts.errors import LogDamaged
from service.contracts.events import checksum
from service.contracts.ports import LogRecord
from service.storage.checkpointer import Checkpointer

_PAGE = 16_384
"""Blobs are large: a page four times the usual size takes a third of the processor's work off a commit of 1 MB."""
_CHECKPOINT, _AT_ONCE = 8_388_608, 134_217_728
"""Bytes of write-ahead log from which on they are moved into the file: beside the commits, or by the next of them."""

_DISK_FAULTS = (apsw.FullError, apsw.IOError, apsw.ReadOnlyError, apsw.CantOpenError, apsw.BusyError)


class SqliteEventLog:
    """An `EventLog` in one SQLite file.

    Args:
        path: The file; made if it is not there, unless ``read_only``.
        read_only: Open for reading beside the process that writes.

    Raises:
        OSError: The file cannot be opened.
        LogDamaged: The file is no event log.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        try:
            self._db = apsw.Connection(str(path), flags=flags)
            self._db.set_busy_timeout(5_000)
            if not read_only:
                self.lay_out(self._db)
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute("PRAGMA synchronous=FULL")
            self._last = self._newest()
            self._page: int = self._db.execute("PRAGMA page_size").get
        except _DISK_FAULTS as error:
            raise OSError(f"{path}: {error}") from error
        except apsw.Error as error:
            raise LogDamaged(f"{path} is no event log: {error}", seq=0) from error
        self._read_only = read_only
        self._checkpointer = None if read_only else Checkpointer(path)
        if not read_only:
            self._db.set_wal_hook(self._committed)

    @staticmethod
    def lay_out(db: apsw.Connection) -> None:
        """Make the table of an event log in a file that is new."""
        db.execute(f"PRAGMA page_size={_PAGE}")
        db.execute(
            "CREATE TABLE IF NOT EXISTS events(seq INTEGER PRIMARY KEY, crc INTEGER NOT NULL, blob BLOB NOT NULL)"
        )

    def _committed(self, db: apsw.Connection, name: str, pages: int) -> int:
        """Called by SQLite after a commit, with the length of the write-ahead log."""
        beside = self._checkpointer
        if beside is None or beside.nearly_done.is_set() or pages * self._page >= _AT_ONCE:
            if beside is not None:
                beside.nearly_done.clear()
            with contextlib.suppress(apsw.Error):
                db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        elif pages * self._page >= _CHECKPOINT:
            beside.ask()
        return apsw.SQLITE_OK

    def _newest(self) -> int:
        newest: int | None = self._db.execute("SELECT max(seq) FROM events").get
        return newest or 0

    def append(self, blobs: Sequence[bytes]) -> int:
        """See `EventLog.append`."""
        first = self._last + 1
        rows = [(seq, checksum(seq, blob), blob) for seq, blob in enumerate(blobs, first)]
        try:
            with self._db:
                self._db.executemany("INSERT INTO events(seq, crc, blob) VALUES (?, ?, ?)", rows)
        except apsw.Error as error:  # also "cannot rollback", which hides a full disk
            with contextlib.suppress(apsw.Error):  # nobody can be sure that nothing was written
                self._last = self._newest()
            raise OSError(f"the event log could not be written: {error.__context__ or error}") from error
        self._last += len(rows)
        return self._last

    def read(self, after: int, *, limit: int = 256, limit_bytes: int = 8_000_000) -> list[LogRecord]:
        """See `EventLog.read`."""
        out: list[LogRecord] = []
        size, expected = 0, after + 1
        cursor = self._db.cursor()
        try:
            for seq, crc, blob in cursor.execute(
                "SELECT seq, crc, blob FROM events WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit)
            ):
                if seq != expected:
                    raise LogDamaged(f"event {expected} is missing from the log", seq=expected)
                if crc != checksum(seq, blob):
                    raise LogDamaged(f"event {seq} does not match its checksum", seq=seq)
                out.append(LogRecord(seq, blob))
                expected += 1
                size += len(blob)
                if size >= limit_bytes:
                    break
        except apsw.CorruptError as error:
            raise LogDamaged(f"the log cannot be read at event {expected}: {error}", seq=expected) from error
        except _DISK_FAULTS as error:
            raise OSError(f"the log cannot be read at event {expected}: {error}") from error
        finally:
            cursor.close()
        return out

    def get(self, seq: int) -> LogRecord | None:
        """See `EventLog.get`."""
        try:
            row = self._db.execute("SELECT crc, blob FROM events WHERE seq = ?", (seq,)).fetchone()
        except apsw.CorruptError as error:
            raise LogDamaged(f"the log cannot be read at event {seq}: {error}", seq=seq) from error
        if row is None:
            return None
        if row[0] != checksum(seq, row[1]):
            raise LogDamaged(f"event {seq} does not match its checksum", seq=seq)
        return LogRecord(seq, row[1])

    def following(self, after: int) -> int | None:
        """The first sequence number above ``after`` that is there, also behind a gap; None if there is none."""
        seq: int | None = self._db.execute("SELECT min(seq) FROM events WHERE seq > ?", (after,)).get
        return seq

    def last_seq(self) -> int:
        """See `EventLog.last_seq`."""
        return self._newest() if self._read_only else self._last

    def probe(self) -> None:
        """See `EventLog.probe`. Writes about as much as a small event does."""
        try:
            with self._db:
                self._db.execute("CREATE TABLE IF NOT EXISTS probe(blob BLOB NOT NULL)")
                self._db.execute("DELETE FROM probe")
                self._db.execute("INSERT INTO probe VALUES (zeroblob(16384))")
            self._last = self._newest()
        except apsw.Error as error:
            raise OSError(f"the event log could not be written: {error.__context__ or error}") from error

    def first_seq(self) -> int:
        """See `EventLog.first_seq`."""
        first: int | None = self._db.execute("SELECT min(seq) FROM events").get
        return first or self.last_seq() + 1

    def size_bytes(self) -> int:
        """See `EventLog.size_bytes`."""
        used: int = self._db.execute(
            "SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count)"
        ).get
        page: int = self._db.execute("PRAGMA page_size").get
        return used * page

    def prune(self, below: int) -> None:
        """See `EventLog.prune`."""
        try:
            with self._db:
                self._db.execute("DELETE FROM events WHERE seq < ?", (min(below, self._last),))
        except apsw.Error as error:
            raise OSError(f"the event log could not be pruned: {error}") from error

    def rewrite(self, records: Sequence[LogRecord]) -> None:
        """See `EventLog.rewrite`."""
        rows = [(checksum(record.seq, record.blob), record.blob, record.seq) for record in records]
        try:
            self._db.execute("PRAGMA secure_delete=ON")
            try:
                with self._db:
                    self._db.executemany("UPDATE events SET crc = ?, blob = ? WHERE seq = ?", rows)
                    self._db.execute(f"PRAGMA user_version={self.rewrites() + 1}")
            finally:
                self._db.execute("PRAGMA secure_delete=OFF")  # pruning would write everything once more
        except apsw.Error as error:
            raise OSError(f"the event log could not be rewritten: {error}") from error

    def rewrites(self) -> int:
        """See `EventLog.rewrites`."""
        count: int = self._db.execute("PRAGMA user_version").get
        return count

    def close(self) -> None:
        """See `EventLog.close`."""
        if self._checkpointer is not None:
            self._checkpointer.close()
        self._db.close()
