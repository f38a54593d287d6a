"""Copies of databases that are written meanwhile, and the check of a database."""

import contextlib
from pathlib import Path

import apsw

from service.contracts.errors import LogDamaged
from service.contracts.events import checksum
from service.contracts.ports import EventLog, LogRecord
from service.storage.event_log import SqliteEventLog

_TRIES = 5


def copy_log(source: EventLog, target: Path) -> tuple[int, int]:
    """Copy an event log to a new file, in short reads, so that nothing is held back that is written meanwhile.

    A log that is rewritten while it is copied is copied anew.

    Returns:
        The first and the last sequence number of the copy.

    Raises:
        LogDamaged: The log cannot be read, or never was at rest.
        OSError: The copy cannot be written.
    """
    for _ in range(_TRIES):
        target.unlink(missing_ok=True)
        before = source.rewrites()
        with contextlib.suppress(_Pruned):
            span = _copied(source, target)
            if source.rewrites() == before:
                return span
    raise LogDamaged("the log was rewritten or pruned again and again while it was copied", seq=source.first_seq())


class _Pruned(Exception):
    """What was to be copied next has left the log."""


def _copied(source: EventLog, target: Path) -> tuple[int, int]:
    first = source.first_seq()
    after = first - 1
    try:
        db = apsw.Connection(str(target))
        try:
            SqliteEventLog.lay_out(db)
            db.execute("PRAGMA synchronous=OFF")  # whoever asked for the copy makes it durable
            while records := _read(source, after):
                with db:
                    db.executemany(
                        "INSERT INTO events(seq, crc, blob) VALUES (?, ?, ?)",
                        [(record.seq, checksum(record.seq, record.blob), record.blob) for record in records],
                    )
                after = records[-1].seq
            db.execute(f"PRAGMA user_version={source.rewrites()}")
        finally:
            db.close()
    except apsw.Error as error:
        raise OSError(f"{target}: {error}") from error
    return first, after


def _read(source: EventLog, after: int) -> list[LogRecord]:
    try:
        return source.read(after)
    except LogDamaged:
        if source.first_seq() > after + 1:
            raise _Pruned from None
        raise


def copy_examples(source: Path, target: Path, *, up_to_seq: int) -> None:
    """Copy the training store as of one instant, without what is of a later event than ``up_to_seq``.

    Raises:
        OSError: It cannot be read, or the copy cannot be written.
    """
    try:
        db = apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READONLY)
        copy = apsw.Connection(str(target))
        try:
            db.set_busy_timeout(5_000)
            with copy.backup("main", db, "main") as backup:
                backup.step(-1)
            copy.execute("PRAGMA journal_mode=DELETE")
            copy.execute("PRAGMA synchronous=OFF")
            with copy:
                copy.execute("DELETE FROM matured WHERE at_seq > ?", (up_to_seq,))
                copy.execute("DELETE FROM journal WHERE seq > ?", (up_to_seq,))
        finally:
            copy.close()
            db.close()
    except apsw.Error as error:
        raise OSError(f"{source}: {error}") from error


def database_faults(path: Path) -> list[str]:
    """What SQLite's integrity check says of a file; empty if it is sound."""
    try:
        db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            db.set_busy_timeout(5_000)
            said = [str(row[0]) for row in db.execute("PRAGMA integrity_check(5)")]
        finally:
            db.close()
    except apsw.Error as error:
        return [str(error)]
    return [] if said == ["ok"] else said
