"""Schedule: when devices read. Each keeps its own interval, and comes a little late every time.

A device's k-th reading is due at (k + phase) x interval after the simulation's start and comes up to a share of the
interval late. That share is drawn by counter, so the schedule is a function of seed, device and k.
"""

from collections.abc import Iterator

import numpy as np

from simulator.arrays import DAY_S, HOUR_S, Indices, Ints
from simulator.chance.counter import key_of, units
from simulator.chance.purposes import Purpose
from simulator.world.devices import DEVICE_TYPES
from simulator.world.population import DeviceTable


def hours(table: DeviceTable, seed: int, start_s: int, end_s: int) -> Iterator[tuple[Indices, Ints]]:
    """Yield who reads when, hour by hour from the start to the end inclusive: device and second (n,), in that order.

    A device reads only during its stay.
    """
    key = key_of(seed, Purpose.SCHEDULE)
    interval = table.interval_s.astype(np.float64)
    jitter_s = interval * np.array([kind.jitter for kind in DEVICE_TYPES])[table.device_type]
    late = np.empty(0, dtype=np.int32), np.empty(0, dtype=np.int64)
    present = np.empty(0, dtype=np.int32)
    for number in range((end_s - start_s) // HOUR_S + 1):
        low, begin_s = number * HOUR_S, start_s + number * HOUR_S
        if number % 24 == 0:
            here = (table.joins_s < begin_s + DAY_S + HOUR_S) & (table.leaves_s >= begin_s - HOUR_S)
            present = np.nonzero(here)[0].astype(np.int32)
        first = np.ceil(low / interval[present] - table.phase[present]).astype(np.int64)
        count = np.ceil((low + HOUR_S) / interval[present] - table.phase[present]).astype(np.int64) - first
        device = np.repeat(present, count)
        turn = np.arange(len(device)) - np.repeat(np.cumsum(count) - count - first, count)
        due = (turn + table.phase[device]) * interval[device]
        second = start_s + (due + units(key, device, turn, 0) * jitter_s[device]).astype(np.int64)
        stays = (second >= table.joins_s[device]) & (second <= table.leaves_s[device]) & (second <= end_s)
        device = np.concatenate([late[0], device[stays]])
        second = np.concatenate([late[1], second[stays]])
        order = np.argsort(second * (len(table) + 1) + device, kind="stable")
        device, second = device[order], second[order]
        # Readings that their delay carries over the hour wait for the next one.
        cut = int(np.searchsorted(second, begin_s + HOUR_S))
        late = device[cut:], second[cut:]
        yield device[:cut], second[:cut]
