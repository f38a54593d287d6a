"""Places: how far a listener has come, in the log and in the journal; the ids of the live stream's events."""

import re
from typing import Final

from msgspec import Struct

from service.contracts.errors import BadQuery

PLACE: Final = r"^[0-9]{1,18}\.[0-9]{1,9}-[0-9]{1,18}\.[0-9]{1,9}(-[0-9a-f]{8})?$"
"""The form of an id."""

_PARTS = re.compile(r"[0-9a-f]+")


class Place(Struct, frozen=True, kw_only=True, order=True):
    """What comes next for a listener.

    Attributes:
        seq, row: The event of the log, and the reading in it (counted over its groups), from which on risks are told.
        noted_seq, noted: The event, and the decision at it, from which on the journal is told.
        start: The word of the run of the service that told it; empty if it is not known.
    """

    seq: int
    row: int = 0
    noted_seq: int = 0
    noted: int = 0
    start: str = ""


def place_id(place: Place) -> str:
    """As the id of an event: ``120.4-118.0-5b1f03c8``."""
    bare = f"{place.seq}.{place.row}-{place.noted_seq}.{place.noted}"
    return f"{bare}-{place.start}" if place.start else bare


def parse_place(text: str) -> Place:
    """The place of an id.

    Raises:
        BadQuery: It is none of ours.
    """
    if re.fullmatch(PLACE, text) is None:
        raise BadQuery("not an id of an event of this stream", field="Last-Event-ID")
    seq, row, noted_seq, noted, *start = _PARTS.findall(text)
    return Place(seq=int(seq), row=int(row), noted_seq=int(noted_seq), noted=int(noted), start="".join(start))
