"""Starts: which runs of the service wrote the log, and from which event on.

A data folder that was put back to an older state, by `hearthbeat restore` or as a copy of files, soon holds other
events under numbers that were given before. Each start has a word of its own, which stands in the ids of the live
stream; so an id from a run whose events are gone is known for one.
"""

import logging
import os
import secrets
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from service.contracts.decoding import UNDECODABLE
from service.storage.durable import sync

NAME: Final = "starts.json"
MOST: Final = 1_000
"""So many starts are remembered, the newest."""

_LOG = logging.getLogger("hearthbeat.storage")


class Start(Struct, frozen=True, array_like=True):
    """One start: its word, and the first event that it could write."""

    word: str
    first_seq: int


class Starts(Struct, frozen=True):
    """All starts that are remembered, the oldest first; the last is that of this run."""

    all: list[Start] = []

    @property
    def word(self) -> str:
        """That of this run, empty if it was not noted."""
        return self.all[-1].word if self.all else ""

    def next_after(self, word: str) -> int | None:
        """The first event of the runs after that of a word; None if nothing is known of that one, or it is this run."""
        words = [start.word for start in self.all]
        after = self.all[words.index(word) + 1 :] if word in words else []
        # Not simply that of the next: a backup may know of a run that began after its copy of the log was made.
        return min((start.first_seq for start in after), default=None)


def note_start(folder: Path, first_seq: int) -> Starts:
    """Note that a run begins, whose first event will be ``first_seq``; returns all starts.

    Raises:
        OSError: It could not be written.
    """
    path = folder / NAME
    known: list[Start] = []
    try:
        known = msgspec.json.decode(path.read_bytes(), type=list[Start])
    except FileNotFoundError:
        pass
    except (OSError, *UNDECODABLE) as error:
        _LOG.warning("%s cannot be read, so ids of the live stream from before this start are a gap: %s", path, error)
    starts = Starts([*known, Start(secrets.token_hex(4), first_seq)][-MOST:])
    unfinished = folder / f".{NAME}.{os.getpid()}"
    try:
        with unfinished.open("wb") as file:
            file.write(msgspec.json.encode(starts.all))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    sync(folder)
    return starts
