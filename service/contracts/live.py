"""What the live stream tells. Instants are RFC 3339 in UTC."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from service.contracts.journal import JournalEntry


class RiskTold(Struct, frozen=True, kw_only=True):
    """A reading whose risk is at least the one asked for.

    Attributes:
        seq: The event of the log that holds it.
        row: Which of the event's readings it is.
        home_id, device_id, home_type, device_type: Of which device.
        risk: As it was answered.
        as_of: Instant of the reading.
        provisional: Whether only baseline or prior spoke.
        champion: The member that had the most weight.
    """

    seq: int
    row: int
    home_id: str
    device_id: str
    home_type: str
    device_type: str
    risk: float
    as_of: datetime
    provisional: bool
    champion: str


class Gap(Struct, frozen=True, kw_only=True):
    """What a listener has missed and will not be told.

    Attributes:
        of: ``log``: risks, or ``journal``: decisions.
        from_seq, to_seq: The events that were passed over, both included; where the log was put back, those that were
            told and are not in it any more. ``to_seq`` is less where nothing is known of them, since the listener comes
            from another log.
        reason: Why.
    """

    of: Literal["log", "journal"]
    from_seq: int
    to_seq: int
    reason: str


Told = RiskTold | JournalEntry | Gap
