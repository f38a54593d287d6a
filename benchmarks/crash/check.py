"""What the crash test asks of the log: is everything acknowledged in it, once, and nothing else?"""

import math
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

from msgspec import Struct

from benchmarks.crash.books import Ledger, ReadingKey, reading_key
from service.contracts.events import Event, GroupColumns, OutcomesLogged, ReadingGroup, ReadingsLogged, decode_event
from service.contracts.outcomes import Outcome
from service.contracts.ports import EventLog
from service.contracts.readings import Reading

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def events(log: EventLog) -> Iterator[tuple[int, Event]]:
    """All of a log, in order."""
    seq = 0
    while records := log.read(seq):
        for record in records:
            yield record.seq, decode_event(record.blob)
        seq = records[-1].seq


class _Names:
    """Names of one home type by the numbers they have in the log."""

    def __init__(self) -> None:
        self.devices: list[tuple[str, str]] = []
        self.metrics: list[str] = []
        self.device_types: list[str] = []


class LogReader:
    """Makes readings of logged events; it must see all of them in order."""

    def __init__(self) -> None:
        self._names: dict[str, _Names] = {}

    def readings(self, event: ReadingsLogged) -> list[Reading]:
        """The readings of an event as they were sent, group by group in the order in which they were scored."""
        return [reading for group in event.groups for reading in self._group(group)]

    def _group(self, group: ReadingGroup) -> Iterator[Reading]:
        names = self._names.setdefault(group.home_type, _Names())
        names.devices += group.new_devices
        names.metrics += group.new_metrics
        names.device_types += group.new_device_types
        c = GroupColumns(group)
        for i, values in enumerate(c.values.tolist()):
            home_id, device_id = names.devices[c.device[i]]
            instant = _EPOCH + timedelta(microseconds=int(c.ts[i]))
            yield Reading(
                home_id=home_id,
                device_id=device_id,
                home_type=group.home_type,
                device_type=names.device_types[c.device_type[i]],
                ts=instant.astimezone(timezone(timedelta(seconds=int(c.offset_s[i])))),
                metrics={name: v for name, v in zip(names.metrics, values, strict=False) if not math.isnan(v)},
                time_basis="cycle" if c.cycle[i] else "clock",
            )


class LogFindings(Struct, kw_only=True):
    """What is wrong with a log: in numbers, and a line for each of the first.

    Attributes:
        lost: Acknowledged, and not in the log as sent.
        doubled: More than once in the log.
        foreign: In the log, but never sent (so).
    """

    lost: int = 0
    doubled: int = 0
    foreign: int = 0
    lines: list[str] = []


def check_log(log: EventLog, books: Ledger) -> LogFindings:
    """Hold a log against the books."""
    findings = LogFindings()
    readings: Counter[ReadingKey] = Counter()
    outcomes: Counter[str] = Counter()
    altered: set[ReadingKey | str] = set()
    reader = LogReader()
    for seq, event in events(log):
        sent: Reading | Outcome | None
        for key, item in _items(event, reader):
            if isinstance(key, str):
                outcomes[key] += 1
                sent = books.outcomes.get(key)
            else:
                readings[key] += 1
                sent = books.readings.get(key)
            if sent != item:
                findings.foreign += 1
                findings.lines.append(f"event {seq} holds {item}, but sent was {sent}")
                altered.add(key)
    for number, name in ((readings, "reading"), (outcomes, "outcome")):
        for key, times in number.items():
            if times > 1:
                findings.doubled += 1
                findings.lines.append(f"{name} {key} is in the log {times} times")
    lost = (books.acknowledged_readings - readings.keys()) | (books.acknowledged_outcomes - outcomes.keys())
    lost |= altered & (books.acknowledged_readings | books.acknowledged_outcomes)
    findings.lost = len(lost)
    findings.lines += [f"{key} was acknowledged and is not in the log as sent" for key in sorted(lost, key=str)]
    return findings


def _items(event: Event, reader: LogReader) -> Iterator[tuple[ReadingKey | str, Reading | Outcome]]:
    if isinstance(event, ReadingsLogged):
        for reading in reader.readings(event):
            yield reading_key(reading), reading
    elif isinstance(event, OutcomesLogged):
        for outcome in event.outcomes:
            yield outcome.outcome_id, outcome
