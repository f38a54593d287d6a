"""Feature rows of logged examples: learning reads them back from the log and never computes a feature again."""

from collections import OrderedDict

import numpy as np
import numpy.typing as npt

from service.contracts.events import GroupColumns, ReadingsLogged, decode_event
from service.contracts.ports import EventLog

_CACHED_BYTES = 16_000_000


class FeatureRows:
    """Feature rows of logged examples, by event and position, read back from the log."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._cache: OrderedDict[tuple[int, str], npt.NDArray[np.float32]] = OrderedDict()
        self._cached_bytes = 0

    def of(self, seq: int, home_type: str, row: int) -> list[float]:
        """The values of one example, NaN where unknown.

        Raises:
            LookupError: The event is no longer in the log.
        """
        values = self.find(seq, home_type, row)
        if values is None:
            raise LookupError(f"event {seq} holds no readings (any more)")
        return values

    def find(self, seq: int, home_type: str, row: int) -> list[float] | None:
        """The values of one example, NaN where unknown; None if its event is no longer in the log."""
        key = (seq, home_type)
        if key not in self._cache:
            record = self._log.get(seq)
            event = decode_event(record.blob) if record is not None else None
            if not isinstance(event, ReadingsLogged):
                return None
            for group in event.groups:
                if (seq, group.home_type) not in self._cache:
                    features = GroupColumns(group).features
                    self._cache[seq, group.home_type] = features
                    self._cached_bytes += features.nbytes
            while self._cached_bytes > _CACHED_BYTES and next(iter(self._cache))[0] != seq:
                self._cached_bytes -= self._cache.popitem(last=False)[1].nbytes
        values: list[float] = self._cache[key][row].tolist()
        return values
