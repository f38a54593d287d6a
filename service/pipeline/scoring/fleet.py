"""The scorer's fold: every device's windows and last risk, and what its outcomes say of it.

A pure function of the log, apart from models and weights: those come by publication and are logged with each answer.
"""

from collections.abc import Mapping

import numba
import numpy as np
import numpy.typing as npt

from service.contracts.events import (
    Event,
    GroupColumns,
    OutcomesLogged,
    ReadingGroup,
    ReadingsLogged,
)
from service.contracts.forgetting import Erased, Forgotten
from service.contracts.outcomes import Repair
from service.features.windows import NEVER, Windows
from service.labels.book import DeviceKey, OutcomeBook
from service.labels.join import failed_since
from service.pipeline.versions import Versions

HISTORY = 16
"""How many past risks are remembered of a device."""


@numba.njit(nogil=True, cache=True)
def _remember(
    seq: int,
    device: npt.NDArray[np.int32],
    device_type: npt.NDArray[np.int16],
    ts: npt.NDArray[np.int64],
    risk: npt.NDArray[np.float64],
    provisional: bool,
    last_type: npt.NDArray[np.int16],
    last_risk: npt.NDArray[np.float64],
    last_provisional: npt.NDArray[np.bool_],
    last_seq: npt.NDArray[np.int64],
    last_row: npt.NDArray[np.int32],
    count: npt.NDArray[np.int64],
    past_ts: npt.NDArray[np.int64],
    past_risk: npt.NDArray[np.float32],
) -> None:
    for i in range(len(ts)):
        d = device[i]
        last_type[d], last_risk[d], last_provisional[d] = device_type[i], risk[i], provisional
        last_seq[d], last_row[d] = seq, i
        place = count[d] % past_ts.shape[1]
        past_ts[d, place] = ts[i]
        past_risk[d, place] = risk[i]
        count[d] += 1


class HomeTypeState:
    """The devices of one home type: names, windows, last answers. Columns by device number.

    Restored from a snapshot it may be ahead of the fleet: events up to ``folded_seq`` are in it already. Devices that
    were forgotten keep their numbers, which are ``buried``.
    """

    def __init__(self, home_type: str, *, horizon_us: int, slot_us: int) -> None:
        self.home_type = home_type
        self.devices: list[DeviceKey] = []
        self.windows = Windows(horizon_us=horizon_us, slot_us=slot_us)
        self.folded_seq = 0
        self.readings = 0
        self.dropped = 0
        self.buried: set[int] = set()
        self.device_type = np.zeros(64, np.int16)
        self.risk = np.full(64, np.nan)
        self.provisional = np.ones(64, np.bool_)
        self.last_seq = np.zeros(64, np.int64)
        self.last_row = np.zeros(64, np.int32)
        self.read_count = np.zeros(64, np.int64)
        self.past_ts = np.zeros((64, HISTORY), np.int64)
        self.past_risk = np.zeros((64, HISTORY), np.float32)

    def bury(self, aliases: Mapping[int, DeviceKey]) -> None:
        """Forget devices: their numbers stay, under other names, and nothing else of them."""
        self.buried.update(aliases)  # before the names: who reads an alias then finds that it is one
        self.devices = [*self.devices]  # somebody may be reading the former list
        for number, alias in aliases.items():
            self.devices[number] = alias
        gone = np.array(list(aliases))
        self.windows.clear(gone)
        self.device_type[gone], self.risk[gone], self.provisional[gone] = 0, np.nan, True
        self.last_seq[gone] = self.last_row[gone] = self.read_count[gone] = 0
        self.past_ts[gone], self.past_risk[gone] = 0, 0.0

    def reserve(self) -> None:
        """Make room for all registered devices and metrics."""
        self.windows.reserve(len(self.devices))
        room = len(self.risk)
        if len(self.devices) <= room:
            return
        more = max(len(self.devices), 2 * room) - room
        self.device_type = np.append(self.device_type, np.zeros(more, np.int16))
        self.risk = np.append(self.risk, np.full(more, np.nan))
        self.provisional = np.append(self.provisional, np.ones(more, np.bool_))
        self.last_seq = np.append(self.last_seq, np.zeros(more, np.int64))
        self.last_row = np.append(self.last_row, np.zeros(more, np.int32))
        self.read_count = np.append(self.read_count, np.zeros(more, np.int64))
        self.past_ts = np.vstack([self.past_ts, np.zeros((more, HISTORY), np.int64)])
        self.past_risk = np.vstack([self.past_risk, np.zeros((more, HISTORY), np.float32)])

    def remember(
        self,
        seq: int,
        device: npt.NDArray[np.int32],
        device_type: npt.NDArray[np.int16],
        ts: npt.NDArray[np.int64],
        risk: npt.NDArray[np.float64],
        provisional: bool,
    ) -> None:
        """Keep the answers to accepted readings; columns (n,) in order, the newest of a device last."""
        self.readings += len(ts)
        _remember(
            seq, device, device_type, ts, risk, provisional, self.device_type, self.risk, self.provisional,
            self.last_seq, self.last_row, self.read_count, self.past_ts, self.past_risk,
        )  # fmt: skip

    def history(self, device: int) -> list[tuple[int, float]]:
        """The last (instant in microseconds, risk) of a device, oldest first."""
        count = int(self.read_count[device])
        places = [n % HISTORY for n in range(max(0, count - HISTORY), count)]
        return [(int(self.past_ts[device, k]), float(self.past_risk[device, k])) for k in places]


class FleetState:
    """All home types as the scorer keeps them, at sequence number ``seq``.

    Args:
        horizon_us: The horizon in microseconds.
        slot_us: Width of a slot in microseconds.

    Attributes:
        erasing: Events that forgot devices whose names may still lie on the disk, oldest first.
        forgot_seq: The last event that forgot devices since the service was started; 0 for none.
    """

    def __init__(self, *, horizon_us: int, slot_us: int) -> None:
        self.seq = 0
        self.home_types: dict[str, HomeTypeState] = {}
        self.place: dict[DeviceKey, tuple[str, int]] = {}
        self.homes: dict[str, list[DeviceKey]] = {}
        self.book = OutcomeBook()
        self.versions = Versions()
        self.erasing: list[int] = []
        self.forgot_seq = 0
        self.horizon_us = horizon_us
        self.slot_us = slot_us

    def home_type(self, name: str) -> HomeTypeState:
        """The state of a home type, made if it is new."""
        state = self.home_types.get(name)
        if state is None:
            state = HomeTypeState(name, horizon_us=self.horizon_us, slot_us=self.slot_us)
            self.home_types[name] = state
        return state

    def register(self, state: HomeTypeState, key: DeviceKey) -> int:
        """The number of a device that is new to the fleet."""
        number = len(state.devices)
        state.devices.append(key)
        self.place[key] = (state.home_type, number)
        self.homes.setdefault(key[0], []).append(key)
        return number

    def register_buried(self, state: HomeTypeState, alias: DeviceKey) -> None:
        """Give the next number to a device that is forgotten already."""
        state.buried.add(len(state.devices))
        state.devices.append(alias)

    def _forget(self, seq: int, event: Forgotten) -> None:
        for name, aliases in event.aliases().items():
            self.home_types[name].bury(aliases)
        for key in event.named():
            if self.place.pop(key, None) is not None:
                self.homes[key[0]].remove(key)
                if not self.homes[key[0]]:
                    del self.homes[key[0]]
        self.book.forget(event.named())
        self.erasing.append(seq)
        self.forgot_seq = seq

    def apply(self, seq: int, event: Event) -> None:
        """Fold one logged event. ``seq`` must be the next."""
        if seq != self.seq + 1:
            raise ValueError(f"event {seq} after {self.seq}")
        if isinstance(event, ReadingsLogged):
            for group in event.groups:
                self._readings(seq, group)
        elif isinstance(event, OutcomesLogged):
            self.outcomes(event, seq)
        elif isinstance(event, Forgotten):
            self._forget(seq, event)
        elif isinstance(event, Erased):
            self.erasing = [forgot for forgot in self.erasing if forgot != event.forget_seq]
        else:
            self.versions.apply(event)
        self.seq = seq

    def _readings(self, seq: int, group: ReadingGroup) -> None:
        state = self.home_type(group.home_type)
        if seq <= state.folded_seq:
            return
        for home_id, device_id in group.new_devices:
            self.register(state, (home_id, device_id))
        state.windows.layout.extend(group.new_metrics, group.new_device_types)
        state.reserve()
        state.dropped += group.dropped
        c = GroupColumns(group)
        # Copies, since the kernels are compiled once more for arrays that cannot be written.
        device, device_type, ts = c.device.copy(), c.device_type.copy(), c.ts.copy()
        state.windows.sift(device, ts)
        state.windows.fold(device, device_type, ts, c.offset_s.copy(), c.cycle.copy(), c.values.copy())
        state.remember(seq, device, device_type, ts, c.risk.copy(), group.provisional)

    def outcomes(self, event: OutcomesLogged, seq: int) -> None:
        """Enter the outcomes of event ``seq``; a repair starts a device afresh."""
        for outcome in event.outcomes:
            self.book.enter(outcome)
            if isinstance(outcome, Repair):
                key = (outcome.home_id, outcome.device_id)
                place = self.place.get(key)
                withdrawn = all(mark.outcome_id != outcome.outcome_id for mark in self.book.marks(key))
                if place is not None and not withdrawn and seq > self.home_types[place[0]].folded_seq:
                    self.home_types[place[0]].windows.forget_past(place[1])

    def failed_since(self, key: DeviceKey) -> int | None:
        """Instant in microseconds of the failure a device is in, or None."""
        marks = self.book.marks(key)
        if not marks:
            return None
        place = self.place.get(key)
        last_ts = int(self.home_types[place[0]].windows.last_ts[place[1]]) if place is not None else NEVER
        return failed_since(last_ts, self.horizon_us, marks)
