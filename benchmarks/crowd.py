"""A crowd: very many devices without a story, for benchmarks that ask for room and time and not for quality.

Eight home types, ten devices a home, twelve metrics of the catalogue with levels of their own and noise. It makes
readings far faster than a simulated fleet, as columns or as bodies of requests.
"""

from collections.abc import Iterator

import numpy as np

from service.contracts.readings import CATALOGUE
from simulator.arrays import Floats, Indices, Ints
from simulator.blocks import Block
from simulator.stream.wire import Wire
from simulator.world.devices import DEVICE_TYPES, METRICS
from simulator.world.homes import HOME_TYPES

METRIC_NAMES = METRICS[:12]
_DEVICES_PER_HOME = 10


class Crowd:
    """Devices, d rows, their home types in turn.

    Args:
        devices: How many.
        seed: Of levels and noise.

    Attributes:
        home_type: Name by device.
        key: (home_id, device_id) by device.
    """

    def __init__(self, devices: int, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        homes = [row // _DEVICES_PER_HOME for row in range(devices)]
        self.key = [(f"home-{home:06d}", f"device-{row % _DEVICES_PER_HOME}") for row, home in enumerate(homes)]
        self.home_type = [HOME_TYPES[home % len(HOME_TYPES)].name for home in homes]
        self.device_type = [DEVICE_TYPES[row % len(DEVICE_TYPES)].name for row in range(devices)]
        low = np.array([max(CATALOGUE[name].low, -1000.0) for name in METRIC_NAMES])
        high = np.array([min(CATALOGUE[name].high, 1000.0) for name in METRIC_NAMES])
        self._low, self._high = low, high
        self._level = low + (high - low) * (0.3 + 0.4 * self._rng.random((devices, len(METRIC_NAMES))))
        home_ids, device_ids = (list(part) for part in zip(*self.key, strict=True))
        self.wire = Wire(home_ids, device_ids, self.home_type, self.device_type, METRIC_NAMES)

    def __len__(self) -> int:
        return len(self.key)

    def values(self, rows: Indices, ailing: Floats | None = None) -> Floats:
        """One reading's metrics of each of some devices, (n, 12); ``ailing`` (n,) in [0, 1] moves the first three."""
        noise = 0.02 * (self._high - self._low) * self._rng.standard_normal((len(rows), len(METRIC_NAMES)))
        values: Floats = self._level[rows] + noise
        if ailing is not None:
            values[:, :3] += ailing[:, None] * (0.2 * (self._high - self._low)[:3])
        return np.clip(values, self._low, self._high)

    def bodies(self, rows: Indices, ts: Ints, size: int, ailing: Floats | None = None) -> Iterator[bytes]:
        """Bodies of requests of ``size`` readings each, one reading of each device."""
        block = Block(rows, ts, ts, np.zeros(len(rows), np.int32), self.values(rows, ailing))
        return self.wire.bodies(block, size)
