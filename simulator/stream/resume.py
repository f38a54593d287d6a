"""Resume: a small file that says which stream this is and how much of it the service has acknowledged.

Beside the stream. The file is replaced in one step, so it is whole whenever the client is killed. What was acknowledged
after it was written last comes back as duplicates. One run at a time uses it: a lock beside it, which the system takes
back when the process ends, keeps others away.
"""

import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from service.contracts.decoding import UNDECODABLE
from service.contracts.predictions import Receipt
from simulator.errors import UsageError
from simulator.stream.merge import Done, R, Request

Identity = Mapping[str, str | int | float | bool | None]
"""What a stream is made from, by the names of the flags: with the same values it is the same, item by item."""

MOST_LANES = 64
_EVERY_S = 0.5
_SHOWN = 80
"""Characters of a value that an error shows at most."""


class Record(Struct, kw_only=True, forbid_unknown_fields=True):
    """What the file holds.

    Attributes:
        stream: The identity of the stream.
        done: What was acknowledged of each lane.
        seq: Newest sequence number acknowledged, -1 before the first.
        complete: Whether all of it was.
    """

    stream: dict[str, str | int | float | bool | None]
    done: Annotated[list[Done], Meta(min_length=1, max_length=MOST_LANES)]
    seq: Annotated[int, Meta(ge=-1)] = -1
    complete: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.stream.get("end"), str | None):
            raise ValueError("the end of its stream is no instant")


class Bookmark:
    """How far a stream is; kept in a file, if there is one.

    Args:
        record: From where it goes on.
        path: The file, or None.
    """

    def __init__(self, record: Record, path: Path | None = None) -> None:
        self.record = record
        self._path = path
        self._saved_at = time.monotonic()

    def add(self, request: Request[R], receipt: Receipt) -> None:
        """The service has acknowledged a request; written down every half second."""
        done = self.record.done[request.lane]
        done.readings += len(request.readings)
        done.outcomes += len(request.outcomes)
        self.record.seq = max(self.record.seq, -1 if receipt.seq is None else receipt.seq)
        if time.monotonic() - self._saved_at >= _EVERY_S:
            self.save()

    def save(self) -> None:
        """Write the file.

        Raises:
            UsageError: If it cannot be written.
        """
        if self._path is None:
            return
        part = self._path.with_name(self._path.name + ".part")
        try:
            with part.open("wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(self.record)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            part.replace(self._path)
        except OSError as error:
            raise UsageError(f"--resume {self._path} cannot be written: {error.strerror}") from None
        self._saved_at = time.monotonic()


@contextmanager
def used_alone(path: Path | None) -> Iterator[None]:
    """Keep other runs from using a file, by a lock on ``<path>.lock``, which is gone at the end.

    Raises:
        UsageError: If another run is using it, or nothing can be written there.
    """
    if path is None:
        yield
        return
    place = path.parent / f"{path.name}.lock"
    try:
        lock = _locked(place)
    except BlockingIOError:
        raise UsageError(f"--resume {path}: another run is using it") from None
    except OSError as error:
        raise UsageError(f"--resume {path} cannot be written: {error.strerror}") from None
    try:
        yield
    finally:
        # While it is still held: whoever comes now makes a file of its own.
        place.unlink(missing_ok=True)
        os.close(lock)


def _locked(place: Path) -> int:
    """Return a locked file of that name.

    Raises:
        BlockingIOError: If another process holds it.
        OSError: If there can be none.
    """
    while True:
        lock = os.open(place, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(lock), place.stat()):
                return lock
        except FileNotFoundError:
            pass
        except BaseException:
            os.close(lock)
            raise
        # Its holder took it away between the two: the name is, or will be, another file's.
        os.close(lock)


def read_record(path: Path | None) -> Record | None:
    """Return what a file of an earlier run holds; None if there is none.

    Raises:
        UsageError: If the file cannot be read or is none of ours.
    """
    if path is None:
        return None
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"--resume {path} cannot be read: {error.strerror}") from None
    except UNDECODABLE as error:
        raise UsageError(f"--resume {path} is no file of ours: {error}") from None


def begin(path: Path | None, stream: Identity, lanes: int, service_seq: int) -> Bookmark:
    """Begin a stream, or go on with it where its file says, and write the file at once.

    Args:
        path: The file, or None.
        stream: What is to be streamed.
        lanes: Through how many lanes.
        service_seq: Newest sequence number of the service.

    Raises:
        UsageError: If the file is of another stream, or of a service that knew more than this one.
    """
    record = read_record(path)
    if record is None:
        record = Record(stream=dict(stream), done=[Done() for _ in range(lanes)])
    for name in sorted({*record.stream, *stream}):
        then, now = record.stream.get(name), stream.get(name)
        if then != now:
            raise UsageError(
                f"--resume {path} is of another stream: its {name} is {_shown(then)}, not {_shown(now)}; "
                "give the same arguments, or another file"
            )
    if len(record.done) != lanes:
        raise UsageError(f"--resume {path} is no file of ours: it tells of {len(record.done)} lanes, not {lanes}")
    if record.seq > service_seq:
        raise UsageError(
            f"--resume {path} tells of event {record.seq}, and the service has no more than {service_seq}: "
            "it is another one, or has lost its data; begin anew with another file"
        )
    bookmark = Bookmark(record, path)
    bookmark.save()
    return bookmark


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 4]} ..."
