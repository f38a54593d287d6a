"""Card, part one: the fleet that a data card is measured on, and the hidden truth in it.

A panel as data sets have it (`simulator.samples.panel`), with as many homes of each home type, so that rare ones can be
measured as well as common ones.
"""

import numpy as np
from msgspec import Struct

from service.contracts.outcomes import Repair, Retraction
from simulator.arrays import DAY_S, HOUR_S, SECOND, Codes, Floats, Indices, Ints
from simulator.fleet import Failures, Fleet
from simulator.samples.panel import Panel
from simulator.world.clock import QUARTER_S, Clock
from simulator.world.devices import MODES
from simulator.world.homes import HOME_TYPES

_REPORTED_BY_S = 3 * DAY_S  # failures later in a stay than this before its end may still be waiting for their report


class World(Struct, frozen=True, kw_only=True):
    """A fleet, and what happened in it while its homes were watched.

    Attributes:
        panel: Who is watched when.
        fleet: The fleet.
        failures: Failures while the homes are watched.
        clock: What time and what kind of day it is in each home.
    """

    panel: Panel
    fleet: Fleet
    failures: Failures
    clock: Clock

    def offsets_s(self, device: Indices, second: Ints) -> Indices:
        """Offset of local time from UTC, in seconds, (n,)."""
        return self.clock.offsets(self.fleet.devices.zone[device], second)

    def day_kinds(self, device: Indices, second: Ints) -> Ints:
        """`WORKDAY`, `WEEKEND` or `HOLIDAY`, (n,)."""
        quarter = (second - self.clock.origin_s) // QUARTER_S
        return np.asarray(self.clock.day_kind[self.fleet.devices.zone[device], quarter], dtype=np.int64)


class Told(Struct, frozen=True, kw_only=True):
    """What became known of the failures of one mode.

    Attributes:
        delay_h: Hours from each failure to its report, sorted, (r,).
        never: Share that nobody ever reports.
        corrected: Share of the reports that named a wrong mode at first.
    """

    delay_h: Floats
    never: float
    corrected: float


def make_world(panel: Panel, seed: int) -> World:
    """Make the fleet of a panel and note its failures."""
    fleet = Fleet(
        panel.homes, seed, panel.start_s * SECOND, panel.end_s * SECOND,
        stays=panel.stays, shares=panel.quotas.tolist(),
    )  # fmt: skip
    home = fleet.devices.home[fleet.failures.device]
    joins, leaves = (stay[home] * SECOND for stay in panel.stays)
    inside = (fleet.failures.ts >= joins) & (fleet.failures.ts <= leaves)
    columns = {name: getattr(fleet.failures, name)[inside] for name in Failures.__struct_fields__}
    clock = Clock(panel.start_s, panel.end_s, fleet.patterns)
    return World(panel=panel, fleet=fleet, failures=Failures(**columns), clock=clock)


def failures_by(world: World, groups: Codes, count: int) -> tuple[Ints, Floats]:
    """Count failures by a group of devices.

    Args:
        world: The fleet.
        groups: Group of each device, (d,).
        count: How many groups, g.

    Returns:
        Failures by group and mode, (g, modes), and failures by device and 100 days, (g,).
    """
    table = np.zeros((count, len(MODES)), np.int64)
    np.add.at(table, (groups[world.failures.device], world.failures.mode), 1)
    days = np.bincount(groups, minlength=count) * world.panel.stay_s / DAY_S
    return table, 100.0 * table.sum(axis=1) / days


def fleet_weights(world: World) -> Floats:
    """Weight of each device, (d,), that gives home types their shares of a fleet again; their mean is 1."""
    share = np.array([kind.share for kind in HOME_TYPES])
    weights = share[world.fleet.devices.home_type]
    return np.asarray(weights / weights.mean())


def lead_times_h(world: World) -> list[Floats]:
    """Hours from the first sign to the failure, by mode, sorted."""
    lives = world.fleet.lives
    lead = (lives.end_s - lives.onset_s) / HOUR_S
    return [np.sort(lead[(lives.mode == code) & ~lives.averted]) for code in range(len(MODES))]


def averted_shares(world: World) -> Floats:
    """Share of degradations that pass without a failure, by home type and mode, (8, modes); 0 where there are none."""
    lives, shape = world.fleet.lives, (len(HOME_TYPES), len(MODES))
    kind = world.fleet.devices.home_type[lives.device].astype(np.int64)
    flat, cells = kind * shape[1] + lives.mode, shape[0] * shape[1]
    passed = np.bincount(flat, lives.averted, minlength=cells)
    return np.asarray((passed / np.maximum(1, np.bincount(flat, minlength=cells))).reshape(shape))


def what_is_told(world: World) -> tuple[list[Told], int]:
    """What becomes known of failures, by mode, and how many reports name a device that never failed."""
    devices, failures = world.fleet.devices, world.failures
    row = {key: i for i, key in enumerate(zip(devices.home_id, devices.device_id, strict=True))}
    first: dict[tuple[int, int], int] = {}
    corrected: set[tuple[int, int]] = set()
    retracted = 0
    for report in world.fleet.reports():
        outcome = report.outcome
        if isinstance(outcome, Repair):
            continue
        if isinstance(outcome, Retraction):
            retracted += 1
            continue
        key = (row[outcome.home_id, outcome.device_id], round(outcome.ts.timestamp()))
        if isinstance(outcome.supersedes, str):
            corrected.add(key)
        first.setdefault(key, report.at)
    leaves = world.panel.stays[1][devices.home[failures.device]]
    out = []
    for code in range(len(MODES)):
        settled = np.flatnonzero((failures.mode == code) & (failures.ts // SECOND <= leaves - _REPORTED_BY_S))
        keys = list(zip(failures.device[settled].tolist(), (failures.ts[settled] // SECOND).tolist(), strict=True))
        told = [key for key in keys if key in first]
        delay_h = np.sort(np.array([first[key] / SECOND - key[1] for key in told]) / HOUR_S)
        never = 1.0 - len(told) / max(1, len(keys))
        out.append(Told(delay_h=delay_h, never=never, corrected=len(corrected & set(told)) / max(1, len(told))))
    return out, retracted
