"""Event logs: one suite for every backend, and what a file survives."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.contracts.errors import LogDamaged
from service.contracts.ports import EventLog, LogRecord
from service.storage.event_log import SqliteEventLog
from service.storage.memory import MemoryEventLog

BLOBS = [b"one", b"", b"three\x00\xff", b"4" * 100, b"five"]


@pytest.fixture(params=["sqlite", "memory"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EventLog]:
    opened: EventLog = SqliteEventLog(tmp_path / "log.db") if request.param == "sqlite" else MemoryEventLog()
    yield opened
    opened.close()


def test_empty_log(log: EventLog) -> None:
    """Sequence numbers begin at 1; before that there is nothing."""
    assert log.last_seq() == 0
    assert log.read(0) == []
    assert log.get(0) is None
    assert log.get(1) is None
    assert log.append([]) == 0


def test_what_was_appended_is_read(log: EventLog) -> None:
    """In order, byte for byte, under consecutive numbers, whatever the groups were."""
    assert log.append(BLOBS[:2]) == 2
    assert log.append([]) == 2
    assert log.append(BLOBS[2:]) == 5
    assert log.last_seq() == 5
    assert log.read(0) == [LogRecord(seq, blob) for seq, blob in enumerate(BLOBS, 1)]
    assert log.read(3) == [LogRecord(4, BLOBS[3]), LogRecord(5, BLOBS[4])]
    assert log.read(5) == log.read(99) == []
    assert [log.get(seq) for seq in (1, 5, 6, -1)] == [LogRecord(1, b"one"), LogRecord(5, b"five"), None, None]


@pytest.mark.parametrize(
    ("after", "limit", "limit_bytes", "seqs"),
    [
        (0, 2, 1000, [1, 2]),
        (2, 2, 1000, [3, 4]),
        (0, 0, 1000, []),
        (0, 9, 1, [1]),
        (0, 9, 3, [1]),
        (0, 9, 4, [1, 2, 3]),
        (3, 9, 1, [4]),
    ],
)
def test_limits(log: EventLog, after: int, limit: int, limit_bytes: int, seqs: list[int]) -> None:
    """At most so many records, and none after the bytes are reached; but a large record alone is still read."""
    log.append(BLOBS)

    assert seqs == [record.seq for record in log.read(after, limit=limit, limit_bytes=limit_bytes)]


@given(st.lists(st.lists(st.binary(max_size=50), max_size=5), max_size=8), st.integers(1, 4), st.integers(1, 80))
def test_reading_in_portions_gives_everything_once(groups: list[list[bytes]], limit: int, limit_bytes: int) -> None:
    """Whatever the limits, a reader that goes on after its last record sees each record once."""
    for log in (MemoryEventLog(), SqliteEventLog(Path(":memory:"))):
        for group in groups:
            log.append(group)
        seen: list[LogRecord] = []
        while portion := log.read(len(seen), limit=limit, limit_bytes=limit_bytes):
            seen += portion
        log.close()

        assert [blob for group in groups for blob in group] == [record.blob for record in seen]


def test_a_large_group(log: EventLog) -> None:
    """A thousand events and one of several megabytes."""
    log.append([bytes([k % 256]) * 10 for k in range(1000)])
    log.append([b"x" * 5_000_000])

    assert log.last_seq() == 1001
    assert len(log.read(0)) == 256
    assert log.get(1001) == LogRecord(1001, b"x" * 5_000_000)


def test_reopened_log_goes_on(tmp_path: Path) -> None:
    """Everything is there after a restart, and the next number follows."""
    path = tmp_path / "log.db"
    log = SqliteEventLog(path)
    log.append(BLOBS)
    log.close()
    log = SqliteEventLog(path)

    assert log.last_seq() == 5
    assert log.append([b"six"]) == 6
    assert [record.blob for record in log.read(0)] == [*BLOBS, b"six"]
    log.close()


def test_appended_events_survive_a_crash(tmp_path: Path) -> None:
    """What the files hold when `append` returns is enough: a copy made then, without a close, has all events."""
    log = SqliteEventLog(tmp_path / "log.db")
    log.append(BLOBS)
    (tmp_path / "copy").mkdir()
    for file in tmp_path.glob("log.db*"):
        shutil.copy(file, tmp_path / "copy")
    copy = SqliteEventLog(tmp_path / "copy" / "log.db")

    assert [record.blob for record in copy.read(0)] == BLOBS
    copy.close()
    log.close()


def test_reader_beside_a_writer(tmp_path: Path) -> None:
    """A read-only log sees each append once it is durable, and cannot write."""
    writer = SqliteEventLog(tmp_path / "log.db")
    reader = SqliteEventLog(tmp_path / "log.db", read_only=True)
    assert reader.last_seq() == 0
    writer.append([b"a", b"b"])

    assert reader.last_seq() == 2
    assert reader.read(0) == writer.read(0)
    assert reader.get(2) == LogRecord(2, b"b")
    with pytest.raises(OSError, match="could not be written"):
        reader.append([b"c"])
    assert writer.append([b"c"]) == 3
    assert reader.last_seq() == 3
    reader.close()
    writer.close()


def test_a_reader_does_not_stop_the_log_from_shrinking(tmp_path: Path) -> None:
    """A read that ended early at a limit leaves no cursor open: the write-ahead log can be folded back."""
    writer = SqliteEventLog(tmp_path / "log.db")
    reader = SqliteEventLog(tmp_path / "log.db", read_only=True)
    writer.append([b"x" * 1000] * 50)
    reader.read(0, limit_bytes=1)
    # Not by the standard library's SQLite: a second copy of SQLite in one process breaks the first one's file locks.
    db = apsw.Connection(str(tmp_path / "log.db"))
    busy, *_ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()[0]

    assert busy == 0
    assert (tmp_path / "log.db-wal").stat().st_size == 0
    db.close()
    reader.close()
    writer.close()


def test_pruned_events_are_gone_and_the_log_goes_on(log: EventLog) -> None:
    """What is below is forgotten, the newest always stays, numbers go on, and reading from before is an error."""
    log.append([b"%d" % n for n in range(1, 11)])
    log.prune(5)
    assert (5, 10) == (log.first_seq(), log.last_seq())
    assert log.get(4) is None
    assert [5, 6, 7, 8, 9, 10] == [record.seq for record in log.read(4)]
    with pytest.raises(LogDamaged):
        log.read(0)
    log.prune(1000)
    assert (10, 10) == (log.first_seq(), log.last_seq())
    assert 11 == log.append([b"next"])


def test_size_follows_the_contents(log: EventLog) -> None:
    """More events take more room, and forgetting them gives it back."""
    empty = log.size_bytes()
    log.append([b"x" * 10_000] * 100)
    full = log.size_bytes()
    log.prune(100)
    assert empty + 900_000 < full
    assert log.size_bytes() < full / 2


def test_events_are_rewritten_in_their_place(log: EventLog) -> None:
    """Others stay as they are, also in number; what has left the log does not come back; each time is counted."""
    log.append(BLOBS)
    log.prune(3)
    log.rewrite([LogRecord(2, b"gone"), LogRecord(3, b"new"), LogRecord(5, b"longer than it was")])
    assert [LogRecord(3, b"new"), LogRecord(4, BLOBS[3]), LogRecord(5, b"longer than it was")] == log.read(2)
    assert (3, 5, 1) == (log.first_seq(), log.last_seq(), log.rewrites())
    log.rewrite([])
    assert 2 == log.rewrites()


def test_what_was_rewritten_is_overwritten(tmp_path: Path) -> None:
    """No byte of it is left in the file, small or large."""
    log = SqliteEventLog(tmp_path / "log.db")
    log.append([b"a secret", b"another secret " * 10_000, b"known"])
    log.rewrite([LogRecord(1, b"."), LogRecord(2, b".")])
    log.close()
    content = (tmp_path / "log.db").read_bytes()
    assert b"known" in content
    assert b"secret" not in content
