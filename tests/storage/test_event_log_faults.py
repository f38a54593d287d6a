"""The event log on a disk that is full, damaged or holds something else."""

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.contracts.errors import LogDamaged
from service.storage.event_log import SqliteEventLog

BLOBS = [b"one", b"", b"three\x00\xff", b"4" * 100, b"five"]


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
    content, size = bytearray(path.read_bytes()), page_size(path)
    content[size * page : size * (page + 1)] = b"\xee" * size
    path.write_bytes(content)


def cut(path: Path, pages: int) -> None:
    path.write_bytes(path.read_bytes()[: page_size(path) * pages])


def page_size(path: Path) -> int:
    """As the head of every SQLite file tells it."""
    return int.from_bytes(path.read_bytes()[16:18])


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda path: overwrite(path, 1), id="a page of the table"),
        pytest.param(lambda path: overwrite(path, 3), id="a page of records"),
        pytest.param(lambda path: cut(path, 5), id="cut off"),
        pytest.param(lambda path: cut(path, 1), id="cut off after the first page"),
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
