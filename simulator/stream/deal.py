"""Deal: which lane of a stream a reading or an outcome goes through; a device always goes through the same one.

So each device's readings and outcomes reach the service in their order, however many lanes there are.
"""

from typing import Protocol
from zlib import crc32

from service.contracts.outcomes import Failure, Outcome, Repair, Retraction


class OfDevice(Protocol):
    """What names its device: a reading, in whatever form."""

    @property
    def home_id(self) -> str:
        """The home."""

    @property
    def device_id(self) -> str:
        """The device within its home."""


class Deal:
    """Deals readings and outcomes out to lanes. A function of its arguments and of the outcomes dealt before.

    Args:
        lanes: How many lanes there are, at least 1.
    """

    def __init__(self, lanes: int) -> None:
        self._lanes = lanes
        self._of_device: dict[tuple[str, str], int] = {}
        self._of_outcome: dict[str, int] = {}

    def lane(self, item: OfDevice | Outcome) -> int:
        """Return the lane of a reading or an outcome, in [0, lanes)."""
        if isinstance(item, Retraction):
            # It names no device; it must not overtake the outcome that it takes back.
            lane = self._of_outcome.get(item.retracts)
            return crc32(item.retracts.encode()) % self._lanes if lane is None else lane
        device = item.home_id, item.device_id
        lane = self._of_device.get(device)
        if lane is None:
            lane = self._of_device[device] = crc32("/".join(device).encode()) % self._lanes
        if isinstance(item, Failure | Repair):
            self._of_outcome[item.outcome_id] = lane
        return lane
