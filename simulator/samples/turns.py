"""Turns: the instants at which a service's memory of a device begins anew, because its home joins or it is repaired.

Part of a data set's flow. What counts of a repair is when it is *told*: a service that is not told goes on with the
levels of a broken device, and so must the features of a sample.
"""

import numpy as np
from msgspec import Struct

from service.contracts.outcomes import Repair
from simulator.arrays import SECOND, Flags, Indices, Ints
from simulator.delivery.outcomes import Report
from simulator.samples.panel import Panel
from simulator.world.population import DeviceTable


class Turns(Struct, frozen=True, kw_only=True):
    """What begins anew, in order of time, t rows.

    Attributes:
        at: Instant in microseconds; readings at it still belong to what was, (t,) int64.
        first: First row of the device table that is concerned, (t,) int32.
        last: Row after the last one, (t,) int32.
        joins: Whether a home joins; otherwise a repair is told, (t,) bool.
    """

    at: Ints
    first: Indices
    last: Indices
    joins: Flags


def find_turns(devices: DeviceTable, reports: list[Report], panel: Panel) -> Turns:
    """Find all joins, and those repairs that are told while the home is watched."""
    row = {key: i for i, key in enumerate(zip(devices.home_id, devices.device_id, strict=True))}
    told = [
        (report.at, row[report.outcome.home_id, report.outcome.device_id])
        for report in reports
        if isinstance(report.outcome, Repair)
    ]
    at, device = np.array(told, dtype=np.int64).reshape(-1, 2).T
    joins, leaves = (stay * SECOND for stay in panel.stays)
    home = devices.home[device]
    watched = (at >= joins[home]) & (at <= leaves[home])
    at, device = at[watched], device[watched]
    edge = _first_device(devices, panel.homes)
    columns = (
        np.concatenate([joins - 1, at]),
        np.concatenate([edge[:-1], device]),
        np.concatenate([edge[1:], device + 1]),
        np.arange(panel.homes + len(at)) < panel.homes,
    )
    order = np.lexsort((columns[1], columns[0]))
    return Turns(
        at=columns[0][order],
        first=columns[1][order].astype(np.int32),
        last=columns[2][order].astype(np.int32),
        joins=columns[3][order],
    )


def most_at_a_time(devices: DeviceTable, panel: Panel) -> int:
    """Return how many consecutive rows of the table can be watched at the same time, at most."""
    joins, leaves = panel.stays
    edge = _first_device(devices, panel.homes)
    earliest = np.searchsorted(leaves, joins, side="left")
    return int((edge[1:] - edge[earliest]).max())


def _first_device(devices: DeviceTable, homes: int) -> Ints:
    """First row of each home, and the number of rows, (homes + 1,)."""
    return np.searchsorted(devices.home, np.arange(homes + 1))
