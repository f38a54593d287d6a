"""The journal: what the learner decided by itself, and the acts that it saw, each with when and how much.

It is made by the learner's fold and so a function of the log; it does not stand in the log itself.
"""

from datetime import datetime
from typing import Literal

from msgspec import Struct

JournalKind = Literal[
    "benched",
    "unbenched",
    "champion",
    "member_drift",
    "feature_drift",
    "feature_drift_over",
    "silence",
    "silence_over",
    "reset",
    "training_due",
    "training_ended",
    "published",
    "rolled_back",
    "pinned",
    "unpinned",
    "stale",
    "stale_over",
    "forgotten",
]
"""What kinds of decisions there are; docs/committee.md says how to read them."""


class JournalRecord(Struct, frozen=True, kw_only=True):
    """One decision.

    Attributes:
        seq: The event at which it was taken.
        place: Its place among the decisions of that event, from 0.
        kind: What was decided.
        home_type: About which home type, None for the fleet.
        member: About which member, feature or version, empty for none.
        at_us: Event time then, in microseconds; None before any reading.
        amount: How much, in the unit that the sentence names; None where there is no number.
        sentence: The decision in words.
    """

    seq: int
    place: int
    kind: JournalKind
    home_type: str | None
    member: str
    at_us: int | None
    amount: float | None
    sentence: str


class JournalEntry(Struct, frozen=True, kw_only=True):
    """A `JournalRecord` as it is answered; ``at`` is its event time."""

    seq: int
    place: int
    kind: JournalKind
    home_type: str | None
    member: str
    at: datetime | None
    amount: float | None
    sentence: str


class JournalPage(Struct, frozen=True, kw_only=True):
    """A page of the journal, oldest first.

    Attributes:
        entries: The entries.
        next: Give it as ``after`` for what follows, now or later; None for an empty journal.
    """

    entries: list[JournalEntry]
    next: str | None
