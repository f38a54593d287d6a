"""Matured examples on SQLite: written by the learner, read by the service for evaluation.

Rebuilt by a replay at will, so it need not be durable at every commit; one block a home type and event keeps it small.
"""

import logging
import threading
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw
import msgspec
import numpy as np

from service.contracts.decoding import UNDECODABLE
from service.contracts.journal import JournalRecord
from service.contracts.ports import MaturedExamples
from service.storage.journal import SLACK, create_journal, journal_back, read_journal, trim_journal, write_journal
from service.storage.newest import newest_of
from service.storage.without import without_devices

_LOG = logging.getLogger("hearthbeat.storage")
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(MaturedExamples)


class SqliteExampleStore:
    """An `ExampleStore` in one SQLite file.

    Args:
        path: The file; made if it is not there, unless ``read_only``.
        read_only: Open for reading beside the process that writes.

    Raises:
        OSError: There is no such file to read, it is no store, or none can be made.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._lock = threading.Lock()  # one connection may not be used by two threads at once
        self._untrimmed = SLACK
        if read_only:
            try:
                self._db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
                self._db.set_busy_timeout(5_000)
                self._db.execute("SELECT count(*) FROM matured").fetchall()
            except apsw.Error as error:
                raise OSError(f"{path}: {error}") from error
            return
        try:
            _look_into(path)
        except (apsw.NotADBError, apsw.CorruptError):
            _LOG.warning("%s is damaged; it is set aside, and what a replay brings is written anew", path)
            path.replace(path.with_suffix(".damaged"))
        try:
            self._db = apsw.Connection(str(path))
            self._db.set_busy_timeout(5_000)
            self._lay_out()
        except apsw.Error as error:
            raise OSError(f"{path}: {error}") from error

    def _lay_out(self) -> None:
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS matured("
            "home_type TEXT, at_seq INTEGER, examples INTEGER, first_ts INTEGER, last_ts INTEGER, blob BLOB NOT NULL, "
            "PRIMARY KEY(home_type, at_seq)) WITHOUT ROWID"
        )
        self._db.execute("CREATE INDEX IF NOT EXISTS by_ts ON matured(home_type, last_ts, first_ts)")
        create_journal(self._db)

    def put(self, blocks: Sequence[MaturedExamples]) -> None:
        """See `ExampleStore.put`."""
        rows = []
        for block in blocks:
            ts = np.frombuffer(block.ts, np.int64)
            span = (int(ts.min()), int(ts.max())) if len(ts) else (0, -1)
            rows.append((block.home_type, block.at_seq, len(ts), *span, _ENCODER.encode(block)))
        with self._lock, self._db:
            self._db.executemany("INSERT OR REPLACE INTO matured VALUES (?, ?, ?, ?, ?, ?)", rows)

    def blocks(self, home_type: str | None = None, *, up_to_seq: int | None = None) -> list[MaturedExamples]:
        """See `ExampleStore.blocks`."""
        return self._select(
            "WHERE (?1 IS NULL OR home_type = ?1) AND (?2 IS NULL OR at_seq <= ?2) ORDER BY at_seq, home_type",
            (home_type, up_to_seq),
        )

    def around(self, home_type: str, first_us: int, last_us: int, *, up_to_seq: int) -> list[MaturedExamples]:
        """See `ExampleStore.around`."""
        return self._select(
            "WHERE home_type = ?1 AND last_ts >= ?2 AND first_ts <= ?3 AND at_seq <= ?4 ORDER BY at_seq",
            (home_type, first_us, last_us, up_to_seq),
        )

    def prune(self, home_type: str, examples: int) -> None:
        """See `ExampleStore.prune`."""
        with self._lock:
            oldest, count = None, 0
            rows = self._db.execute(
                "SELECT at_seq, examples FROM matured WHERE home_type = ? ORDER BY at_seq DESC", (home_type,)
            ).fetchall()
            for at_seq, held in rows:
                if count >= examples:
                    break
                oldest, count = at_seq, count + int(held)  # type: ignore[arg-type]  # an integer column
            if oldest is not None:
                self._db.execute("DELETE FROM matured WHERE home_type = ? AND at_seq < ?", (home_type, oldest))

    def forget(self, home_type: str, devices: Collection[int], *, up_to_seq: int) -> int:
        """See `ExampleStore.forget`. Block by block, so that nobody waits for all of them."""
        with self._lock:
            seqs = self._db.execute(
                "SELECT at_seq FROM matured WHERE home_type = ? AND at_seq <= ? ORDER BY at_seq", (home_type, up_to_seq)
            ).fetchall()
        count = 0
        for (at_seq,) in seqs:
            for block in self._select("WHERE home_type = ?1 AND at_seq = ?2", (home_type, at_seq)):
                left, gone = without_devices(block, devices)
                count += gone
                if gone:
                    self._replace(block, left)
        return count

    def _replace(self, block: MaturedExamples, left: MaturedExamples | None) -> None:
        """Put what is left in the place of a block, and overwrite what was there."""
        with self._lock:
            self._db.execute("PRAGMA secure_delete=ON")
        try:
            if left is not None:
                self.put([left])
            else:
                with self._lock:
                    self._db.execute(
                        "DELETE FROM matured WHERE home_type = ? AND at_seq = ?", (block.home_type, block.at_seq)
                    )
        finally:
            with self._lock:
                self._db.execute("PRAGMA secure_delete=OFF")

    def latest(self, home_type: str, examples: int, *, up_to_seq: int | None = None) -> list[MaturedExamples]:
        """See `ExampleStore.latest`."""
        with self._lock:
            cursor = self._db.cursor()
            try:
                rows = cursor.execute(
                    "SELECT blob FROM matured WHERE home_type = ?1 AND (?2 IS NULL OR at_seq <= ?2) "
                    "ORDER BY at_seq DESC",
                    (home_type, up_to_seq),
                )
                return newest_of((_decoded(blob) for (blob,) in rows), examples)
            finally:
                cursor.close()

    def note(self, records: Sequence[JournalRecord]) -> None:
        """See `ExampleStore.note`."""
        with self._lock, self._db:
            write_journal(self._db, records)
            self._untrimmed += len(records)
            if self._untrimmed >= SLACK:
                trim_journal(self._db)
                self._untrimmed = 0

    def journal(
        self,
        *,
        home_type: str | None = None,
        kind: str | None = None,
        after: tuple[int, int] = (0, -1),
        limit: int = 1_000_000,
    ) -> list[JournalRecord]:
        """See `ExampleStore.journal`."""
        with self._lock:
            return read_journal(self._db, home_type, kind, after, limit)

    def walk(self, *, up_to_seq: int) -> Iterator[MaturedExamples]:
        """All blocks in order of ``at_seq``, one at a time.

        Raises:
            ValueError: One cannot be read.
        """
        with self._lock:
            keys = self._db.execute(
                "SELECT home_type, at_seq FROM matured WHERE at_seq <= ? ORDER BY at_seq, home_type", (up_to_seq,)
            ).fetchall()
        for home_type, at_seq in keys:
            try:
                yield from self._select("WHERE home_type = ?1 AND at_seq = ?2", (home_type, at_seq))
            except (*UNDECODABLE, apsw.Error) as error:
                what = f"the examples of {home_type} that matured at event {at_seq} cannot be read: {error}"
                raise ValueError(what) from error

    def journal_back(self, records: int) -> tuple[int, int]:
        """See `ExampleStore.journal_back`."""
        with self._lock:
            return journal_back(self._db, records)

    def close(self) -> None:
        """See `ExampleStore.close`."""
        self._db.close()

    def _select(self, clause: str, bindings: tuple[Any, ...]) -> list[MaturedExamples]:
        with self._lock:
            rows = self._db.execute(f"SELECT blob FROM matured {clause}", bindings).fetchall()
        return [_decoded(blob) for (blob,) in rows]


def _decoded(blob: object) -> MaturedExamples:
    assert isinstance(blob, bytes)
    return _DECODER.decode(blob)


def _look_into(path: Path) -> None:
    """Read a store's table of contents. A learner that was orphaned a moment ago may still hold it: wait for that."""
    probe = apsw.Connection(str(path))
    try:
        probe.set_busy_timeout(5_000)
        probe.execute("SELECT count(*) FROM sqlite_master").fetchall()
    except apsw.BusyError as error:
        raise OSError(f"{path} is in use: {error}") from error
    finally:
        probe.close()
