"""Truth: what will become of a device within the horizon, known to nobody who only reads it.

Second in the flow of a data set: the fleet's hidden failures in, labels out.
"""

import numpy as np
from msgspec import Struct

from simulator.arrays import SECOND, Codes, Flags, Indices, Ints
from simulator.fleet import Failures

NO_FAILURE = -1
"""Mode of a device that does not fail within the horizon."""


class Standing(Struct, frozen=True, kw_only=True):
    """What is true of devices at instants, n rows.

    Attributes:
        mode: Code of the mode in which the device fails within the horizon, `NO_FAILURE` if it does not, (n,) int8.
        ahead_us: Time until that failure, in microseconds; 0 where there is none, (n,) int64.
        failed: Whether it stands failed already, not yet repaired, (n,) bool.
    """

    mode: Codes
    ahead_us: Ints
    failed: Flags


class Truth:
    """Looks up failures by device and time.

    Args:
        failures: All there are.
        horizon_us: The horizon in microseconds.
    """

    def __init__(self, failures: Failures, horizon_us: int) -> None:
        order = np.lexsort((failures.ts, failures.device))
        self._horizon_us = horizon_us
        self._device = failures.device[order]
        self._ts = failures.ts[order]
        self._repaired = failures.repaired[order]
        self._mode = failures.mode[order]
        self._key = _key(self._device, self._ts)

    def at(self, device: Indices, ts: Ints) -> Standing:
        """Return what is true of devices (n,) at instants (n,) in microseconds."""
        if not len(self._key):
            none = np.zeros(len(ts), np.int64)
            return Standing(mode=np.full(len(ts), NO_FAILURE, np.int8), ahead_us=none, failed=none > 0)
        # Failures fall on full seconds, so a reading within a second comes after a failure at its beginning.
        following = np.searchsorted(self._key, _key(device, ts), side="right")
        after, before = np.minimum(following, len(self._key) - 1), np.maximum(following - 1, 0)
        fails = (following < len(self._key)) & (self._device[after] == device)
        fails &= self._ts[after] <= ts + self._horizon_us
        failed = (following > 0) & (self._device[before] == device) & (ts < self._repaired[before])
        return Standing(
            mode=np.where(fails, self._mode[after], NO_FAILURE).astype(np.int8),
            ahead_us=np.where(fails, self._ts[after] - ts, 0),
            failed=failed,
        )


def _key(device: Indices, ts: Ints) -> Ints:
    """Put all devices on one axis of seconds, one after the other."""
    return np.asarray((device.astype(np.int64) << 32) | (ts // SECOND))
