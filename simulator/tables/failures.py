"""Failures: what the rows of a table, or a file beside it, tell of failures, made into reports. A part of `table`."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
from msgspec import Struct

from service.contracts.outcomes import Failure
from simulator.arrays import Flags, Indices, Ints
from simulator.delivery.outcomes import Report, instant
from simulator.durations import duration_us
from simulator.errors import UsageError
from simulator.tables.columns import TimeColumn
from simulator.tables.failure_rules import FailureFile, FlaggedRows, LastRows
from simulator.tables.frames import Words, check_columns, names_of, read_frame, types_of
from simulator.tables.instants import failure_offsets, row_instants

_SHOWN = 5


class Rows(Struct, frozen=True, kw_only=True):
    """Whose the n rows of the table are, and when they were measured.

    Attributes:
        home, device: Names, (n,).
        code: Number of the device in sorted order, (n,).
        ts: Microseconds since the epoch, (n,).
        kept: Whether the row is streamed, (n,).
    """

    home: Words
    device: Words
    code: Indices
    ts: Ints
    kept: Flags


class Told(Struct, frozen=True, kw_only=True):
    """What is told of failures.

    Attributes:
        reports: In order of when they are told.
        offset_us: Longest time from what tells of a failure to the failure.
        notes: What the user should know, a sentence each.
    """

    reports: list[Report] = []
    offset_us: int = 0
    notes: list[str] = []


def told_by_rows(frame: pd.DataFrame, rule: FlaggedRows | LastRows, time: TimeColumn, rows: Rows) -> Told:
    """The failures that rows of the table tell of, if those rows are streamed."""
    # The end of a device's life is looked for in the whole table, not in the part that a limit leaves.
    offsets_us = failure_offsets(time, rule.failure_offset, rows.code, rows.ts)
    failing = _failing_rows(frame, rule, rows)
    notes = [] if len(failing) or isinstance(rule, LastRows) else [_unflagged(frame, rule)]
    failing = failing[rows.kept[failing]]
    failed = rows.ts[failing] + offsets_us[failing]
    mode = types_of(frame, rule.mode_column, rule.mode)[failing]
    told_at = failed + duration_us(rule.report_delay)
    reports = _reports(rows.home[failing], rows.device[failing], failed, mode, told_at)
    return Told(reports=reports, offset_us=int(offsets_us.max(initial=0)), notes=notes)


def told_by_file(rule: FailureFile, time: TimeColumn, rows: Rows, table: Path, seed: int | None = None) -> Told:
    """The failures in a file of events, of the devices that the table knows.

    If only the first rows of the table are streamed, failures after the last of these are left out.

    Args:
        rule: What the file's columns mean.
        time: What the table's time column means.
        rows: The table's rows.
        table: The table, for what is said of it.
        seed: Replaces the seed of the stagger.

    Raises:
        UsageError: If the file and the mapping do not go together.
    """
    path = Path(rule.path)
    ids = [column for column in (rule.device_column, rule.home_column) if column]
    frame = read_frame(path, rule.table, ids, "failure.table", "failure.path")
    single = {
        "failure.device_column": rule.device_column, "failure.home_column": rule.home_column,
        "failure.time.column": rule.time.column, "failure.mode_column": rule.mode_column,
        "failure.reported_column": rule.reported_column,
    }  # fmt: skip
    check_columns(frame, path, [(field, column) for field, column in single.items() if column is not None])
    device = names_of(frame, path, rule.device_column, "")
    first, known, notes = _in_table(frame, rule, device, rows, path, table)
    if not known.any():
        return Told(notes=notes)
    # A first row of the table stands for each device from here on.
    first, frame = first[known], frame[known]
    code = rows.code[first]
    clock = rule.time.rule(time)
    ts, _ = row_instants(frame[rule.time.column], code, clock, path, seed, "failure.time.column")
    offset_us = duration_us(rule.failure_offset or "0s")
    failed = ts + offset_us
    told_at = failed + duration_us(rule.report_delay)
    if rule.reported_column is not None:
        clock = rule.time.rule(time, rule.reported_column)
        reported, _ = row_instants(frame[rule.reported_column], code, clock, path, seed, "failure.reported_column")
        # A report that bears only its date would come before a failure later on that day.
        told_at = np.maximum(reported, failed)
    if not rows.kept.all():
        seen = ts <= rows.ts[rows.kept].max()
        first, frame, failed, told_at = first[seen], frame[seen], failed[seen], told_at[seen]
    mode = types_of(frame, rule.mode_column, rule.mode)
    reports = _reports(rows.home[first], rows.device[first], failed, mode, told_at)
    return Told(reports=reports, offset_us=offset_us, notes=notes)


def _in_table(
    frame: pd.DataFrame, rule: FailureFile, device: Words, rows: Rows, path: Path, table: Path
) -> tuple[Ints, Flags, list[str]]:
    """For each event the first row of its device in the table, whether there is one, and a note if not for all."""
    _, places = np.unique(rows.code, return_index=True)
    if rule.home_column is not None:
        home = names_of(frame, path, rule.home_column, "", slash=False)
        wanted = list(zip(home, device, strict=True))
        there = {(rows.home[place], rows.device[place]): place for place in places.tolist()}
        find = np.array([there.get(key, -1) for key in wanted], dtype=np.int64)
    else:
        by_name: dict[str, int] = {}
        twice: set[str] = set()
        for place in places.tolist():
            name = rows.device[place]
            if by_name.setdefault(name, place) != place:
                twice.add(name)
        doubtful = sorted(twice.intersection(device))
        if doubtful:
            raise UsageError(
                f"failure.home_column: {path} tells of device {doubtful[0]!r}, and {table} has that in several homes; "
                "name the column that holds the home"
            )
        find = np.array([by_name.get(name, -1) for name in device], dtype=np.int64)
    known = np.asarray(find >= 0)
    if known.all():
        return find, known, []
    strangers = device[~known]
    note = (
        f"{len(strangers)} of {len(device)} failures in {path.name} are of devices that {table.name} does not have, "
        f"such as {strangers[0]!r}, and are left out"
    )
    return find, known, [note]


def _failing_rows(frame: pd.DataFrame, rule: FlaggedRows | LastRows, rows: Rows) -> Ints:
    if isinstance(rule, LastRows):
        order = np.lexsort((rows.ts, rows.code))
        return np.asarray(order[np.append(np.diff(rows.code[order]) > 0, True)])
    column = frame[rule.column]
    if isinstance(rule.value, str):
        return np.nonzero((column.astype(str).str.strip() == rule.value).to_numpy())[0]
    return np.nonzero((pd.to_numeric(column, errors="coerce") == float(rule.value)).to_numpy())[0]


def _unflagged(frame: pd.DataFrame, rule: FlaggedRows) -> str:
    """What to tell where no row is flagged: mostly the value is written in another way."""
    values = [str(value) for value in frame[rule.column].unique()]
    there = ", ".join(values[:_SHOWN]) + (", ..." if len(values) > _SHOWN else "")
    return f"no row has the value {rule.value!r} of failure.value in {rule.column!r}, so none fails; it has: {there}"


def _reports(home: Words, device: Words, failed: Ints, mode: Words, told_at: Ints) -> list[Report]:
    """Reports of k failures, all arrays (k,); what is told twice of a device and instant counts once, as first told."""
    reports: dict[str, Report] = {}
    for house, name, ts, what, at in zip(home, device, failed.tolist(), mode, told_at.tolist(), strict=True):
        who = hashlib.blake2b(f"{house}\0{name}".encode(), digest_size=12).hexdigest()
        key = f"replay-{who}-{ts}"
        if key not in reports or at < reports[key].at:
            outcome = Failure(outcome_id=key, home_id=house, device_id=name, ts=instant(ts), mode=what)
            reports[key] = Report(at, outcome)
    return sorted(reports.values(), key=lambda report: (report.at, report.outcome.outcome_id))
