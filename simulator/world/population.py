"""Who is there: the static table of a fleet's devices, each with its home, its place and its own normal levels.

Third in the flow: home types and device types in, one row per device out. Everything here stays as it is for the whole
of a simulation.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from simulator.arrays import Codes, Flags, Floats, Indices, Ints
from simulator.chance.purposes import Purpose, generator
from simulator.world.clock import ZONES
from simulator.world.devices import COLUMN, DEVICE_TYPE_CODE, DEVICE_TYPES, LOG_METRICS, METRICS
from simulator.world.homes import HOME_TYPES, draw_home_types

_OUTDOORS = ("garden", "porch", "driveway", "terrace")


class DeviceTable(Struct, frozen=True, kw_only=True):
    """The devices of a fleet, d rows, ordered by home.

    Attributes:
        home: Index of the home, (d,) int32.
        home_id: Name of the home, d strings such as ``home-7-000123`` of seed 7.
        device_id: Name of the device within its home, d strings such as ``sensor.kitchen-1``.
        home_type: Code into `simulator.world.homes.HOME_TYPES`, (d,) int8.
        device_type: Code into `simulator.world.devices.DEVICE_TYPES`, (d,) int8.
        zone: Code into `simulator.world.clock.ZONES`, (d,) int8.
        joins_s: Second from which on the home is part of the fleet, (d,) int64.
        leaves_s: Second up to which it is, (d,) int64.
        outdoor: Whether it stands outdoors, (d,) bool.
        attic: Whether it stands right under the roof, (d,) bool.
        interval_s: Time between readings, in seconds, (d,) int32.
        phase: Where in its interval a device reads first, in [0, 1), (d,).
        level: The device's own normal level of each metric (log scale for `LOG_METRICS`), NaN where it has no such
            metric, (d, m).
        frailty: Factor on its failure rate, mean 1, (d,).
        drain: Battery charge it uses up per day, in %, (d,).
    """

    home: Indices
    home_id: tuple[str, ...]
    device_id: tuple[str, ...]
    home_type: Codes
    device_type: Codes
    zone: Codes
    joins_s: Ints
    leaves_s: Ints
    outdoor: Flags
    attic: Flags
    interval_s: Indices
    phase: Floats
    level: Floats
    frailty: Floats
    drain: Floats

    def __len__(self) -> int:
        return len(self.home)


def populate(
    homes: int,
    seed: int,
    stays: tuple[Ints, Ints],
    *,
    interval_scale: float = 1.0,
    shares: Sequence[float] | None = None,
) -> DeviceTable:
    """Draw the devices of ``homes`` homes.

    Args:
        homes: How many.
        seed: Seed of the fleet.
        stays: Seconds at which each home joins the fleet and leaves it, (homes,) each.
        interval_scale: Factor on every reporting interval.
        shares: Relative shares of the home types, instead of their own.
    """
    rng = generator(seed, Purpose.HOMES)
    home_type = draw_home_types(homes, rng, shares)
    zone = rng.integers(0, len(ZONES), size=homes, dtype=np.int8)
    mean = np.array([kind.mean_devices for kind in HOME_TYPES])[home_type]
    counts = np.maximum(2, rng.poisson(mean))

    rng = generator(seed, Purpose.DEVICES)
    home = np.repeat(np.arange(homes, dtype=np.int32), counts)
    kind_of_home = home_type[home]
    n = len(home)
    device_type = _deal_types(kind_of_home, rng.random(n))
    can_be_out = np.array([kind.outdoor for kind in DEVICE_TYPES])[device_type]
    outdoor = can_be_out & (rng.random(n) < np.array([kind.outdoor_share for kind in HOME_TYPES])[kind_of_home])
    nominal = np.array([kind.interval_s for kind in DEVICE_TYPES])[device_type]
    attic = ~outdoor & (rng.random(n) < np.array([kind.attic_share for kind in HOME_TYPES])[kind_of_home])
    interval_s = np.maximum(60, nominal * interval_scale * rng.choice([0.8, 1.0, 1.25], size=n)).astype(np.int32)
    return DeviceTable(
        home=home,
        home_id=tuple(f"home-{seed}-{index:06d}" for index in home.tolist()),
        device_id=_names(home, device_type, outdoor, rng.random(n)),
        home_type=kind_of_home,
        device_type=device_type,
        zone=zone[home],
        joins_s=stays[0][home],
        leaves_s=stays[1][home],
        outdoor=outdoor,
        attic=attic,
        interval_s=interval_s,
        phase=rng.random(n),
        level=_levels(device_type, outdoor, rng.standard_normal((n, len(METRICS)))),
        frailty=rng.gamma(4.0, 0.25, size=n),
        drain=rng.lognormal(np.log(0.25), 0.5, size=n),
    )


def _deal_types(home_type: Codes, uniform: Floats) -> Codes:
    mix = np.array([[kind.mix[name] for name in DEVICE_TYPE_CODE] for kind in HOME_TYPES])
    edges = np.cumsum(mix / mix.sum(axis=1, keepdims=True), axis=1)[:, :-1]
    return np.asarray((uniform[:, None] > edges[home_type]).sum(axis=1), dtype=np.int8)


def _names(home: Indices, device_type: Codes, outdoor: Flags, uniform: Floats) -> tuple[str, ...]:
    seen: Counter[tuple[int, str]] = Counter()
    names: list[str] = []
    rows = zip(home.tolist(), device_type.tolist(), outdoor.tolist(), uniform.tolist(), strict=True)
    for owner, code, is_out, u in rows:
        rooms = _OUTDOORS if is_out else DEVICE_TYPES[code].rooms
        stem = f"{DEVICE_TYPES[code].name}.{rooms[int(u * len(rooms))]}"
        seen[owner, stem] += 1
        names.append(f"{stem}-{seen[owner, stem]}")
    return tuple(names)


def _levels(device_type: Codes, outdoor: Flags, z: Floats) -> Floats:
    level = _by_type("typical")[device_type] + _by_type("spread")[device_type] * z
    level[:, COLUMN["signal_dbm"]] -= 6.0 * outdoor
    level[:, COLUMN["linkquality"]] -= 25.0 * outdoor
    return level


def _by_type(field: str) -> NDArray[np.float64]:
    values = np.full((len(DEVICE_TYPES), len(METRICS)), np.nan)
    for row, kind in enumerate(DEVICE_TYPES):
        for name, normal in kind.metrics.items():
            value = getattr(normal, field)
            values[row, COLUMN[name]] = np.log(value) if field == "typical" and name in LOG_METRICS else value
    return values


def noise_by_type() -> Floats:
    """Scatter of a healthy device's readings by device type and metric, (8, m), NaN where a type has no such metric."""
    return _by_type("noise")
