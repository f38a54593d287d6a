"""The watermark: how far event time has surely advanced in a home type.

The monotone median of the newest instants of the last 64 devices heard, minus an allowed lateness. One device with a
wrong clock cannot move it. A device that was silent while others began 256 slots has no say: else a small fleet's
watermark would be held back by its removed devices. Slots are counted and not readings, so that a talkative device
cannot silence the others.
"""

import numba
import numpy as np
import numpy.typing as npt

DEVICES = 64
TURNS = 256
NEVER = np.iinfo(np.int64).min


@numba.njit(nogil=True, cache=True)
def _hear(
    ring_device: npt.NDArray[np.int64],
    ring_ts: npt.NDArray[np.int64],
    ring_heard: npt.NDArray[np.int64],
    heard: int,
    device: npt.NDArray[np.int32],
    ts: npt.NDArray[np.int64],
    turn: npt.NDArray[np.bool_],
) -> int:
    for i in range(len(device)):
        heard += turn[i]
        place, oldest = -1, 0
        for k in range(len(ring_device)):
            if ring_device[k] == device[i]:
                place = k
                break
            if ring_heard[k] < ring_heard[oldest]:
                oldest = k
        if place < 0:
            place = oldest
            ring_device[place] = device[i]
            ring_ts[place] = ts[i]
        ring_ts[place] = max(ring_ts[place], ts[i])
        ring_heard[place] = heard
    return heard


class Watermark:
    """The watermark of one home type.

    Args:
        lateness_us: Allowed lateness in microseconds.
    """

    def __init__(self, lateness_us: int) -> None:
        self._lateness_us = lateness_us
        self._device = np.full(DEVICES, -1, np.int64)
        self._ts = np.full(DEVICES, NEVER, np.int64)
        self._heard_at = np.zeros(DEVICES, np.int64)
        self._heard = 0
        self.newest_us = NEVER
        self.value_us = NEVER

    def hear(self, device: npt.NDArray[np.int32], ts: npt.NDArray[np.int64], turn: npt.NDArray[np.bool_]) -> None:
        """Readings were accepted, columns (n,) with n > 0, in order; ``turn`` where one begins a slot of its device."""
        self._heard = _hear(self._device, self._ts, self._heard_at, self._heard, device, ts, turn)
        self.newest_us = max(self.newest_us, int(ts.max()))
        present = (self._device >= 0) & (self._heard_at > self._heard - TURNS)
        known = np.sort(self._ts[present])
        self.advance(int(known[(len(known) - 1) // 2]) - self._lateness_us)

    def advance(self, to_us: int) -> None:
        """Event time has reached ``to_us``; it never goes back."""
        self.value_us = max(self.value_us, to_us)
