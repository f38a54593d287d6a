"""The risky readings of a logged event: picked out when it was just written, or when it is read from the log again."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from service.contracts.events import ReadingsLogged
from service.contracts.live import RiskTold
from service.models.committee import champion
from service.pipeline.instants import utc
from service.pipeline.scoring.fleet import FleetState


class RiskyGroup(Struct, frozen=True):
    """The risky readings of one home type at one event; columns (k,) in order.

    Attributes:
        home_type: Whose readings.
        row: Which of the event's readings, counted over its groups.
        device, device_type: Their numbers.
        ts: Instants in microseconds.
        risk: As answered.
        champion: The member that had the most weight.
        provisional: Whether only baseline or prior spoke.
    """

    home_type: str
    row: npt.NDArray[np.int64]
    device: npt.NDArray[np.int32]
    device_type: npt.NDArray[np.int16]
    ts: npt.NDArray[np.int64]
    risk: npt.NDArray[np.float64]
    champion: str
    provisional: bool


class RiskyEvent(Struct, frozen=True):
    """The risky readings of one event, and how many they are."""

    seq: int
    groups: list[RiskyGroup]
    size: int


def pick(seq: int, event: ReadingsLogged, min_risk: float) -> RiskyEvent | None:
    """Those readings of an event whose risk is at least so high, or None. Takes microseconds where there are none."""
    groups: list[RiskyGroup] = []
    first = size = 0
    for group in event.groups:
        risk: npt.NDArray[np.float64] = np.frombuffer(group.risk)
        rows = np.flatnonzero(risk >= min_risk)
        if len(rows):
            picked = RiskyGroup(
                group.home_type,
                rows + first,
                np.frombuffer(group.device, np.int32)[rows],
                np.frombuffer(group.device_type, np.int16)[rows],
                np.frombuffer(group.ts, np.int64)[rows],
                risk[rows],
                champion({vote.member: vote.weight for vote in group.votes}),
                group.provisional,
            )
            groups.append(picked)
            size += len(rows)
        first += len(risk)
    return RiskyEvent(seq, groups, size) if groups else None


def told(event: RiskyEvent, fleet: FleetState, row: int, min_risk: float, home_type: str | None) -> Iterator[RiskTold]:
    """What a listener is told of an event, from ``row`` on.

    The event must be durable. Then names stand in the fold, and are read without its lock, until somebody has a device
    forgotten; of such a device nothing is told again.
    """
    for group in event.groups:
        if home_type is not None and group.home_type != home_type:
            continue
        state = fleet.home_types[group.home_type]
        for k in np.flatnonzero((group.row >= row) & (group.risk >= min_risk)).tolist():
            number = int(group.device[k])
            home_id, device_id = state.devices[number]
            if number in state.buried:  # asked after its name was read, see `HomeTypeState.bury`
                continue
            yield RiskTold(
                seq=event.seq,
                row=int(group.row[k]),
                home_id=home_id,
                device_id=device_id,
                home_type=group.home_type,
                device_type=state.windows.layout.device_types[group.device_type[k]],
                risk=float(group.risk[k]),
                as_of=utc(int(group.ts[k])),
                provisional=group.provisional,
                champion=group.champion,
            )
