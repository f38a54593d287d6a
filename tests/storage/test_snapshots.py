"""Snapshots: what is kept is found again whole, and what is not whole is skipped with a warning for an older one."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from service.storage.snapshots import SnapshotStore, folder_key

MADE_WITH = {"river": "0.26.1", "python": "3.11"}


def store(
    folder: Path, *, key: bytes = b"key", kind: str = "learner", made_with: dict[str, str] = MADE_WITH
) -> SnapshotStore:
    return SnapshotStore(folder, kind, key=key, made_with=made_with)


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    for seq in (10, 20, 30):
        store(tmp_path).save(seq, [b"state of %d\n" % seq, memoryview(b"with lines")])
    return tmp_path


def test_newest_first_and_only_three_are_kept(filled: Path) -> None:
    """The oldest goes when a fourth comes; another kind in the folder is another matter."""
    store(filled, kind="scorer").save(99, [b"other"])
    store(filled).save(40, [b"state of 40"])
    assert [40, 30, 20] == [seq for seq, _ in store(filled).newest_first()]
    assert (30, b"state of 30\nwith lines") == list(store(filled).newest_first())[1]
    assert [40, 30, 20] == store(filled).seqs()


def test_nothing_from_beyond_the_log(filled: Path) -> None:
    """A snapshot of events that the log does not have is of another log."""
    assert [20, 10] == [seq for seq, _ in store(filled).newest_first(25)]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def flip(path: Path) -> None:
    blob = bytearray(path.read_bytes())
    blob[-3] ^= 1
    path.write_bytes(blob)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def swap_head(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"seq":30', b'"seq":31', 1))


@pytest.mark.parametrize("harm", [truncate, flip, empty, swap_head])
def test_damaged_one_is_skipped(filled: Path, harm: Callable[[Path], None], caplog: pytest.LogCaptureFixture) -> None:
    """Whatever happened to the newest, the next older one serves, and the log says why."""
    harm(filled / f"learner-{30:016d}.snapshot")
    with caplog.at_level(logging.WARNING):
        assert [20, 10] == [seq for seq, _ in store(filled).newest_first()]
    assert "is skipped" in caplog.text


@pytest.mark.parametrize(
    ("key", "made_with"), [(b"other", MADE_WITH), (b"key", {"river": "0.27.0", "python": "3.11"}), (b"key", {})]
)
def test_foreign_ones_are_skipped(filled: Path, key: bytes, made_with: dict[str, str]) -> None:
    """Neither another folder's snapshots nor another version's are read."""
    assert [] == list(store(filled, key=key, made_with=made_with).newest_first())


def test_unfinished_file_is_no_snapshot(filled: Path) -> None:
    """What a crash left half written has another name."""
    (filled / ".learner-0000000000000040.snapshot.123").write_bytes(b"half")
    assert [30, 20, 10] == store(filled).seqs()


def test_key_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    """The folder's secret stays the same and is readable by nobody else."""
    key = folder_key(tmp_path)
    assert (32, key) == (len(key), folder_key(tmp_path))
    assert 0o600 == (tmp_path / "snapshot.key").stat().st_mode & 0o777
