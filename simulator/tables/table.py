"""Table: a file of device telemetry and a mapping in, ordered readings and reports out.

pandas is imported here and in its parts (`frames`, `instants`, `failures`) only, so that nothing else waits for it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from msgspec import Struct

from simulator.arrays import Floats, Indices, Ints
from simulator.blocks import Block
from simulator.delivery.outcomes import Report
from simulator.errors import UsageError
from simulator.stream.merge import Timed
from simulator.stream.wire import Wire, WireReading
from simulator.tables.failure_rules import FailureFile, FlaggedRows
from simulator.tables.failures import Rows, Told, told_by_file, told_by_rows
from simulator.tables.frames import Words, check_columns, names_of, read_frame, types_of
from simulator.tables.instants import row_instants
from simulator.tables.mapping import Mapping

_DIGITS = 18
"""Names of more digits than that are no numbers."""


class Telemetry(Struct, frozen=True, kw_only=True):
    """A table made ready, n rows in order of time (rows of the same instant in the order of the file).

    Attributes:
        ts: Microseconds since the epoch, UTC, (n,).
        offset_s: UTC offset of each row, in seconds, (n,).
        home: Home by row, n strings.
        device: Device by row, n strings.
        home_type: n strings.
        device_type: n strings.
        metric_names: m names.
        metrics: (n, m), NaN where absent.
        time_basis: As in `Reading`.
        reports: The failures, in order of when they are told.
        failure_offset_us: Longest time from what tells of a failure to the failure.
        notes: What the user should know of it, a sentence each.
    """

    ts: Ints
    offset_s: Ints
    home: list[str]
    device: list[str]
    home_type: list[str]
    device_type: list[str]
    metric_names: list[str]
    metrics: Floats
    time_basis: Literal["clock", "cycle"]
    reports: list[Report]
    failure_offset_us: int
    notes: list[str]

    def __len__(self) -> int:
        return len(self.ts)

    def readings(self) -> Iterator[Timed[WireReading]]:
        """Yield the readings in order of time."""
        wire = Wire(self.home, self.device, self.home_type, self.device_type, self.metric_names, self.time_basis)
        # Names stand in the rows themselves here, so each row is a device of its own to the wire.
        rows = np.arange(len(self), dtype=np.int32)
        return wire.timed([Block(rows, self.ts, self.ts, self.offset_s.astype(np.int32), self.metrics)])


def load_table(path: Path, mapping: Mapping, *, seed: int | None = None, limit_rows: int | None = None) -> Telemetry:
    """Read a table as the mapping says.

    Args:
        path: A CSV file (also ``.gz`` and the like) or a Parquet file.
        mapping: What its columns mean.
        seed: Replaces the mapping's seed of the stagger.
        limit_rows: Keep the first so many rows in the order of time, and the failures that they tell of.

    Raises:
        UsageError: If the file and the mapping do not go together.
    """
    ids = [column for column in (mapping.device.column, mapping.device.home_column) if column]
    frame = read_frame(path, mapping.table, ids, "table")
    roles = _check_columns(frame, path, mapping)
    home = names_of(frame, path, mapping.device.home_column, mapping.device.home, slash=False)
    device = names_of(frame, path, mapping.device.column, "")
    code = _device_codes(home, device)
    ts, offset_s = row_instants(frame[mapping.time.column], code, mapping.time, path, seed)
    names, metrics = _metrics(frame, path, mapping, roles)
    order = np.argsort(ts, kind="stable")[: limit_rows or None]
    kept = np.zeros(len(ts), dtype=bool)
    kept[order] = True
    home_type = types_of(frame, mapping.device.home_type_column, mapping.device.home_type or "")
    device_type = types_of(frame, mapping.device.device_type_column, mapping.device.device_type)
    rows = Rows(home=home, device=device, code=code, ts=ts, kept=kept)
    if mapping.failure is None:
        told = Told()
    elif isinstance(mapping.failure, FailureFile):
        told = told_by_file(mapping.failure, mapping.time, rows, path, seed)
    else:
        told = told_by_rows(frame, mapping.failure, mapping.time, rows)
    return Telemetry(
        ts=ts[order],
        offset_s=offset_s[order],
        home=home[order].tolist(),
        device=device[order].tolist(),
        home_type=home_type[order].tolist(),
        device_type=device_type[order].tolist(),
        metric_names=names,
        metrics=metrics[order],
        time_basis=mapping.time.time_basis,
        reports=told.reports,
        failure_offset_us=told.offset_us,
        notes=told.notes,
    )


def _check_columns(frame: pd.DataFrame, path: Path, mapping: Mapping) -> set[str]:
    """Check that every column named is there; return the columns that have a role and are thus no metrics."""
    device, metrics = mapping.device, mapping.metrics
    # A file of failures has columns of its own.
    failure = None if isinstance(mapping.failure, FailureFile) else mapping.failure
    single = {
        "device.column": device.column, "device.home_column": device.home_column,
        "device.home_type_column": device.home_type_column, "device.device_type_column": device.device_type_column,
        "time.column": mapping.time.column,
        "failure.column": failure.column if isinstance(failure, FlaggedRows) else None,
        "failure.mode_column": failure.mode_column if failure else None,
    }  # fmt: skip
    named = [(field, column) for field, column in single.items() if column is not None]
    named += [("metrics.columns", column) for column in metrics.columns or ()]
    named += [("metrics.all_except", column) for column in metrics.all_except or ()]
    named += [("metrics.rename", column) for column in metrics.rename]
    check_columns(frame, path, named)
    if frame.empty:
        raise UsageError(f"{path} has no rows")
    roles = {column for column in single.values() if column is not None}
    for field in ("failure.column", "failure.mode_column"):
        if single[field] is not None and single[field] in (metrics.columns or ()):
            raise UsageError(f"metrics.columns: {single[field]!r} tells of the failure and cannot be a metric")
    return roles


def _device_codes(home: Words, device: Words) -> Indices:
    """Number the devices (home, device) in sorted order: by number if all names are numbers, else by name."""

    def rank(names: Words) -> Ints:
        codes, values = pd.factorize(names)
        texts = [str(value) for value in values]
        numeric = all(text.isdecimal() and len(text) <= _DIGITS for text in texts)
        order = sorted(range(len(texts)), key=lambda i: (int(texts[i]) if numeric else 0, texts[i]))
        place = np.empty(len(texts), dtype=np.int64)
        place[order] = np.arange(len(texts))
        return place[codes]

    devices = rank(device)
    _, code = np.unique(rank(home) * (int(devices.max()) + 1) + devices, return_inverse=True)
    return np.asarray(code, dtype=np.int32)


def _metrics(frame: pd.DataFrame, path: Path, mapping: Mapping, roles: set[str]) -> tuple[list[str], Floats]:
    rule = mapping.metrics
    out = roles | set(rule.all_except or ())
    columns = list(rule.columns) if rule.columns is not None else [str(c) for c in frame.columns if c not in out]
    names = [rule.rename.get(column, column) for column in columns]
    if not names:
        raise UsageError(f"metrics.all_except leaves no column of {path}")
    if len(set(names)) < len(names) or not all(1 <= len(name) <= 64 for name in names):
        raise UsageError("metrics: the names of the metrics must be distinct and have 1 to 64 characters")
    values = np.empty((len(frame), len(columns)))
    for place, column in enumerate(columns):
        try:
            values[:, place] = pd.to_numeric(frame[column])
        except (ValueError, TypeError) as error:
            raise UsageError(f"metrics: column {column!r} of {path} is not numeric: {error}") from None
    values[~np.isfinite(values)] = np.nan
    return names, values
