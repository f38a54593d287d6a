"""Replay: a fold rebuilt from the log, event by event."""

from service.contracts.errors import LogDamaged
from service.contracts.events import Event, decode_event
from service.contracts.ports import EventLog, LogRecord
from service.pipeline.fleet import FleetState


def decode_record(record: LogRecord) -> Event:
    """The event of a log record.

    Raises:
        LogDamaged: It does not decode.
    """
    try:
        return decode_event(record.blob)
    except ValueError as error:
        raise LogDamaged(f"event {record.seq} cannot be read: {error}", seq=record.seq) from error


def replay_fleet(log: EventLog, fleet: FleetState) -> FleetState:
    """Fold all that follows ``fleet.seq`` in the log into it.

    Raises:
        LogDamaged: The log cannot be read.
    """
    while records := log.read(fleet.seq):
        for record in records:
            fleet.apply(record.seq, decode_record(record))
    return fleet
