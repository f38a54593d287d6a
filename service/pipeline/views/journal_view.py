"""View of the journal: a page of what the learner decided."""

import re
from typing import Final

import msgspec

from service.contracts.errors import BadQuery
from service.contracts.journal import JournalEntry, JournalPage, JournalRecord
from service.contracts.ports import ExampleStore
from service.pipeline.instants import utc

JOURNAL_CURSOR: Final = r"^[0-9]{1,18}-[0-9]{1,18}$"
"""The form of a cursor: an event, and a decision at it."""


def journal_page(
    store: ExampleStore, home_type: str | None, kind: str | None, after: str | None, limit: int
) -> JournalPage:
    """The entries behind ``after``, oldest first.

    Raises:
        BadQuery: ``after`` is no cursor of ours.
    """
    records = store.journal(home_type=home_type, kind=kind, after=_place(after), limit=limit)
    last = f"{records[-1].seq}-{records[-1].place}" if records else after
    return JournalPage(entries=[entry(record) for record in records], next=last)


def entry(record: JournalRecord) -> JournalEntry:
    """A record as it is answered."""
    fields = msgspec.structs.asdict(record)
    at_us = fields.pop("at_us")
    return JournalEntry(**fields, at=None if at_us is None else utc(at_us))


def _place(cursor: str | None) -> tuple[int, int]:
    if cursor is None:
        return 0, -1
    if re.fullmatch(JOURNAL_CURSOR, cursor) is None:
        raise BadQuery("not a cursor that this service gave", field="after")
    seq, place = map(int, cursor.split("-"))
    return seq, place
