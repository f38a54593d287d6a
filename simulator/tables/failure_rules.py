"""Failure rules: the ways in which a mapping says what tells of failures. A part of `mapping`."""

from typing import Literal

import msgspec
from msgspec import Struct

from simulator.durations import duration_us
from simulator.tables.columns import TYPE_NAME, TableFormat, TimeColumn


class FailureRule(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"):
    """What all ways to tell of failures have in common.

    Attributes:
        mode: What failed, if it is always the same.
        mode_column: Column that says what failed.
        failure_offset: From the row to the failure, so that the row itself comes before it; by default one sampling
            interval: a cycle, a day for dates, the device's median gap for timestamps. For a file: nothing.
        report_delay: From the failure to its report.
    """

    mode: str = "unknown"
    mode_column: str | None = None
    failure_offset: str | None = None
    report_delay: str = "0s"

    def __post_init__(self) -> None:
        if not TYPE_NAME.fullmatch(self.mode):
            raise ValueError(f"mode {self.mode!r} must be 1 to 64 letters, digits, '_', '.' or '-'")
        duration_us(self.report_delay)
        if self.failure_offset is not None:
            duration_us(self.failure_offset)


class FlaggedRows(FailureRule, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="flag"):
    """Rows in which ``column`` equals ``value`` tell of a failure."""

    column: str
    value: int | float | str | bool = 1


class LastRows(FailureRule, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="last_row"):
    """The last row of each device tells of its failure."""


class EventTime(Struct, frozen=True, forbid_unknown_fields=True):
    """When an event happened: like `TimeColumn`. Without ``kind``, written as the time of the table is."""

    column: str
    kind: Literal["date", "timestamp", "cycle"] | None = None
    format: str | None = None
    zone: str = "UTC"
    epoch_unit: Literal["s", "ms", "us", "ns"] | None = None

    def __post_init__(self) -> None:
        if self.kind is None and (self.format is not None or self.zone != "UTC" or self.epoch_unit is not None):
            raise ValueError("format, zone and epoch_unit need a kind beside them")
        if self.kind in ("date", "timestamp"):
            self.rule(TimeColumn("", "date"))

    def rule(self, table: TimeColumn, column: str | None = None) -> TimeColumn:
        """What the column means beside a table of this time. Cycles have the table's origin, unit and stagger.

        Args:
            table: When a row of the table was measured.
            column: Another column, written in the same way.

        Raises:
            ValueError: One of the two counts cycles and the other does not.
        """
        if self.kind is not None and (self.kind == "cycle") != (table.kind == "cycle"):
            raise ValueError(f"kind {self.kind!r} does not go with a table whose time.kind is {table.kind!r}")
        if self.kind is None or self.kind == "cycle":
            return msgspec.structs.replace(table, column=column or self.column)
        return TimeColumn(
            column or self.column, self.kind, format=self.format, zone=self.zone, epoch_unit=self.epoch_unit
        )


class FailureFile(FailureRule, frozen=True, forbid_unknown_fields=True, kw_only=True, tag="file"):
    """Each row of a file of its own is a failure.

    Attributes:
        path: The file, relative to the mapping; absolute once the mapping is loaded.
        table: How it is written.
        device_column: Which device failed.
        home_column: Its home; without one, that of the only device of this name in the table.
        time: When it failed.
        reported_column: When that was reported, written as the time is; replaces ``report_delay``.
    """

    path: str
    device_column: str
    time: EventTime
    table: TableFormat = TableFormat()
    home_column: str | None = None
    reported_column: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.path:
            raise ValueError("path must name a file")
        if self.reported_column is not None and self.report_delay != "0s":
            raise ValueError("give either report_delay or reported_column")
