"""Starts: which run of the service wrote which events."""

from pathlib import Path

import msgspec
import pytest

from service.storage.starts import MOST, NAME, Start, Starts, note_start


def test_each_start_is_noted(tmp_path: Path) -> None:
    """With a word of its own; a run's events end where the next one begins."""
    first, second = note_start(tmp_path, 1), note_start(tmp_path, 7)
    assert ([1], [1, 7]) == ([start.first_seq for start in first.all], [start.first_seq for start in second.all])
    assert first.word != second.word
    assert first.word == second.all[0].word
    assert (7, None, None) == tuple(map(second.next_after, (first.word, second.word, "00000000")))
    assert [NAME] == [path.name for path in tmp_path.iterdir()]


def test_a_log_that_was_put_back_further() -> None:
    """A backup may know of a run whose events are not in it."""
    starts = Starts([Start("a", 1), Start("b", 90), Start("c", 50)])
    assert (50, 50, None) == tuple(map(starts.next_after, "abc"))


@pytest.mark.parametrize("content", [b"", b"{}", b"[[1, 2]]", b'[["a", "b"]]', b"\xff", b"[" * 20_000])
def test_a_damaged_file_is_begun_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes) -> None:
    """With a warning: what is from before is not known any more."""
    (tmp_path / NAME).write_bytes(content)
    assert [5] == [start.first_seq for start in note_start(tmp_path, 5).all]
    assert "a gap" in caplog.text
    assert 2 == len(note_start(tmp_path, 6).all)


def test_their_number_is_bounded(tmp_path: Path) -> None:
    """The newest are kept."""
    many = [Start(f"{n:08x}", n) for n in range(MOST)]
    (tmp_path / NAME).write_bytes(msgspec.json.encode(many))
    assert (MOST, 1) == (len((starts := note_start(tmp_path, 9)).all), starts.all[0].first_seq)
