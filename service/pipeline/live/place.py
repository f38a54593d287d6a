"""Places: how far a listener has come, in the log and in the journal; the ids of the live stream's events."""

import re

from msgspec import Struct

from service.contracts.errors import BadQuery

_ID = re.compile(r"([0-9]{1,18})\.([0-9]{1,9})-([0-9]{1,18})\.([0-9]{1,9})")


class Place(Struct, frozen=True, kw_only=True, order=True):
    """What comes next for a listener.

    Attributes:
        seq, row: The event of the log, and the reading in it (counted over its groups), from which on risks are told.
        noted_seq, noted: The event, and the decision at it, from which on the journal is told.
    """

    seq: int
    row: int = 0
    noted_seq: int = 0
    noted: int = 0


def place_id(place: Place) -> str:
    """As the id of an event: ``120.4-118.0``."""
    return f"{place.seq}.{place.row}-{place.noted_seq}.{place.noted}"


def parse_place(text: str) -> Place:
    """The place of an id.

    Raises:
        BadQuery: It is none of ours.
    """
    found = _ID.fullmatch(text)
    if found is None:
        raise BadQuery("not an id of an event of this stream", field="Last-Event-ID")
    seq, row, noted_seq, noted = map(int, found.groups())
    return Place(seq=seq, row=row, noted_seq=noted_seq, noted=noted)
