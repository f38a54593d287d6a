"""Device types: what each kind of device measures when it is well, how often, and how it tends to break.

Second in the flow. A `Normal` is the healthy range of one metric for one type: every single device has its own level
inside it (``spread``), around which its readings scatter (``noise``). So no absolute threshold separates well from ill.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from msgspec import Struct

from service.contracts.readings import CATALOGUE

METRICS: tuple[str, ...] = tuple(CATALOGUE)
"""Names of the metrics, in the order of every metric array's columns (m,)."""
COLUMN: Mapping[str, int] = MappingProxyType({name: column for column, name in enumerate(METRICS)})

LOG_METRICS: frozenset[str] = frozenset(
    {"response_time_ms", "error_rate", "connection_drops", "throughput_kbps", "power_w"}
)
"""Metrics whose levels and noise are relative: spread and noise are standard deviations of the natural logarithm."""

MODES: tuple[str, ...] = ("wear", "sudden", "intermittent", "battery", "network", "overheating", "drift", "lockup")
"""Failure modes, in the order of their codes. The last does not occur until a scenario brings it."""
MODE_CODE: Mapping[str, int] = MappingProxyType({name: code for code, name in enumerate(MODES)})


class Normal(Struct, frozen=True):
    """Healthy range of a metric: its typical level, how devices differ, how readings scatter."""

    typical: float
    spread: float
    noise: float


class DeviceType(Struct, frozen=True, kw_only=True):
    """One kind of device.

    Attributes:
        name: Its name on the wire.
        power: Where its energy comes from.
        interval_s: Nominal time between readings, in seconds.
        jitter: Readings come up to this share of the interval late, in [0, 1).
        outdoor: Whether it may stand outdoors.
        always_on: Share of its activity that does not depend on people, in [0, 1].
        metrics: Healthy ranges by metric.
        modes: Relative rates of its failure modes; they need not add up to 1, a frail type has more.
        rooms: Where it stands when indoors.
    """

    name: str
    power: Literal["battery", "mains", "rechargeable"]
    interval_s: int
    jitter: float
    outdoor: bool
    always_on: float
    metrics: dict[str, Normal]
    modes: dict[str, float]
    rooms: tuple[str, ...]


def _radio(response_ms: float, dbm: float, *, zigbee: bool = False) -> dict[str, Normal]:
    common = {
        "response_time_ms": Normal(response_ms, 0.35, 0.30),
        "error_rate": Normal(0.008, 0.50, 0.40),
        "signal_dbm": Normal(dbm, 7.0, 2.5),
        "connection_drops": Normal(0.12, 0.50, 0.30),
    }
    return common | ({"linkquality": Normal(150.0, 30.0, 12.0)} if zigbee else {})


_CELL = {"battery_pct": Normal(70.0, 0.0, 1.0), "voltage_v": Normal(3.0, 0.03, 0.015)}
_INDOORS = ("kitchen", "living", "bedroom", "bath", "hall", "office")

DEVICE_TYPES: tuple[DeviceType, ...] = (
    DeviceType(
        name="sensor", power="battery", interval_s=1800, jitter=0.2, outdoor=True, always_on=0.8,
        metrics=_radio(120, -68, zigbee=True) | _CELL
        | {"temperature_c": Normal(0.3, 0.6, 0.4), "humidity_pct": Normal(45.0, 6.0, 2.0)},
        modes={"wear": 0.10, "sudden": 0.10, "intermittent": 0.15, "battery": 0.35, "network": 0.15, "drift": 0.35},
        rooms=_INDOORS,
    ),
    DeviceType(
        name="switch", power="mains", interval_s=1800, jitter=0.15, outdoor=False, always_on=0.1,
        metrics=_radio(60, -60) | {
            "usage_ratio": Normal(0.25, 0.06, 0.06), "power_w": Normal(40.0, 0.5, 0.15),
            "temperature_c": Normal(6.0, 1.5, 0.8), "uptime_h": Normal(0, 0, 0), "voltage_v": Normal(230.0, 2.5, 1.5),
        },
        modes={"wear": 0.35, "sudden": 0.15, "intermittent": 0.15, "network": 0.15, "overheating": 0.15},
        rooms=_INDOORS,
    ),
    DeviceType(
        name="light", power="mains", interval_s=2700, jitter=0.2, outdoor=True, always_on=0.05,
        metrics=_radio(80, -62, zigbee=True) | {
            "usage_ratio": Normal(0.30, 0.07, 0.06), "power_w": Normal(9.0, 0.3, 0.08),
            "temperature_c": Normal(12.0, 2.5, 1.2), "restart_count": Normal(0, 0, 0),
        },
        modes={"wear": 0.30, "sudden": 0.20, "intermittent": 0.12, "network": 0.10, "overheating": 0.18},
        rooms=_INDOORS,
    ),
    DeviceType(
        name="climate", power="mains", interval_s=1200, jitter=0.1, outdoor=False, always_on=0.6,
        metrics=_radio(150, -62) | {
            "usage_ratio": Normal(0.40, 0.08, 0.07), "power_w": Normal(600.0, 0.4, 0.15),
            "temperature_c": Normal(2.0, 1.0, 0.6), "humidity_pct": Normal(45.0, 6.0, 2.0),
            "uptime_h": Normal(0, 0, 0),
        },
        modes={"wear": 0.45, "sudden": 0.08, "intermittent": 0.10, "network": 0.10, "overheating": 0.25, "drift": 0.25},
        rooms=("living", "bedroom", "hall", "basement"),
    ),
    DeviceType(
        name="security", power="mains", interval_s=900, jitter=0.1, outdoor=True, always_on=0.7,
        metrics=_radio(200, -64) | {
            "throughput_kbps": Normal(1500.0, 0.4, 0.25), "temperature_c": Normal(11.0, 2.0, 1.0),
            "uptime_h": Normal(0, 0, 0), "restart_count": Normal(0, 0, 0), "power_w": Normal(6.0, 0.2, 0.06),
        },
        modes={"wear": 0.10, "sudden": 0.12, "intermittent": 0.25, "network": 0.40, "overheating": 0.20},
        rooms=("entrance", "hall", "garage"),
    ),
    DeviceType(
        name="battery_powered", power="battery", interval_s=3600, jitter=0.25, outdoor=True, always_on=0.3,
        metrics=_radio(180, -70, zigbee=True) | _CELL | {"usage_ratio": Normal(0.08, 0.03, 0.03)},
        modes={"wear": 0.20, "sudden": 0.10, "intermittent": 0.12, "battery": 0.60, "network": 0.12},
        rooms=("entrance", "hall", "bedroom", "garage"),
    ),
    DeviceType(
        name="media", power="mains", interval_s=1200, jitter=0.15, outdoor=False, always_on=0.05,
        metrics=_radio(90, -58) | {
            "usage_ratio": Normal(0.25, 0.08, 0.07), "power_w": Normal(60.0, 0.4, 0.12),
            "throughput_kbps": Normal(6000.0, 0.5, 0.35), "temperature_c": Normal(14.0, 3.0, 1.5),
            "uptime_h": Normal(0, 0, 0), "restart_count": Normal(0, 0, 0),
        },
        modes={"wear": 0.12, "sudden": 0.15, "intermittent": 0.22, "network": 0.25, "overheating": 0.28},
        rooms=("living", "bedroom", "kitchen"),
    ),
    DeviceType(
        name="vacuum", power="rechargeable", interval_s=1800, jitter=0.2, outdoor=False, always_on=0.0,
        metrics=_radio(160, -63) | {
            "battery_pct": Normal(80.0, 0.0, 2.0), "voltage_v": Normal(14.4, 0.15, 0.1),
            "usage_ratio": Normal(0.12, 0.04, 0.05), "power_w": Normal(30.0, 0.2, 0.12),
            "temperature_c": Normal(6.0, 1.5, 1.0),
        },
        modes={"wear": 0.55, "sudden": 0.10, "intermittent": 0.15, "battery": 0.40, "overheating": 0.10},
        rooms=("living", "hall"),
    ),
)  # fmt: skip

DEVICE_TYPE_CODE: Mapping[str, int] = MappingProxyType({kind.name: code for code, kind in enumerate(DEVICE_TYPES)})
"""Code of each device type: its place in `DEVICE_TYPES`."""
