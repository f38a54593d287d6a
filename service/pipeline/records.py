"""Log records and the events in them."""

from service.contracts.errors import LogDamaged
from service.contracts.events import Event, decode_event
from service.contracts.ports import LogRecord


def decode_record(record: LogRecord) -> Event:
    """The event of a log record.

    Raises:
        LogDamaged: It does not decode.
    """
    try:
        return decode_event(record.blob)
    except ValueError as error:
        raise LogDamaged(f"event {record.seq} cannot be read: {error}", seq=record.seq) from error
