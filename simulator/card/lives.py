"""Card, part four: one device's life for each mode of failure, its hidden health beside what it reports."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from msgspec import Struct

from simulator.arrays import DAY_S, HOUR_S, SECOND, Floats
from simulator.blocks import Block, join_blocks, take_block
from simulator.card.world import World
from simulator.world.devices import COLUMN, DEVICE_TYPES, MODES
from simulator.world.homes import HOME_TYPES

TELLING: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        "wear": ("response_time_ms", "error_rate", "temperature_c"),
        "sudden": ("response_time_ms", "error_rate", "temperature_c"),
        "intermittent": ("response_time_ms", "connection_drops", "signal_dbm"),
        "battery": ("battery_pct", "voltage_v", "response_time_ms"),
        "network": ("signal_dbm", "connection_drops", "response_time_ms"),
        "overheating": ("temperature_c", "power_w", "error_rate"),
        "drift": ("temperature_c", "humidity_pct", "error_rate"),
    }
)
"""What to draw of a device that fails in a mode; devices that lack one of these metrics are not chosen."""

BEFORE_H, AFTER_H = 96.0, 36.0


class Life(Struct, frozen=True, kw_only=True):
    """A stretch of one device's life around a failure; times are hours from the failure.

    Attributes:
        mode: Name of the mode.
        who: Kind of device and of home.
        hidden_h: Instants of ``hidden``, (k,).
        hidden: Degradation: 0 is well, about 1 fails, (k,).
        onset_h: When it begins to degrade.
        repair_h: When it is repaired.
        read_h: Instants of the readings, (n,).
        metrics: Values by metric, (n,) each, NaN where absent.
    """

    mode: str
    who: str
    hidden_h: Floats
    hidden: Floats
    onset_h: float
    repair_h: float
    read_h: Floats
    metrics: dict[str, Floats]


def typical_lives(world: World) -> list[Life]:
    """Choose one life for each mode that occurs, as typical as can be: not quick, slow, faint or loud."""
    chosen = {mode: row for mode in TELLING if (row := _typical(world, mode)) is not None}
    read = _readings(world, [int(world.fleet.lives.device[row]) for row in chosen.values()])
    return [_life(world, mode, row, read) for mode, row in chosen.items()]


def _typical(world: World, mode: str) -> int | None:
    lives, devices = world.fleet.lives, world.fleet.devices
    joins, leaves = (stay[devices.home[lives.device]] for stay in world.panel.stays)
    level = devices.level[lives.device]
    fits = (lives.mode == MODES.index(mode)) & ~lives.averted
    fits &= (lives.end_s - BEFORE_H * HOUR_S > joins) & (lives.end_s + AFTER_H * HOUR_S < leaves)
    # The device was well for a day at least before the first sign, and is repaired within what is drawn.
    fits &= (lives.birth_s < lives.onset_s - DAY_S) & (lives.repair_s < lives.end_s + AFTER_H * HOUR_S)
    if mode == "battery":  # a cell's charge tells more than that of a battery that is charged every day
        fits &= np.array([kind.power == "battery" for kind in DEVICE_TYPES])[devices.device_type[lives.device]]
    fits &= ~np.isnan(level[:, [COLUMN[name] for name in TELLING[mode]]]).any(axis=1)
    rows = np.flatnonzero(fits)
    if not len(rows):
        return None
    lead = (lives.end_s - lives.onset_s)[rows]
    odd = np.abs(np.log(lead / np.median(lead))) + np.abs(np.log(lives.severity[rows]))
    interval = devices.interval_s[lives.device[rows]]
    return int(rows[np.argmin(odd + interval / DAY_S)])


def _readings(world: World, wanted: list[int]) -> Block:
    parts = []
    for block in world.fleet.blocks(2 * DAY_S):
        rows = np.isin(block.device, wanted)
        parts.append(take_block(block, rows))
    return join_blocks(parts)


def _life(world: World, mode: str, row: int, read: Block) -> Life:
    lives, devices = world.fleet.lives, world.fleet.devices
    device, end = int(lives.device[row]), int(lives.end_s[row])
    onset_h, repair_h = (int(lives.onset_s[row]) - end) / HOUR_S, (int(lives.repair_s[row]) - end) / HOUR_S
    hidden_h = np.linspace(-BEFORE_H, AFTER_H, 1_321)
    share = np.clip((hidden_h - onset_h) / -onset_h, 0.0, 1.0)
    hidden = share ** float(lives.growth[row]) * float(lives.severity[row])
    hidden[(hidden_h >= 0) & (hidden_h < repair_h)] = 1.3 * float(lives.severity[row])
    hidden[hidden_h >= repair_h] = 0.0
    read_h = (read.ts / SECOND - end) / HOUR_S
    here = (read.device == device) & (read_h >= -BEFORE_H) & (read_h <= AFTER_H)
    kind, home = DEVICE_TYPES[devices.device_type[device]].name, HOME_TYPES[devices.home_type[device]].name
    return Life(
        mode=mode,
        who=f"{kind}, {home}",
        hidden_h=hidden_h,
        hidden=hidden,
        onset_h=onset_h,
        repair_h=repair_h,
        read_h=read_h[here],
        metrics={name: read.metrics[here, COLUMN[name]] for name in TELLING[mode]},
    )
