"""The export: readings, risks, members, examples and outcomes as Parquet files, for pandas and the like.

The log is read once, piece by piece; rows are written in groups, so memory does not grow with the log. Names of devices
and metrics come from the newest snapshot and what follows it, since the events that first named them may have left
the log. It reads only, also beside a running service, and sees what was in the log when it began.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from service.contracts.errors import BadBackup
from service.contracts.events import OutcomesLogged, ReadingsLogged
from service.jobs.upkeep import tables
from service.jobs.upkeep.tables import Rows, Selection
from service.pipeline.records import decode_record
from service.pipeline.scoring.fleet import FleetState
from service.pipeline.scoring.keeper import Keeper
from service.pipeline.scoring.snapshot import MADE_WITH
from service.storage.event_log import SqliteEventLog
from service.storage.examples import SqliteExampleStore
from service.storage.folder import folder_settings
from service.storage.snapshots import SnapshotStore, folder_key

ROW_GROUP = 50_000
"""Rows of a table that are written together, and so kept in memory."""


def export(data: Path, out: Path, wanted: Selection) -> dict[str, int]:
    """Write the tables of a data folder, or of a backup in a folder, to a new folder.

    Returns:
        How many rows each table has.

    Raises:
        BadBackup: ``data`` is none, ``out`` is there already, or pyarrow is missing.
        LogDamaged: The log cannot be read.
        OSError: It could not be read or written.
    """
    try:
        import pyarrow as pa  # noqa: F401 - said here, before anything is made
    except ImportError:
        raise BadBackup("export needs pyarrow: install hearthbeat[data]") from None
    settings = folder_settings(data)
    if out.exists():
        raise BadBackup(f"{out} is there already")
    out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = out.with_name(f".{out.name}.{os.getpid()}.unfinished")
    log = SqliteEventLog(data / "events.db", read_only=True)
    try:
        snapshots = None
        if (data / "snapshot.key").exists():
            snapshots = SnapshotStore(data / "snapshots", "scorer", key=folder_key(data), made_with=MADE_WITH)

        def empty() -> FleetState:
            return FleetState(horizon_us=settings.horizon_us, slot_us=settings.slot_us)

        fleet = Keeper(snapshots, 0.0, empty).recover(log)
        unfinished.mkdir()
        counts = _written(data, log, fleet, unfinished, wanted)
        unfinished.rename(out)
    finally:
        log.close()
        shutil.rmtree(unfinished, ignore_errors=True)
    return counts


def _written(data: Path, log: SqliteEventLog, fleet: FleetState, out: Path, wanted: Selection) -> dict[str, int]:
    names = [name for name in fleet.home_types if wanted.home_type in (None, name)]
    metrics = sorted({metric for name in names for metric in fleet.home_types[name].windows.layout.metrics})
    kinds = {
        "readings": tables.READINGS | {tables.METRIC + metric: tables.NUMBER for metric in metrics},
        "risks": tables.RISKS,
        "members": tables.MEMBERS,
        "examples": tables.EXAMPLES,
        "outcomes": tables.OUTCOMES,
    }
    writers = {name: _Table(out / f"{name}.parquet", columns) for name, columns in kinds.items()}
    try:
        after = log.first_seq() - 1
        while after < fleet.seq and (records := log.read(after, limit=64)):
            for record in records[: fleet.seq - after]:
                event = decode_record(record)
                if isinstance(event, ReadingsLogged):
                    for group in event.groups:
                        state = fleet.home_types[group.home_type]
                        rows = tables.reading_tables(record.seq, event.received_us, group, state, wanted)
                        for name, part in rows.items():
                            writers[name].add(part)
                elif isinstance(event, OutcomesLogged):
                    writers["outcomes"].add(tables.outcome_table(record.seq, event, fleet, wanted))
            after = records[-1].seq
        if (data / "examples.db").exists():
            _examples(data / "examples.db", fleet, writers["examples"], wanted)
    finally:
        for writer in writers.values():
            writer.close()
    return {name: writer.rows for name, writer in writers.items()}


def _examples(path: Path, fleet: FleetState, table: "_Table", wanted: Selection) -> None:
    store = SqliteExampleStore(path, read_only=True)
    try:
        for block in store.walk(up_to_seq=fleet.seq):
            rows = tables.example_table(block, fleet.home_types[block.home_type], wanted)
            if rows is not None:
                table.add(rows)
    except ValueError as error:
        raise BadBackup(str(error)) from None
    finally:
        store.close()


class _Table:
    """One Parquet file in the making.

    Args:
        path: The file.
        columns: Kinds of its columns by name.
    """

    def __init__(self, path: Path, columns: Mapping[str, str]) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        of_kind = {
            tables.INSTANT: pa.timestamp("us", tz="UTC"), tables.TEXT: pa.string(), tables.NUMBER: pa.float64(),
            tables.WHOLE: pa.int64(), tables.SMALL: pa.int32(), tables.FLAG: pa.bool_(),
        }  # fmt: skip
        self.rows = 0
        self._schema = pa.schema([(name, of_kind[kind]) for name, kind in columns.items()])
        self._writer = parquet.ParquetWriter(path, self._schema)
        self._waiting: list[Any] = []
        self._count = 0

    def add(self, rows: Rows) -> None:
        """Take rows; columns that they do not have are unknown in them."""
        import pyarrow as pa

        count = len(rows["seq"])
        if not count:
            return
        columns = [
            pa.array(rows[field.name], field.type, from_pandas=True)
            if field.name in rows
            else pa.nulls(count, field.type)
            for field in self._schema
        ]
        self._waiting.append(pa.record_batch(columns, schema=self._schema))
        self._count += count
        self.rows += count
        if self._count >= ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._waiting:
            self._writer.write_table(pa.Table.from_batches(self._waiting), row_group_size=ROW_GROUP)
        self._waiting, self._count = [], 0

    def close(self) -> None:
        """Write the rest."""
        self._flush()
        self._writer.close()
