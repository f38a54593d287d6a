"""The checkpointer: moves what SQLite's write-ahead log holds into the file, beside the connection that writes.

A commit that does it itself stands still meanwhile, tens of milliseconds on a busy disk. But the write-ahead log starts
anew only if at the beginning of a commit all of it has been moved, and while the thread moves, more is written. So the
thread moves nearly all, pass by pass, and leaves the rest, some milliseconds' work, to the next commit.
"""

import contextlib
import threading
from pathlib import Path

import apsw

from service.storage.background import step_back

_PASSES = 4
_LITTLE = 32  # pages


class Checkpointer:
    """A thread that moves when it is asked to.

    Args:
        path: The database file.

    Attributes:
        nearly_done: Set when only a little is left.
    """

    def __init__(self, path: Path) -> None:
        self.nearly_done = threading.Event()
        self._path = path
        self._asked = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="checkpointer", daemon=True)
        self._thread.start()

    def ask(self) -> None:
        """Move all there is, soon."""
        self._asked.set()

    def close(self) -> None:
        """End the thread; what was asked for last may be left undone."""
        self._closed = True
        self._asked.set()
        self._thread.join()

    def _run(self) -> None:
        step_back()
        db: apsw.Connection | None = None
        while self._asked.wait() and not self._closed:
            self._asked.clear()
            with contextlib.suppress(apsw.Error):  # what ails the disk the writer will learn by itself
                db = db or self._open()
                self._move(db)
        if db is not None:
            db.close()

    def _open(self) -> apsw.Connection:
        db = apsw.Connection(str(self._path), flags=apsw.SQLITE_OPEN_READWRITE)
        db.execute("SELECT count(*) FROM sqlite_master").fetchall()  # only who has read knows of a write-ahead log
        return db

    def _move(self, db: apsw.Connection) -> None:
        for _ in range(_PASSES):
            pages, moved = db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            if self._closed:
                return
            if pages - moved <= _LITTLE:
                break
        self.nearly_done.set()
