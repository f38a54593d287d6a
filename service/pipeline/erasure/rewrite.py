"""Rewriting: a logged event without the names, raw values and risks of devices that a later event forgot.

The event that forgets makes both folds forget too, so whatever only led to what is forgotten may go before it: a fold
of the rewritten log is, from that event on, to the bit what it was.

| of a forgotten device | becomes |
|---|---|
| home_id, device_id, wherever they stand | its alias |
| ids of its outcomes, and of their retractions | ids that say nothing |
| raw values, offset | unknown, 0 |
| risks of readings that are no example | unknown |
| instants, device type, feature rows and risks of examples | stay, under a number: models have learned from them |
"""

from collections.abc import Iterable, Mapping

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import UNSET

from service.contracts.events import Event, GroupColumns, OutcomesLogged, ReadingGroup, ReadingsLogged
from service.contracts.forgetting import Forgotten
from service.contracts.outcomes import Outcome, Retraction


class Names:
    """What stands for the names that one event forgot.

    Args:
        event: That event.

    Attributes:
        devices: Aliases by name.
        ids: What stands for ids of outcomes; filled by `learn`, from all of the log up to the event.
    """

    def __init__(self, event: Forgotten) -> None:
        self.devices = event.renamed()
        self._alias = event.alias
        self.ids: dict[str, str] = {}

    def learn(self, outcomes: Iterable[Outcome]) -> bool:
        """Give ids to those outcomes that are concerned; whether there was a new one.

        Where a retraction came before what it retracts, a second pass finds it.
        """
        before = len(self.ids)
        for outcome in outcomes:
            mine = (
                outcome.retracts in self.ids
                if isinstance(outcome, Retraction)
                else (outcome.home_id, outcome.device_id) in self.devices
            )
            if mine and outcome.outcome_id not in self.ids:
                self.ids[outcome.outcome_id] = f"{self._alias}/{len(self.ids)}"
        return len(self.ids) > before

    def without(self, event: Event) -> Event:
        """The event without the names."""
        if isinstance(event, ReadingsLogged):
            if not any(key in self.devices for group in event.groups for key in group.new_devices):
                return event
            groups = [
                msgspec.structs.replace(group, new_devices=[self.devices.get(key, key) for key in group.new_devices])
                for group in event.groups
            ]
            return msgspec.structs.replace(event, groups=groups)
        if isinstance(event, OutcomesLogged):
            return msgspec.structs.replace(event, outcomes=[self._outcome(outcome) for outcome in event.outcomes])
        if isinstance(event, Forgotten):
            devices = []
            for device in event.devices:
                key = (device.home_id, device.device_id)
                home_id, device_id = self.devices.get(key, key)
                devices.append(msgspec.structs.replace(device, home_id=home_id, device_id=device_id))
            return msgspec.structs.replace(event, devices=devices)
        return event

    def _outcome(self, outcome: Outcome) -> Outcome:
        alias = self.ids.get(outcome.outcome_id)
        if alias is None:
            return outcome
        if isinstance(outcome, Retraction):
            return Retraction(outcome_id=alias, retracts=self.ids.get(outcome.retracts, outcome.retracts))
        home_id, device_id = self.devices[outcome.home_id, outcome.device_id]
        supersedes = outcome.supersedes
        if supersedes is not UNSET:
            supersedes = self.ids.get(supersedes, supersedes)
        return msgspec.structs.replace(
            outcome, outcome_id=alias, home_id=home_id, device_id=device_id, supersedes=supersedes
        )


def without_values(event: Event, numbers: Mapping[str, Iterable[int]]) -> Event:
    """The event without raw values, offsets and risks (but those of examples) of devices, by home type and number."""
    if not isinstance(event, ReadingsLogged):
        return event
    groups = [_emptied(group, numbers.get(group.home_type, ())) for group in event.groups]
    same = all(old is new for old, new in zip(event.groups, groups, strict=True))
    return event if same else msgspec.structs.replace(event, groups=groups)


def _emptied(group: ReadingGroup, numbers: Iterable[int]) -> ReadingGroup:
    columns = GroupColumns(group)
    mine = np.isin(columns.device, np.fromiter(numbers, np.int32))
    if not mine.any():
        return group
    plain = mine.copy()
    plain[columns.example] = False

    def unknown(column: npt.NDArray[np.float64], rows: npt.NDArray[np.bool_]) -> bytes:
        out = column.copy()
        out[rows] = np.nan
        return out.tobytes()

    return msgspec.structs.replace(
        group,
        values=unknown(columns.values, mine),
        offset_s=np.where(mine, 0, columns.offset_s).astype(np.int32).tobytes(),
        risk=unknown(columns.risk, plain),
        member_risk=unknown(columns.member_risk, plain),
    )
