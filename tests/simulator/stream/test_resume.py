"""The file that says how far a stream is."""

import subprocess
import sys
from pathlib import Path

import pytest

from service.contracts.predictions import Receipt
from simulator.errors import UsageError
from simulator.stream.merge import Done, Request
from simulator.stream.resume import Identity, begin, read_record, used_alone
from tests.simulator.stream.test_merge import reading_of, report_of

STREAM: Identity = {"command": "simulate", "homes": 3, "end": "2025-01-01T00:00:00Z"}


def test_what_was_acknowledged_is_found_again(tmp_path: Path) -> None:
    """By lane, with the newest event; the file is there as soon as the stream begins."""
    path = tmp_path / "stream.json"
    bookmark = begin(path, STREAM, 2, 0)
    assert [Done(), Done()] == begin(path, STREAM, 2, 0).record.done

    readings = [reading_of(second, "h", "d").reading for second in range(3)]
    bookmark.add(Request(since=0, at=2, lane=1, readings=readings), Receipt(accepted=3, seq=7))
    bookmark.add(Request(since=2, at=2, lane=0, outcomes=[report_of(2, "o", "h", "d").outcome]), Receipt(duplicate=1))
    bookmark.save()

    again = begin(path, STREAM, 2, 7).record
    assert ([Done(0, 1), Done(3, 0)], 7, False) == (again.done, again.seq, again.complete)
    assert [path] == list(tmp_path.iterdir())


def test_it_is_written_every_half_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not with each answer."""
    now = [50.0]
    monkeypatch.setattr("simulator.stream.resume.time.monotonic", lambda: now[0])
    path = tmp_path / "stream.json"
    bookmark = begin(path, STREAM, 1, 0)
    one = Request(since=0, at=0, readings=[reading_of(0, "h", "d").reading])
    seen = []
    for now[0] in (50.2, 50.4, 50.6, 50.8, 51.2):
        bookmark.add(one, Receipt(accepted=1, seq=1))
        record = read_record(path)
        assert record is not None
        seen.append(record.done[0].readings)

    assert [0, 0, 3, 3, 5] == seen


@pytest.mark.parametrize(
    ("stream", "lanes", "service_seq", "says"),
    [
        ({**STREAM, "homes": 4}, 2, 9, "another stream: its homes is 3, not 4"),
        ({"command": "replay"}, 2, 9, "another stream: its command is simulate, not replay"),
        ({**STREAM, "world": "dirty"}, 2, 9, "its world is None, not dirty"),
        ({**STREAM, "homes": "9" * 300}, 2, 9, "its homes is 3, not 9{76} ...; give"),
        (STREAM, 2, 4, "tells of event 5, and the service has no more than 4"),
    ],
)
def test_contradictions_are_told(tmp_path: Path, stream: Identity, lanes: int, service_seq: int, says: str) -> None:
    """Before anything is sent, and the file stays as it is."""
    path = tmp_path / "stream.json"
    bookmark = begin(path, STREAM, 2, 0)
    bookmark.add(Request(since=0, at=0, readings=[reading_of(0, "h", "d").reading]), Receipt(accepted=1, seq=5))
    bookmark.save()
    before = path.read_bytes()

    with pytest.raises(UsageError, match=says):
        begin(path, stream, lanes, service_seq)
    assert before == path.read_bytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[1]",
        b'{"stream": {}}',
        b"\xff",
        b'{"stream": {"end": 5}, "done": [{}]}',
        b'{"stream": {"homes": [3]}, "done": [{}]}',
        b'{"stream": {}, "done": []}',
        b'{"stream": {}, "done": [' + 64 * b"{}," + b"{}]}",
        b'{"stream": {}, "done": [{"readings": -1}]}',
        b'{"stream": {}, "done": [{"outcomes": -1}]}',
        b'{"stream": {}, "done": [{"readings": 9223372036854775807}]}',
        b'{"stream": {}, "done": [{"readings": 1000000000000000000000000}]}',
        b'{"stream": {}, "done": [{}], "seq": -2}',
    ],
)
def test_other_files_are_left_alone(tmp_path: Path, content: bytes) -> None:
    """A file that is none of ours is not overwritten."""
    path = tmp_path / "notes.txt"
    path.write_bytes(content)

    with pytest.raises(UsageError, match="no file of ours"):
        begin(path, STREAM, 1, 0)
    assert content == path.read_bytes()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """At the start, not after an hour."""
    with pytest.raises(UsageError, match="cannot be written: No such file"):
        begin(tmp_path / "none" / "stream.json", STREAM, 1, 0)


def test_one_run_at_a_time(tmp_path: Path) -> None:
    """The second is refused; nothing but the file stays behind, and the next run may use it."""
    path = tmp_path / "stream.json"
    for _ in range(2):
        with used_alone(path):
            with pytest.raises(UsageError, match=r"stream.json: another run is using it$"), used_alone(path):
                pass
            with used_alone(tmp_path / "other.json"):
                pass
    assert [] == list(tmp_path.iterdir())


def test_a_killed_run_keeps_nobody_away(tmp_path: Path) -> None:
    """Its lock ends with it, though the lock's file is still there."""
    path = tmp_path / "stream.json"
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom simulator.stream.resume import used_alone\n"
        "with used_alone(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "held\n" == process.stdout.readline()
        with pytest.raises(UsageError, match="another run is using it"), used_alone(path):
            pass
        process.kill()
    assert [tmp_path / "stream.json.lock"] == list(tmp_path.iterdir())
    with used_alone(path):
        pass
    assert [] == list(tmp_path.iterdir())


def test_a_place_that_cannot_be_locked_is_told(tmp_path: Path) -> None:
    """As one that cannot be written."""
    with pytest.raises(UsageError, match="cannot be written: No such file"), used_alone(tmp_path / "none" / "s.json"):
        pass


def test_without_a_file_nothing_is_kept(tmp_path: Path) -> None:
    """The counts are the same."""
    bookmark = begin(None, STREAM, 1, 0)
    bookmark.add(Request(since=0, at=0, readings=[reading_of(0, "h", "d").reading]), Receipt(accepted=1, seq=5))
    bookmark.save()

    assert [Done(1, 0)] == bookmark.record.done
    assert [] == list(tmp_path.iterdir())
