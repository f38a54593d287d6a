"""Own: a table that nobody has seen before, checked before minutes are spent on it."""

import re
import time
from pathlib import Path

from benchmarks.prequential.played import HOUR_US
from benchmarks.prequential.stream import Stream
from benchmarks.report import BenchError
from benchmarks.workload import OwnTable
from simulator.commands.replay import source_of
from simulator.durations import duration_us
from simulator.errors import UsageError
from simulator.tables.mapping import load_mapping
from simulator.tables.shipped import mapping_file

_QUICK_ROWS = 5_000
_LEAST_US = 1_000_000
_HOME_TYPES = 64


def stream_of(own: OwnTable, *, quick: bool) -> Stream:
    """The stream of a table and its mapping.

    Raises:
        BenchError: File, mapping and horizon cannot be used; says which and why.
    """
    try:
        horizon_us = duration_us(own.horizon)
    except ValueError as error:
        raise BenchError(f"--horizon: {error}") from None
    if horizon_us < _LEAST_US:
        raise BenchError(f"--horizon must be at least a second, not {own.horizon}")
    limit = _QUICK_ROWS if quick else None
    try:
        file = mapping_file(own.mapping)
        mapping = load_mapping(file)
        if mapping.failure is None:
            raise BenchError(f"{own.mapping}: without [failure] there is nothing to learn from or to judge by")
        from simulator.tables.table import load_table  # takes pandas, which takes a second

        telemetry = load_table(own.file, mapping, limit_rows=limit)
        source = source_of(telemetry, own.file.name, now=int(time.time()) * 1_000_000, stream={})
    except UsageError as error:
        raise BenchError(str(error)) from None
    if not telemetry.reports:
        raise BenchError(f"{own.file} tells of no failure; is `[failure]` of {own.mapping} right?")
    if source.span_us <= horizon_us + horizon_us // 24:
        days = source.span_us / (24 * HOUR_US)
        raise BenchError(f"{own.file} spans {days:.3g} days: with a horizon of {own.horizon} no label becomes final")
    return Stream(
        name=_name(own.file),
        horizon_h=horizon_us / HOUR_US,
        table=own.file.absolute(),
        mapping=file.absolute(),
        limit_rows=limit,
        home_types=max(len(source.home_types), _HOME_TYPES),
    )


def _name(file: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "_", file.name.partition(".")[0].lower()).strip("_") or "table"
