"""Columns: how a table is written, and which of its columns are device, time and metrics. A part of `mapping`."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from simulator.durations import duration_us

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")

TYPE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""What the service takes as the name of a type or a mode."""


def zone_of(text: str) -> tzinfo:
    """Return the zone named by an offset such as ``+02:00`` or by an IANA name such as ``Europe/Berlin``.

    Raises:
        ValueError: If there is no such zone.
    """
    if text in ("Z", "UTC"):
        return UTC
    if match := _OFFSET.fullmatch(text):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        return timezone(-offset if match[1] == "-" else offset)
    try:
        return ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"zone {text!r} is no UTC offset such as '+02:00' and no known time zone") from None


class TableFormat(Struct, frozen=True, forbid_unknown_fields=True):
    """How the file is written. Parquet files ignore it."""

    separator: str = ","
    header: bool = True
    columns: list[str] | None = None

    def __post_init__(self) -> None:
        if not self.separator:
            raise ValueError("separator must not be empty; for runs of blanks write 'whitespace'")
        if not self.header and not self.columns:
            raise ValueError("header = false needs columns = [...], the names of all columns in order")
        if self.header and self.columns:
            raise ValueError("columns is only for header = false")
        if self.columns and len(set(self.columns)) < len(self.columns):
            raise ValueError("columns holds a name twice")


class DeviceColumns(Struct, frozen=True, forbid_unknown_fields=True):
    """Which device a row is of. For home, home type and device type: a constant, or a column."""

    column: str
    home: str = "home-1"
    home_column: str | None = None
    home_type: str | None = None
    home_type_column: str | None = None
    device_type: str = "device"
    device_type_column: str | None = None

    def __post_init__(self) -> None:
        if (self.home_type is None) == (self.home_type_column is None):
            raise ValueError("give either home_type, a constant, or home_type_column")
        for name in ("home_type", "device_type"):
            value = getattr(self, name)
            if value is not None and not TYPE_NAME.fullmatch(value):
                raise ValueError(f"{name} {value!r} must be 1 to 64 letters, digits, '_', '.' or '-'")
        if not self.home or "/" in self.home or len(self.home) > 128:
            raise ValueError("home must have 1 to 128 characters and no slash")


class TimeColumn(Struct, frozen=True, forbid_unknown_fields=True):
    """When a row was measured.

    Attributes:
        column: The column.
        kind: ``date``, ``timestamp``, or ``cycle``, a counter.
        format: How dates and timestamps are written (strptime), if that cannot be guessed.
        zone: Zone of dates and of timestamps without an offset: ``+02:00`` or ``Europe/Berlin``.
        epoch_unit: For numeric timestamps: their unit since the epoch.
        origin: For cycles: the instant of cycle 0, ISO 8601 with offset.
        unit: For cycles: the length of one, such as ``1h``.
        stagger: For cycles: each device starts at a random instant in [0, stagger) after the origin.
        seed: Seed of that draw.
        calendar: Whether hours and weekdays carry meaning; by default not for cycles.
    """

    column: str
    kind: Literal["date", "timestamp", "cycle"]
    format: str | None = None
    zone: str = "UTC"
    epoch_unit: Literal["s", "ms", "us", "ns"] | None = None
    origin: str | None = None
    unit: str | None = None
    stagger: str = "0s"
    seed: int = 0
    calendar: bool | None = None

    def __post_init__(self) -> None:
        zone_of(self.zone)
        if self.seed < 0:
            raise ValueError("seed must not be negative")
        if self.kind == "cycle":
            if self.origin is None or self.unit is None:
                raise ValueError("kind = 'cycle' needs origin, such as '2024-01-01T00:00:00Z', and unit, such as '1h'")
            if duration_us(self.unit) == 0:
                raise ValueError("unit must be longer than nothing")
            duration_us(self.stagger)
            self.origin_us()
        elif self.origin is not None or self.unit is not None or self.stagger != "0s":
            raise ValueError(f"origin, unit and stagger are only for kind = 'cycle', not {self.kind!r}")
        if self.epoch_unit is not None and self.kind != "timestamp":
            raise ValueError(f"epoch_unit is only for kind = 'timestamp', not {self.kind!r}")

    def origin_us(self) -> int:
        """Return the origin in microseconds since the epoch."""
        try:
            origin = datetime.fromisoformat(self.origin or "")
        except ValueError:
            raise ValueError(f"origin {self.origin!r} is no ISO 8601 instant") from None
        if origin.tzinfo is None:
            raise ValueError(f"origin {self.origin!r} has no UTC offset")
        return (origin - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)

    @property
    def time_basis(self) -> Literal["clock", "cycle"]:
        """The time basis of the readings."""
        calendar = self.kind != "cycle" if self.calendar is None else self.calendar
        return "clock" if calendar else "cycle"


class MetricColumns(Struct, frozen=True, forbid_unknown_fields=True):
    """Which columns are metrics, and their names on the wire. Columns with another role are never metrics."""

    columns: list[str] | None = None
    all_except: list[str] | None = None
    rename: dict[str, str] = {}

    def __post_init__(self) -> None:
        if (self.columns is None) == (self.all_except is None):
            raise ValueError("give either columns = [...] or all_except = [...]")
        if self.columns is not None and not self.columns:
            raise ValueError("columns must name at least one metric")
