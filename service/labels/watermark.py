"""The watermark: how far event time has surely advanced in a home type.

The monotone median of the newest instants of the last 64 devices heard, minus an allowed lateness. One device with a
wrong clock cannot move it. A device that was silent while others began 256 slots has no say: else a small fleet's
watermark would be held back by its removed devices. Slots are counted and not readings, so that a talkative device
cannot silence the others.
"""

from collections import OrderedDict

import numpy as np
import numpy.typing as npt

DEVICES = 64
TURNS = 256
NEVER = np.iinfo(np.int64).min


class Watermark:
    """The watermark of one home type.

    Args:
        lateness_us: Allowed lateness in microseconds.

    Attributes:
        newest_us: The newest instant heard.
        value_us: The watermark.
        heard_us: How far readings alone have brought it, whatever an operator declared.
    """

    def __init__(self, lateness_us: int) -> None:
        self._lateness_us = lateness_us
        # Newest instant of each device, and how many slots had begun when it was heard; last heard, last in order.
        self._last: OrderedDict[int, tuple[int, int]] = OrderedDict()
        self._turns = 0
        self.newest_us = NEVER
        self.value_us = NEVER
        self.heard_us = NEVER

    def hear(self, device: npt.NDArray[np.int32], ts: npt.NDArray[np.int64], turn: npt.NDArray[np.bool_]) -> None:
        """Readings were accepted, columns (n,) with n > 0, in order; ``turn`` where one begins a slot of its device."""
        last, turns = self._last, self._turns
        for number, at_us, begins in zip(device.tolist(), ts.tolist(), turn.tolist(), strict=True):
            turns += begins
            known = last.get(number)
            if known is None:
                if len(last) == DEVICES:
                    last.popitem(last=False)
                last[number] = (at_us, turns)
            else:
                last[number] = (max(at_us, known[0]), turns)
                last.move_to_end(number)
        self._turns = turns
        self.newest_us = max(self.newest_us, int(ts.max()))
        present = sorted(at_us for at_us, heard in last.values() if heard > turns - TURNS)
        self.heard_us = max(self.heard_us, present[(len(present) - 1) // 2] - self._lateness_us)
        self.advance(self.heard_us)

    def forget(self, device: int) -> None:
        """The device is forgotten: its instants have no say any more. What is reached stays."""
        self._last.pop(device, None)

    def advance(self, to_us: int) -> None:
        """Event time has reached ``to_us``; it never goes back."""
        self.value_us = max(self.value_us, to_us)
