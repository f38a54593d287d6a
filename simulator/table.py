"""Table: a file of device telemetry and a mapping in, ordered readings and reports out. Used by `simulator.replay`.

pandas is imported here and in `simulator.instants` only, so that nothing else waits for it.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Literal, cast

import numpy as np
import pandas as pd
from msgspec import Struct
from numpy.typing import NDArray

from service.contracts.outcomes import Failure
from service.contracts.readings import Reading
from simulator.arrays import SECOND, Floats, Indices, Ints
from simulator.errors import UsageError
from simulator.instants import failure_offsets, row_instants
from simulator.mapping import FailureRule, Mapping, duration_us
from simulator.merge import Timed
from simulator.outcomes import Report, instant

_NOT_IN_TYPES = re.compile(r"[^A-Za-z0-9_.-]")
_PIECE = 4_096

Words = NDArray[np.object_]


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
        failure_offset_us: Longest time from a failing row to its failure.
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

    def __len__(self) -> int:
        return len(self.ts)

    def readings(self) -> Iterator[Timed]:
        """Yield the readings in order of time."""
        zones = {int(s): timezone(timedelta(seconds=int(s))) for s in np.unique(self.offset_s)}
        for low in range(0, len(self), _PIECE):
            rows = range(low, min(low + _PIECE, len(self)))
            part = slice(rows.start, rows.stop)
            columns = zip(rows, self.ts[part].tolist(), self.offset_s[part].tolist(), self.metrics[part].tolist(),
                          strict=True)  # fmt: skip
            for row, ts, offset_s, values in columns:
                reading = Reading(
                    home_id=self.home[row],
                    device_id=self.device[row],
                    home_type=self.home_type[row],
                    device_type=self.device_type[row],
                    ts=datetime.fromtimestamp(ts // SECOND, zones[offset_s]).replace(microsecond=ts % SECOND),
                    metrics={n: v for n, v in zip(self.metric_names, values, strict=True) if v == v},
                    time_basis=self.time_basis,
                )
                yield Timed(ts, reading)


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
    frame = _read(path, mapping)
    roles = _check_columns(frame, path, mapping)
    home = _names(frame, path, mapping.device.home_column, mapping.device.home, slash=False)
    device = _names(frame, path, mapping.device.column, "")
    code = _device_codes(home, device)
    ts, offset_s = row_instants(frame[mapping.time.column], code, mapping.time, path, seed)
    names, metrics = _metrics(frame, path, mapping, roles)
    # The end of a device's life is looked for in the whole table, not in the part that a limit leaves.
    offsets_us = _offsets(mapping, code, ts)
    failing = _failing_rows(frame, mapping.failure, code, ts)
    order = np.argsort(ts, kind="stable")[: limit_rows or None]
    kept = np.zeros(len(ts), dtype=bool)
    kept[order] = True
    home_type = _types(frame, mapping.device.home_type_column, mapping.device.home_type or "")
    device_type = _types(frame, mapping.device.device_type_column, mapping.device.device_type)
    failing = failing[kept[failing]]
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
        reports=_reports(frame, mapping.failure, failing, ts, offsets_us, home, device),
        failure_offset_us=int(offsets_us.max(initial=0)),
    )


def _read(path: Path, mapping: Mapping) -> pd.DataFrame:
    ids = [column for column in (mapping.device.column, mapping.device.home_column) if column]
    form = mapping.table
    separator = r"\s+" if form.separator == "whitespace" else form.separator
    try:
        if path.suffix in (".parquet", ".pq"):
            return pd.read_parquet(path)
        first = pd.read_csv(path, sep=separator, header=None, nrows=1, dtype=str)
        if form.columns is not None and len(form.columns) != first.shape[1]:
            raise UsageError(
                f"table.columns has {len(form.columns)} names and {path} has {first.shape[1]} columns; "
                "is the separator right?"
            )
        return pd.read_csv(
            path, sep=separator, header=0 if form.header else None, names=form.columns, index_col=False,
            dtype=dict.fromkeys(ids, str), low_memory=False,
        )  # fmt: skip
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    except ImportError:
        raise UsageError(f"{path}: reading Parquet needs pyarrow, which is not installed; convert it to CSV") from None
    except (ValueError, EOFError) as error:
        raise UsageError(f"{path}: cannot be read as a table: {error}") from None


def _check_columns(frame: pd.DataFrame, path: Path, mapping: Mapping) -> set[str]:
    """Check that every column named is there; return the columns that have a role and are thus no metrics."""
    device, failure, metrics = mapping.device, mapping.failure, mapping.metrics
    single = {
        "device.column": device.column, "device.home_column": device.home_column,
        "device.home_type_column": device.home_type_column, "device.device_type_column": device.device_type_column,
        "time.column": mapping.time.column,
        "failure.column": failure.column if failure else None,
        "failure.mode_column": failure.mode_column if failure else None,
    }  # fmt: skip
    named = [(field, column) for field, column in single.items() if column is not None]
    named += [("metrics.columns", column) for column in metrics.columns or ()]
    named += [("metrics.all_except", column) for column in metrics.all_except or ()]
    named += [("metrics.rename", column) for column in metrics.rename]
    for field, column in named:
        if column not in frame.columns:
            there = ", ".join(map(str, frame.columns))
            raise UsageError(f"{field}: {path} has no column {column!r}; it has: {there}")
    if frame.empty:
        raise UsageError(f"{path} has no rows")
    roles = {column for column in single.values() if column is not None}
    for column in metrics.columns or ():
        if failure and column in (failure.column, failure.mode_column):
            raise UsageError(f"metrics.columns: {column!r} tells of the failure and cannot be a metric")
    return roles


def _names(frame: pd.DataFrame, path: Path, column: str | None, constant: str, *, slash: bool = True) -> Words:
    if column is None:
        return np.full(len(frame), constant, dtype=object)
    missing = int(frame[column].isna().sum())
    if missing:
        raise UsageError(f"{path}: {missing} rows have no {column!r}")
    text = frame[column].astype(str).str.strip()
    return (text if slash else text.str.replace("/", "_")).to_numpy(dtype=object)


def _types(frame: pd.DataFrame, column: str | None, constant: str) -> Words:
    """Types by row; what a type's name must not hold becomes ``_``, and an absent one ``unknown``."""
    if column is None:
        return np.full(len(frame), constant, dtype=object)
    codes, values = pd.factorize(frame[column].astype(object).where(frame[column].notna(), "unknown"))
    words = np.array([_NOT_IN_TYPES.sub("_", str(v).strip())[:64] or "unknown" for v in values], dtype=object)
    return words[codes]


def _device_codes(home: Words, device: Words) -> Indices:
    """Number the devices (home, device) in sorted order: by number if all names are numbers, else by name."""

    def rank(names: Words) -> Ints:
        codes, values = pd.factorize(names)
        texts = [str(value) for value in values]
        numeric = all(text.isdecimal() for text in texts)
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


def _offsets(mapping: Mapping, code: Indices, ts: Ints) -> Ints:
    if mapping.failure is None:
        return np.zeros(len(ts), dtype=np.int64)
    return failure_offsets(mapping.time, mapping.failure.failure_offset, code, ts)


def _failing_rows(frame: pd.DataFrame, rule: FailureRule | None, code: Indices, ts: Ints) -> Ints:
    if rule is None:
        return np.zeros(0, dtype=np.int64)
    if rule.kind == "last_row":
        order = np.lexsort((ts, code))
        return np.asarray(order[np.append(np.diff(code[order]) > 0, True)])
    column = frame[cast(str, rule.column)]
    if isinstance(rule.value, str):
        return np.nonzero((column.astype(str).str.strip() == rule.value).to_numpy())[0]
    return np.nonzero((pd.to_numeric(column, errors="coerce") == float(rule.value)).to_numpy())[0]


def _reports(
    frame: pd.DataFrame, rule: FailureRule | None, rows: Ints, ts: Ints, offsets_us: Ints, home: Words, device: Words
) -> list[Report]:
    if rule is None:
        return []
    mode = _types(frame, rule.mode_column, rule.mode)
    delay_us = duration_us(rule.report_delay)
    reports = []
    for row in rows.tolist():
        failed = int(ts[row] + offsets_us[row])
        who = hashlib.blake2b(f"{home[row]}\0{device[row]}".encode(), digest_size=12).hexdigest()
        outcome = Failure(
            outcome_id=f"replay-{who}-{failed}",
            home_id=home[row],
            device_id=device[row],
            ts=instant(failed),
            mode=mode[row],
        )
        reports.append(Report(failed + delay_us, outcome))
    return sorted(reports, key=lambda report: (report.at, report.outcome.outcome_id))
