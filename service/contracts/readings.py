"""Readings: what a device said of itself at one instant.

The first thing that enters the flow. The set of metrics is *open*: devices differ, so a reading carries the metrics
its device has and no others. A metric that is absent (or ``null``) is unknown; it is never taken for zero.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

DeviceName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        pattern=r"^[^/]+(/[^/]+)*$",
        description="Name of a device, unique within its home, such as `sensor.kitchen` or `zigbee2mqtt/lamp`; "
        "slashes only between other characters.",
    ),
]
HomeName = Annotated[
    str,
    Meta(
        min_length=1, max_length=128, pattern=r"^[^/]+$", description="Name of a home, unique in the fleet; no slash."
    ),
]
TypeName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9_.-]+$(?!\n)",
        description="Lower-case word such as `apartment`.",
    ),
]
MetricName = Annotated[str, Meta(min_length=1, max_length=64)]
Instant = Annotated[
    datetime, Meta(tz=True, description="RFC 3339 instant with its UTC offset; a time stamp without one is refused.")
]


class Reading(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, gc=False):
    """One device's metrics at one instant.

    Attributes:
        home_id: The home. Together with ``device_id`` it names the device everywhere.
        device_id: The device within its home.
        home_type: Which kind of home; each has its own models.
        device_type: Which kind of device.
        ts: Instant of the measurement, with offset.
        metrics: Values by metric name, in the units of the catalogue; ``null`` means unknown, as does absence.
        time_basis: ``clock`` if ``ts`` is civil time; ``cycle`` if it was made from a cycle counter, in which case
            hours, weekdays and seasons carry no meaning and calendar features stay unknown.
    """

    home_id: HomeName
    device_id: DeviceName
    home_type: TypeName
    device_type: TypeName
    ts: Instant
    metrics: dict[MetricName, float | None]
    time_basis: Literal["clock", "cycle"] = "clock"


class Metric(Struct, frozen=True, kw_only=True):
    """A known smart-home metric: its unit and the bounds outside of which a value cannot be true."""

    name: str
    unit: str
    low: float
    high: float
    meaning: str


def _row(name: str, unit: str, low: float, high: float, meaning: str) -> tuple[str, Metric]:
    return name, Metric(name=name, unit=unit, low=low, high=high, meaning=meaning)


CATALOGUE: Mapping[str, Metric] = MappingProxyType(
    dict(
        [
            _row("response_time_ms", "ms", 0.0, 600_000.0, "time until the device answered a command or a ping"),
            _row("error_rate", "1", 0.0, 1.0, "share of commands that failed since the last reading"),
            _row("battery_pct", "%", 0.0, 100.0, "state of charge as the device reports it"),
            _row("signal_dbm", "dBm", -150.0, 0.0, "received signal strength"),
            _row("usage_ratio", "1", 0.0, 1.0, "share of the interval in which the device was active"),
            _row("temperature_c", "degC", -60.0, 150.0, "temperature at or in the device"),
            _row("humidity_pct", "%", 0.0, 100.0, "relative humidity at the device"),
            _row("uptime_h", "h", 0.0, 876_000.0, "time since the device last started"),
            _row("restart_count", "1", 0.0, 1e9, "restarts since the device was installed"),
            _row("connection_drops", "1", 0.0, 1e9, "connections lost since the last reading"),
            _row("throughput_kbps", "kbit/s", 0.0, 1e8, "data rate since the last reading"),
            _row("power_w", "W", 0.0, 100_000.0, "electrical power drawn"),
            _row("voltage_v", "V", 0.0, 1_000.0, "supply or battery voltage"),
            _row("linkquality", "1", 0.0, 255.0, "link quality indicator as Zigbee radios report it"),
        ]
    )
)
"""The known metrics by name. A value outside ``[low, high]`` counts as missing; other names are accepted too."""

ReadingDecoder = msgspec.json.Decoder(Reading)
ReadingsDecoder = msgspec.json.Decoder(list[Reading])
