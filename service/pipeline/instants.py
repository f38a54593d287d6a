"""Instants at the door: which are believed, and how they are told again."""

from datetime import UTC, datetime, timedelta

from service.contracts.predictions import Refusal

FUTURE_US = 5 * 60 * 1_000_000
"""How far ahead of the service's own clock a time stamp may be."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc(us: int) -> datetime:
    """The instant in UTC of microseconds since the epoch."""
    try:
        return _EPOCH + timedelta(microseconds=us)
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if us > 0 else datetime.min.replace(tzinfo=UTC)


def bad_instant(i: int, ts: datetime, ts_us: int, received_us: int) -> Refusal | None:
    """A clock that is ahead, or was never set."""
    if ts_us > received_us + FUTURE_US:
        detail = f"ts {ts.isoformat()} is more than five minutes ahead of the service's clock"
        return Refusal(item=i, reason="future", detail=detail, field="ts")
    if ts_us < 0:
        return Refusal(item=i, reason="past", detail=f"ts {ts.isoformat()} lies before 1970", field="ts")
    return None
