"""Read: from a service's data folder back to the columns of what it was asked, what it answered and what it learned.

Judged is by what is known in the end: a failure told late counts, one that was retracted does not, and what matured
while no outcome came has the label that the outcomes that came afterwards give it. What could be known at an instant
(`believed`, `corrected_us`) is another thing.
"""

from bisect import bisect_right
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from benchmarks.prequential.members import member_costs
from benchmarks.prequential.played import NOT_BELIEVED, Cost, Failures, Played, Rows
from benchmarks.report import BenchError
from service.contracts.events import (
    CheckpointPublished,
    GroupColumns,
    OutcomesLogged,
    ReadingGroup,
    ReadingsLogged,
    TrainingEnded,
    decode_event,
)
from service.contracts.ports import MaturedExamples
from service.features.layout import Layout
from service.labels.book import DeviceKey, OutcomeBook
from service.labels.join import NEGATIVE, POSITIVE, UNREPORTED, label_of
from service.models.committee import BASELINE
from service.storage.event_log import SqliteEventLog
from service.storage.examples import SqliteExampleStore

_NEVER_US = int(np.iinfo(np.int64).max)

_Late = dict[tuple[str, int, int], int]
"""From when on, in microseconds, an example (home type, event, row) was known as positive after all."""


class _Log:
    """What is needed of the log, in one pass.

    Attributes:
        layouts: By home type.
        features: The examples' feature rows by event and home type.
        devices: (home type, number in it) by device.
        book: All outcomes.
        readings: How many there were.
        trainings: How many checkpoints were trained.
    """

    def __init__(self, log: SqliteEventLog) -> None:
        self.layouts: dict[str, Layout] = {}
        self.features: dict[tuple[int, str], Rows] = {}
        self.devices: dict[DeviceKey, tuple[str, int]] = {}
        self.book = OutcomeBook()
        self.readings = 0
        self.trainings = 0
        self._seqs: list[int] = []
        self._now_us: list[int] = []
        self._counts: defaultdict[str, int] = defaultdict(int)
        after = 0
        while records := log.read(after):
            for record in records:
                event = decode_event(record.blob)
                if isinstance(event, ReadingsLogged):
                    for group in event.groups:
                        self._group(record.seq, group)
                elif isinstance(event, OutcomesLogged):
                    for outcome in event.outcomes:
                        self.book.enter(outcome)
                elif isinstance(event, CheckpointPublished):
                    self.trainings += event.member != BASELINE
                elif isinstance(event, TrainingEnded):
                    self.trainings += event.outcome == "rejected"
            after = records[-1].seq

    def event_time(self, seq: int) -> int:
        """The newest instant of a reading that had come by an event, in microseconds."""
        return self._now_us[bisect_right(self._seqs, seq) - 1]

    def _group(self, seq: int, group: ReadingGroup) -> None:
        self.layouts.setdefault(group.home_type, Layout()).extend(group.new_metrics, group.new_device_types)
        columns = GroupColumns(group)
        self.features[seq, group.home_type] = columns.features
        for key in group.new_devices:
            self.devices[key] = (group.home_type, self._counts[group.home_type])
            self._counts[group.home_type] += 1
        self.readings += len(columns.ts)
        newest = int(columns.ts.max(initial=0))
        self._seqs.append(seq)
        self._now_us.append(max(newest, self._now_us[-1]) if self._now_us else newest)


class _Columns(Struct, frozen=True):
    """Where things go: columns by feature name, the first device number by home type, the members."""

    place: dict[str, int]
    first: dict[str, int]
    members: list[str]


def read_folder(folder: Path, horizon_us: int, seconds: float, service_cpu_s: float) -> Played:
    """What a service that has stopped left in its data folder.

    Args:
        folder: The data folder.
        horizon_us: The horizon.
        seconds: How long the stream took.
        service_cpu_s: CPU time of the service and its processes.

    Raises:
        BenchError: No example has matured.
    """
    log = SqliteEventLog(folder / "events.db", read_only=True)
    store = SqliteExampleStore(folder / "examples.db", read_only=True)
    try:
        logged, blocks = _Log(log), store.blocks()
    finally:
        store.close()
        log.close()
    names = sorted({name for layout in logged.layouts.values() for name in layout.columns})
    where = _Columns(
        {name: number for number, name in enumerate(names)},
        {name: number << 32 for number, name in enumerate(sorted(logged.layouts))},
        sorted({member for block in blocks for member in block.members}),
    )
    late = _late(blocks, logged)
    whose = {device: key for key, device in logged.devices.items()}
    taken = [
        _block(block, logged, late, where, _in_the_end(block, logged.book, whose, horizon_us))
        for block in blocks
        if not block.late
    ]
    if not sum(len(part["ts"]) for part in taken):
        raise BenchError("no label became final: the stream is too short for its horizon, or tells of no failure")
    whole = {name: np.concatenate([part[name] for part in taken]) for name in taken[0]}
    order = np.argsort(whole["ts"], kind="stable")
    whole = {name: column[order] for name, column in whole.items()}
    played = Played(
        columns=names,
        rows=whole["rows"],
        ts=whole["ts"],
        labels=whole["labels"],
        chosen=whole["chosen"],
        device=whole["device"],
        blend=whole["blend"],
        members={name: whole[f"member:{name}"] for name in where.members},
        horizon_us=horizon_us,
        seconds=seconds,
        believed=whole["believed"],
        corrected_us=whole["corrected_us"],
        failures=_failures(logged, where),
        readings=logged.readings,
    )
    costs = member_costs(folder, played, list(where.first), logged.trainings)
    costs["committee"] = Cost(cpu_s=1e6 * service_cpu_s / logged.readings, bytes=_total(costs))
    return Played(**{name: getattr(played, name) for name in played.__struct_fields__} | {"costs": costs})


def _total(costs: dict[str, Cost]) -> int:
    return sum(cost.bytes or 0 for cost in costs.values())


def _late(blocks: list[MaturedExamples], logged: _Log) -> _Late:
    out: _Late = {}
    for block in blocks:
        if block.late:
            at_us = logged.event_time(block.at_seq)
            seqs, rows = np.frombuffer(block.seq, np.int64).tolist(), np.frombuffer(block.row, np.int32).tolist()
            for seq, row in zip(seqs, rows, strict=True):
                out.setdefault((block.home_type, seq, row), at_us)
    return out


def _in_the_end(
    block: MaturedExamples, book: OutcomeBook, whose: dict[tuple[str, int], DeviceKey], horizon_us: int
) -> npt.NDArray[np.int8]:
    """Labels by all outcomes that have come, (n,); as they matured where those say nothing."""
    out = np.frombuffer(block.label, np.int8).copy()
    ts, devices = np.frombuffer(block.ts, np.int64).tolist(), np.frombuffer(block.device, np.int32).tolist()
    for place in np.flatnonzero((out == POSITIVE) | (out == NEGATIVE) | (out == UNREPORTED)).tolist():
        marks = book.marks(whose[block.home_type, devices[place]])
        # It was asked about only where the device was seen a horizon later, or has failed.
        label, _ = label_of(ts[place], horizon_us, marks, ts[place] + horizon_us)
        if label in (POSITIVE, NEGATIVE):
            out[place] = label
    return out


def _block(
    block: MaturedExamples, logged: _Log, late: _Late, where: _Columns, final: npt.NDArray[np.int8]
) -> dict[str, npt.NDArray[np.generic]]:
    """The examples of a block that have a label in the end, column by column."""
    first = np.frombuffer(block.label, np.int8)
    seqs, numbers = np.frombuffer(block.seq, np.int64), np.frombuffer(block.row, np.int32)
    ids = [(block.home_type, *pair) for pair in zip(seqs.tolist(), numbers.tolist(), strict=True)]
    told_us = np.array([late.get(key, -1) for key in ids], np.int64)
    labels = np.where(told_us >= 0, np.int8(POSITIVE), final)
    keep = np.flatnonzero((labels == POSITIVE) | (labels == NEGATIVE))
    rows = np.full((len(keep), len(where.place)), np.nan, np.float32)
    at = np.array([where.place[name] for name in logged.layouts[block.home_type].columns])
    for i, example in enumerate(keep.tolist()):
        row = logged.features[int(seqs[example]), block.home_type][numbers[example]]
        rows[i, at[: len(row)]] = row
    chosen = np.zeros(len(labels), np.bool_)
    chosen[np.frombuffer(block.chosen, np.int32)[block.was_learned()]] = True
    risks = np.frombuffer(block.member_risk, np.float32).reshape(len(labels), -1)
    believed = np.where(first == POSITIVE, 1, np.where(first == NEGATIVE, 0, NOT_BELIEVED)).astype(np.int8)
    out: dict[str, npt.NDArray[np.generic]] = {
        "rows": rows,
        "ts": np.frombuffer(block.ts, np.int64)[keep],
        "labels": labels[keep] == POSITIVE,
        "chosen": chosen[keep],
        "device": np.frombuffer(block.device, np.int32)[keep].astype(np.int64) + where.first[block.home_type],
        "blend": np.frombuffer(block.blend)[keep],
        "believed": believed[keep],
        "corrected_us": np.where((told_us < 0) & (labels != first), _NEVER_US, told_us)[keep],
    }
    for name in where.members:
        given = risks[keep, block.members.index(name)] if name in block.members else np.full(len(keep), np.nan)
        out[f"member:{name}"] = given.astype(np.float64)
    return out


def _failures(logged: _Log, where: _Columns) -> Failures:
    devices: list[int] = []
    instants: list[int] = []
    for key in sorted(logged.book.marked()):
        if key not in logged.devices:
            continue
        home_type, number = logged.devices[key]
        failed = [mark.ts_us for mark in logged.book.marks(key) if mark.kind == "failure"]
        devices += [where.first[home_type] + number] * len(failed)
        instants += failed
    return Failures(device=np.array(devices, np.int64), ts=np.array(instants, np.int64))
