"""Instants: from a table's time column, of whatever kind, to microseconds since the epoch. A part of `table`."""

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simulator.arrays import DAY_S, HOUR_S, SECOND, Indices, Ints
from simulator.durations import duration_us
from simulator.errors import UsageError
from simulator.tables.columns import TimeColumn, zone_of

# Days and months by numbers, without a year in front: which is which nobody can see.
_TWO_WAYS = re.compile(r"\s*\d{1,2}[./-]\d{1,2}[./-]\d{2,4}(?!\d)")
_YEAR_1_US, _YEAR_9999_US = -62_135_596_800 * SECOND, 253_370_764_800 * SECOND
"""The first instants of these years: what lies between has a calendar date in every time zone."""


def row_instants(
    column: "pd.Series[Any]",
    code: Indices,
    rule: TimeColumn,
    path: Path,
    seed: int | None = None,
    field: str = "time.column",
) -> tuple[Ints, Ints]:
    """Return the instants of all rows.

    Args:
        column: The time column, n rows.
        code: Number of each row's device in sorted order, (n,).
        rule: What the column means.
        path: The file, for errors.
        seed: Replaces the rule's seed of the stagger.
        field: Where the mapping names the column, for errors.

    Returns:
        Microseconds since the epoch, (n,), and the UTC offset there, in seconds, (n,).

    Raises:
        UsageError: If a value is no instant.
    """
    missing = int(column.isna().sum())
    if missing:
        raise UsageError(f"{field}: {missing} rows have no time in {rule.column!r} of {path}")
    if rule.kind == "cycle":
        return _from_cycles(column, code, rule, path, rule.seed if seed is None else seed, field)
    try:
        if rule.epoch_unit is not None:
            utc = pd.to_datetime(pd.to_numeric(column), unit=rule.epoch_unit, utc=True)
        else:
            with warnings.catch_warnings():
                warnings.simplefilter("error", UserWarning)  # pandas guesses, cell by cell
                utc = _from_text(column, rule)
        local = utc.dt.tz_convert(zone_of(rule.zone)).dt.tz_localize(None)
    except UserWarning:
        what = f"{rule.column!r} of {path} is written in no form that is known for sure; say it with format"
        raise UsageError(f"{field}: {what}") from None
    except (ValueError, TypeError, OverflowError) as error:
        line = " ".join(str(error).split(". You might want")[0].split())
        raise UsageError(f"{field}: {rule.column!r} of {path} is no {rule.kind}: {line}") from None
    ts = _microseconds(utc.dt.tz_localize(None))
    return ts, (_microseconds(local) - ts) // SECOND


def stagger_us(devices: int, longest_us: int, seed: int) -> Ints:
    """Return where in [0, longest) each device starts, (devices,): a function of the seed and its sorted place.

    A device's start does not depend on how many come after it.
    """
    return (np.random.default_rng(seed).random(devices) * longest_us).astype(np.int64)


def failure_offsets(rule: TimeColumn, given: str | None, code: Indices, ts: Ints) -> Ints:
    """Return the time from each row to the failure that it would tell of, (n,), in microseconds."""
    if given is not None:
        return np.full(len(ts), duration_us(given), dtype=np.int64)
    if rule.kind == "cycle":
        return np.full(len(ts), duration_us(rule.unit or "1h"), dtype=np.int64)
    if rule.kind == "date":
        return np.full(len(ts), DAY_S * SECOND, dtype=np.int64)
    order = np.lexsort((ts, code))
    same = np.diff(code[order]) == 0
    gap, owner = np.diff(ts[order])[same], code[order][1:][same]
    if not len(gap):
        return np.full(len(ts), HOUR_S * SECOND, dtype=np.int64)
    median = pd.Series(gap).groupby(owner).median().reindex(np.arange(int(code.max()) + 1))
    return median.fillna(float(np.median(gap))).to_numpy().astype(np.int64)[code]


def _from_cycles(
    column: "pd.Series[Any]", code: Indices, rule: TimeColumn, path: Path, seed: int, field: str
) -> tuple[Ints, Ints]:
    try:
        cycle = pd.to_numeric(column).to_numpy(dtype=np.float64)
    except (ValueError, TypeError) as error:
        raise UsageError(f"{field}: {rule.column!r} of {path} is no cycle count: {error}") from None
    start = rule.origin_us() + stagger_us(int(code.max()) + 1, duration_us(rule.stagger), seed)
    since = cycle * duration_us(rule.unit or "1h")
    if not np.all((since + start[code] >= _YEAR_1_US) & (since + start[code] <= _YEAR_9999_US)):
        raise UsageError(f"{field}: a cycle in {rule.column!r} of {path} lies outside the years 1 to 9999")
    ts = start[code] + np.round(since).astype(np.int64)
    return ts, np.zeros(len(ts), dtype=np.int64)


def _from_text(column: "pd.Series[Any]", rule: TimeColumn) -> "pd.Series[pd.Timestamp]":
    if pd.api.types.is_numeric_dtype(column):
        if rule.format is None:
            raise ValueError("the column holds numbers; say epoch_unit or format")
        column = column.astype(str)
    if rule.format is None and _TWO_WAYS.match(str(column.iloc[0])):
        raise ValueError(
            f"{str(column.iloc[0])!r} can be read with the day or the month first; say the format, such as '%d.%m.%Y'"
        )
    first = pd.to_datetime(column.iloc[:1], format=rule.format)
    if getattr(first.dt, "tz", None) is not None:
        return pd.to_datetime(column, format=rule.format, utc=True)
    naive = pd.to_datetime(column, format=rule.format)
    # In the hour that a clock runs twice, winter time is taken; in the one it skips, the next instant there is.
    winter = np.zeros(len(naive), dtype=bool)
    local = naive.dt.tz_localize(zone_of(rule.zone), ambiguous=winter, nonexistent="shift_forward")
    return local.dt.tz_convert("UTC")


def _microseconds(naive: "pd.Series[pd.Timestamp]") -> Ints:
    return naive.to_numpy().astype("datetime64[us]").astype(np.int64)
