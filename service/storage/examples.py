"""Matured examples on SQLite: written by the learner, read by the service for evaluation.

Rebuilt by a replay at will, so it need not be durable at every commit; one block a home type and event keeps it small.
"""

import threading
from collections.abc import Sequence
from pathlib import Path

import apsw
import msgspec

from service.contracts.ports import MaturedExamples
from service.storage.newest import newest_of

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(MaturedExamples)


class SqliteExampleStore:
    """An `ExampleStore` in one SQLite file.

    Args:
        path: The file; made if it is not there.
    """

    def __init__(self, path: Path) -> None:
        self._db = apsw.Connection(str(path))
        self._lock = threading.Lock()  # one connection may not be used by two threads at once
        self._db.set_busy_timeout(5_000)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS matured("
            "home_type TEXT, at_seq INTEGER, blob BLOB NOT NULL, PRIMARY KEY(home_type, at_seq)) WITHOUT ROWID"
        )

    def put(self, blocks: Sequence[MaturedExamples]) -> None:
        """See `ExampleStore.put`."""
        with self._lock, self._db:
            self._db.executemany(
                "INSERT OR REPLACE INTO matured(at_seq, home_type, blob) VALUES (?, ?, ?)",
                [(block.at_seq, block.home_type, _ENCODER.encode(block)) for block in blocks],
            )

    def blocks(self, home_type: str | None = None, *, up_to_seq: int | None = None) -> list[MaturedExamples]:
        """See `ExampleStore.blocks`."""
        with self._lock:
            rows = self._db.execute(
                "SELECT blob FROM matured WHERE (?1 IS NULL OR home_type = ?1) AND (?2 IS NULL OR at_seq <= ?2) "
                "ORDER BY at_seq, home_type",
                (home_type, up_to_seq),
            ).fetchall()
        return [_decoded(blob) for (blob,) in rows]

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

    def close(self) -> None:
        """See `ExampleStore.close`."""
        self._db.close()


def _decoded(blob: object) -> MaturedExamples:
    assert isinstance(blob, bytes)
    return _DECODER.decode(blob)
