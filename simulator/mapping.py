"""Mapping: what the columns of a stranger's table mean, read from a TOML file. Used by `simulator.table`.

    [table]                     separator = "," | "whitespace" ..., header = true, columns = [...] if there is none
    [device]                    column; home or home_column; home_type or home_type_column; device_type or ..._column
    [time]                      column, kind = "date" | "timestamp" | "cycle", and what that kind needs
    [metrics]                   columns = [...] or all_except = [...]; [metrics.rename] old = "new"
    [failure]                   kind = "flag" | "last_row"; failure_offset, report_delay, mode or mode_column

Every mistake is told with the file and the field.
"""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from simulator.arrays import DAY_S, HOUR_S, SECOND
from simulator.errors import UsageError

_UNITS_US = {"ms": 1_000, "s": SECOND, "m": 60 * SECOND, "h": HOUR_S * SECOND, "d": DAY_S * SECOND}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_TYPE = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")


def duration_us(text: str) -> int:
    """Return a duration such as ``90s``, ``15m``, ``1.5h`` or ``7d`` in microseconds.

    Raises:
        ValueError: If ``text`` is none.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no duration such as '90s', '15m', '1h' or '7d'")
    return round(float(match[1]) * _UNITS_US[match[2]])


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
            if value is not None and not _TYPE.fullmatch(value):
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


class FailureRule(Struct, frozen=True, forbid_unknown_fields=True):
    """Which rows tell of a failure.

    Attributes:
        kind: ``flag``: rows in which ``column`` equals ``value``; ``last_row``: the last row of each device.
        column: For ``flag``: the column.
        value: For ``flag``: the value.
        mode: What failed, if it is always the same.
        mode_column: Column that says what failed.
        failure_offset: From the row to the failure, so that the row itself comes before it; by default one sampling
            interval: a cycle, a day for dates, the device's median gap for timestamps.
        report_delay: From the failure to its report.
    """

    kind: Literal["flag", "last_row"]
    column: str | None = None
    value: int | float | str | bool = 1
    mode: str = "unknown"
    mode_column: str | None = None
    failure_offset: str | None = None
    report_delay: str = "0s"

    def __post_init__(self) -> None:
        if self.kind == "flag" and self.column is None:
            raise ValueError("kind = 'flag' needs column")
        if self.kind == "last_row" and self.column is not None:
            raise ValueError("column is only for kind = 'flag'")
        if not _TYPE.fullmatch(self.mode):
            raise ValueError(f"mode {self.mode!r} must be 1 to 64 letters, digits, '_', '.' or '-'")
        duration_us(self.report_delay)
        if self.failure_offset is not None:
            duration_us(self.failure_offset)


class Mapping(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole mapping. Without ``failure`` only readings are streamed."""

    device: DeviceColumns
    time: TimeColumn
    metrics: MetricColumns
    table: TableFormat = TableFormat()
    failure: FailureRule | None = None


def load_mapping(path: Path) -> Mapping:
    """Read a mapping.

    Raises:
        UsageError: If the file cannot be read, is no TOML, or says something that makes no sense; names file and field.
    """
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Mapping)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except msgspec.ValidationError as error:
        text, _, place = str(error).partition(" - at `$.")
        field = place.rstrip("`")
        raise UsageError(f"{path}: {field}: {text}" if field else f"{path}: {text}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as error:
        raise UsageError(f"{path}: no valid TOML: {error}") from None
