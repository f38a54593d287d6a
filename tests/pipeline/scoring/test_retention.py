"""Retention: only what no fold needs goes, and of that what is old or too much."""

import pytest

from service.contracts.events import Advanced, encode_event
from service.pipeline.scoring.retention import Retention
from service.storage.memory import MemoryEventLog


def log_of(*received_us: int) -> MemoryEventLog:
    log = MemoryEventLog()
    log.append([encode_event(Advanced(received_us=at, to_us=0, home_type=None)) for at in received_us])
    return log


@pytest.mark.parametrize(
    ("keep_us", "max_bytes", "needed", "first"),
    [
        (50, 10**9, 100, 6),  # events at 10 to 50 are at least 50 old at 100
        (50, 10**9, 3, 3),  # but a fold needs them from the third on
        (1000, 10**9, 100, 1),  # all are young
        (1000, 1, 100, 10),  # but there is no room
        (1000, 1, 4, 4),  # as far as no fold needs them
        (0, 10**9, 0, 1),  # nothing is known of what is needed
    ],
)
def test_what_goes(keep_us: int, max_bytes: int, needed: int, first: int) -> None:
    """Age and size let events go; what a fold needs stays whatever they say."""
    log = log_of(*range(10, 101, 10))
    Retention(keep_us=keep_us, max_bytes=max_bytes).prune(log, now_us=100, needed_seq=needed)
    assert first == log.first_seq()


def test_many_go_in_steps() -> None:
    """A long backlog is forgotten bit by bit, so that the writer is never held up for long."""
    log = log_of(*range(5000))
    gone = Retention(keep_us=0, max_bytes=1).prune(log, now_us=10_000, needed_seq=10_000)
    assert 0 < gone < 5000
