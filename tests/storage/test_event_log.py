"""Event logs: one suite for every backend, and what only a file can suffer."""

import resource
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A closed log of fifty events of 3 kB."""
    log = SqliteEventLog(tmp_path / "log.db")
    log.append([bytes([k]) * 3000 for k in range(50)])
    log.close()
    return tmp_path / "log.db"


def damage(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as db:
        db.execute(statement)
    db.close()


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE events SET blob = zeroblob(3000) WHERE seq = 7", 7),
        ("UPDATE events SET crc = crc + 1 WHERE seq = 50", 50),
        ("UPDATE events SET blob = (SELECT e.blob FROM events e WHERE e.seq = 8), "
         "crc = (SELECT e.crc FROM events e WHERE e.seq = 8) WHERE seq = 9", 9),
        ("DELETE FROM events WHERE seq = 7", 7),
        ("DELETE FROM events WHERE seq <= 7", 1),
    ],
)  # fmt: skip
def test_damaged_record_is_named(written: Path, statement: str, seq: int) -> None:
    """Flipped, exchanged or lost: reading over it says which event it is; those before it can be read."""
    damage(written, statement)
    log = SqliteEventLog(written)

    assert len(log.read(0, limit=seq - 1)) == seq - 1
    with pytest.raises(LogDamaged) as caught:
        log.read(0)
    assert caught.value.seq == seq
    log.close()


def test_get_checks_too(written: Path) -> None:
    """A single record with a wrong checksum is not handed out."""
    damage(written, "UPDATE events SET blob = zeroblob(3000) WHERE seq = 7")
    log = SqliteEventLog(written)
    with pytest.raises(LogDamaged) as caught:
        log.get(7)

    assert caught.value.seq == 7
    assert log.get(8) is not None
    log.close()


def overwrite(path: Path, page: int) -> None:
    content = bytearray(path.read_bytes())
    content[4096 * page : 4096 * (page + 1)] = b"\xee" * 4096
    path.write_bytes(content)


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda path: overwrite(path, 1), id="a page of the table"),
        pytest.param(lambda path: overwrite(path, 3), id="a page of records"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[: 4096 * 10]), id="cut off"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:4096]), id="cut off after the first page"),
    ],
)
@pytest.mark.parametrize("read_only", [False, True])
def test_damaged_file(written: Path, harm: Callable[[Path], object], read_only: bool) -> None:
    """A file that SQLite itself finds damaged is a damaged log, at opening or at reading."""
    harm(written)

    def use() -> None:
        log = SqliteEventLog(written, read_only=read_only)
        try:
            log.read(0)
            for seq in range(1, 51):
                log.get(seq)
        finally:
            log.close()

    with pytest.raises(LogDamaged):
        use()


def text_file(path: Path) -> None:
    path.write_text("this is no database\n" * 100)


def database_of_others(path: Path) -> None:
    damage(path, "CREATE TABLE recipes(name)")


def same_name_other_columns(path: Path) -> None:
    damage(path, "CREATE TABLE events(name)")


@pytest.mark.parametrize(
    ("make", "read_only"),
    [
        (text_file, False),
        (text_file, True),
        (database_of_others, True),
        (same_name_other_columns, False),
        (same_name_other_columns, True),
    ],
)
def test_file_that_is_no_event_log(tmp_path: Path, make: Callable[[Path], None], read_only: bool) -> None:
    """LogDamaged, and the file is left as it was."""
    path = tmp_path / "other"
    make(path)
    content = path.read_bytes()
    with pytest.raises(LogDamaged):
        SqliteEventLog(path, read_only=read_only)

    if make is text_file:
        assert content == path.read_bytes()


@pytest.mark.parametrize("read_only", [False, True])
def test_file_that_cannot_be_opened(tmp_path: Path, read_only: bool) -> None:
    """A folder, or a file in a folder that is not there, is an OSError; so is reading what was never written."""
    for path in (tmp_path, tmp_path / "nowhere" / "log.db"):
        with pytest.raises(OSError, match=str(path)):
            SqliteEventLog(path, read_only=read_only)
    with pytest.raises(OSError, match="none"):
        SqliteEventLog(tmp_path / "none.db", read_only=True)


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Writing beyond this many bytes into any file fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_disk_that_refuses_to_write(tmp_path: Path) -> None:
    """The group is refused with an OSError and leaves nothing behind; when there is room again the log goes on."""
    log = SqliteEventLog(tmp_path / "log.db")
    log.append([b"before"])
    with files_no_larger_than(200_000), pytest.raises(OSError, match="could not be written"):
        log.append([b"x" * 1000] * 1000)

    assert log.last_seq() == 1
    assert [record.blob for record in log.read(0)] == [b"before"]
    assert log.append([b"after"]) == 2
    log.close()
    log = SqliteEventLog(tmp_path / "log.db")
    assert [record.blob for record in log.read(0)] == [b"before", b"after"]
    log.close()


@pytest.mark.parametrize("group", [1, 1000])
def test_full_disk(tmp_path: Path, group: int) -> None:
    """When SQLite reports a full disk the caller gets the promised OSError, and later appends work."""
    log = SqliteEventLog(tmp_path / "log.db")
    log.append([b"before"])
    log._db.execute("PRAGMA max_page_count = 10")
    with pytest.raises(OSError, match="could not be written"):
        log.append([b"x" * (1_000_000 // group)] * group)

    assert log.last_seq() == 1
    log._db.execute("PRAGMA max_page_count = 100000")
    assert log.append([b"after"]) == 2
    assert [record.blob for record in log.read(0)] == [b"before", b"after"]
    log.close()


def test_a_second_writer_does_no_harm(tmp_path: Path) -> None:
    """Only one process may append; if another did, the append fails as promised and overwrites nothing."""
    one, two = SqliteEventLog(tmp_path / "log.db"), SqliteEventLog(tmp_path / "log.db")
    two.append([b"two"])
    with pytest.raises(OSError, match="could not be written"):
        one.append([b"one"])

    assert [record.blob for record in two.read(0)] == [b"two"]
    one.close()
    two.close()
