"""The join of an example with what became of its device: the rule by which a label is made.

The rule looks only at marks and at the instant the device was last seen; it is asked once, at maturity.
"""

from collections.abc import Sequence
from typing import Final, Literal

from service.labels.book import Mark

NEGATIVE: Final = 0
POSITIVE: Final = 1
CENSORED: Final = -1
UNREPORTED: Final = -2
"""Would be negative, but outcomes had stopped arriving; given by the learner, never by `label_of`."""

Label = Literal[-1, 0, 1]


def label_of(ts_us: int, horizon_us: int, marks: Sequence[Mark], last_seen_us: int) -> tuple[Label, str]:
    """The final label of a reading, and the failure mode if it is positive.

    Positive if the first mark in (ts, ts + H] is a failure. Censored, so that nothing is learned from it, if that mark
    is a repair, if the device was in a failed state at ts, or if nothing of it was seen at ts + H or later. A device is
    failed from a failure on, until a repair or until it has gone on for H without another.

    Args:
        ts_us: Instant of the reading in microseconds.
        horizon_us: The horizon in microseconds.
        marks: The device's effective failures and repairs, in order of time.
        last_seen_us: Instant of its newest reading so far.
    """
    end_us = ts_us + horizon_us
    state: Mark | None = None
    for mark in marks:
        if mark.ts_us <= ts_us:
            state = mark
            continue
        if state is not None and _failed(state, ts_us, horizon_us):
            return CENSORED, ""
        if mark.ts_us > end_us:
            break
        return (POSITIVE, mark.mode) if mark.kind == "failure" else (CENSORED, "")
    if state is not None and _failed(state, ts_us, horizon_us):
        return CENSORED, ""
    return (NEGATIVE, "") if last_seen_us >= end_us else (CENSORED, "")


def failed_since(last_seen_us: int, horizon_us: int, marks: Sequence[Mark]) -> int | None:
    """Instant of the failure that a device last seen at ``last_seen_us`` is in, or None if it seems to work."""
    if marks and _failed(marks[-1], last_seen_us, horizon_us):
        return marks[-1].ts_us
    return None


def _failed(newest: Mark, at_us: int, horizon_us: int) -> bool:
    return newest.kind == "failure" and at_us < newest.ts_us + horizon_us
