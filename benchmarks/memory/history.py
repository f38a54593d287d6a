"""The history of a crowd, written to an event log as the service would write it, only faster.

Before the full horizon, in which every device has an example in every slot, lies a time in which a few devices are read
and some of them fail: what the models have learned when the rest comes.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from msgspec import Struct

from benchmarks.crowd import METRIC_NAMES, Crowd
from service.contracts.events import OutcomesLogged, ReadingGroup, ReadingsLogged, Vote, encode_event
from service.contracts.outcomes import Failure
from service.pipeline.scoring.fleet import FleetState
from service.storage.event_log import SqliteEventLog
from simulator.arrays import Indices, Ints

_SIZE = 2_500
_AT_ONCE = 20
_EARLY_SLOTS = 60
_MEMBERS = ("forest", "logistic", "global_forest", "global_logistic", "baseline", "prior")


class History(Struct, frozen=True, kw_only=True):
    """What happens to a crowd.

    Attributes:
        devices: How many there are.
        learned: How many are read in the early time.
        horizon_us: The horizon.
        slots: In how many slots all devices are read before the last: a horizon, and what grace and lateness add.
    """

    devices: int
    learned: int = 0
    horizon_us: int = 86_400_000_000
    slots: int = 50

    @property
    def slot_us(self) -> int:
        """Width of a slot in microseconds."""
        return self.horizon_us // 48

    def every(self) -> Indices:
        """All devices."""
        return np.arange(self.devices, dtype=np.int32)

    def instants(self, slot_us: int) -> Ints:
        """When each device is read in the slot that begins at ``slot_us``."""
        return slot_us + np.arange(self.devices) * self.slot_us // max(self.devices, 1)


def write_history(path: Path, crowd: Crowd, history: History, seed: int) -> int:
    """Write it; returns the instant in microseconds at which the slot after the last one begins."""
    width = history.slot_us
    end = (time.time_ns() // 1000 - 2 * width) // width * width
    begin = end - (_EARLY_SLOTS + history.slots) * width
    log = SqliteEventLog(path)
    blobs: list[bytes] = []
    for blob in _events(crowd, history, begin, seed):
        blobs.append(blob)
        if len(blobs) == _AT_ONCE:
            log.append(blobs)
            blobs = []
    log.append(blobs)
    log.close()
    return end


def _events(crowd: Crowd, history: History, begin: int, seed: int) -> Iterator[bytes]:
    state = FleetState(horizon_us=history.horizon_us, slot_us=history.slot_us)
    rng = np.random.default_rng(seed)
    number = np.zeros(len(crowd), np.int32)
    code = np.zeros(len(crowd), np.int16)
    of_type = {name: np.flatnonzero(np.array(crowd.home_type) == name) for name in sorted(set(crowd.home_type))}
    for slot in range(_EARLY_SLOTS + history.slots):
        at = begin + slot * history.slot_us
        early = slot < _EARLY_SLOTS
        if slot == _EARLY_SLOTS and history.learned:
            yield encode_event(_failures(crowd, history, at))
            state.seq += 1
        for name, rows in of_type.items():
            here = rows[rows < history.learned] if early else rows
            for low in range(0, len(here), _SIZE):
                some = here[low : low + _SIZE].astype(np.int32)
                ts = history.instants(at)[some]
                yield encode_event(_group(crowd, state, name, some, ts, number, code, rng))


def _failures(crowd: Crowd, history: History, at: int) -> OutcomesLogged:
    """One device in fifty of the early ones fails where the early time ends."""
    ts = datetime.fromtimestamp(at / 1e6, UTC)
    rows = range(0, history.learned, 50)
    failures = [
        Failure(outcome_id=f"f{row}", home_id=crowd.key[row][0], device_id=crowd.key[row][1], ts=ts, mode="worn")
        for row in rows
    ]
    return OutcomesLogged(received_us=at, outcomes=list(failures))


def _group(
    crowd: Crowd,
    fleet: FleetState,
    name: str,
    rows: Indices,
    ts: Ints,
    number: Indices,
    code: np.ndarray[tuple[int], np.dtype[np.int16]],
    rng: np.random.Generator,
) -> ReadingsLogged:
    """Fold readings of one home type, one of each device, and put them down."""
    state = fleet.home_type(name)
    layout = state.windows.layout
    new = [row for row in rows.tolist() if crowd.key[row] not in fleet.place]
    for row in new:
        number[row] = fleet.register(state, crowd.key[row])
    new_metrics = [] if layout.metrics else list(METRIC_NAMES)
    new_types = sorted({crowd.device_type[row] for row in new} - set(layout.device_types))
    layout.extend(new_metrics, new_types)
    for row in new:
        code[row] = layout.type_index[crowd.device_type[row]]
    state.reserve()
    n = len(rows)
    offset_s, cycle, values = np.zeros(n, np.int32), np.zeros(n, np.bool_), crowd.values(rows)
    as_sent = values.tobytes()
    state.windows.sift(number[rows], ts)
    features, example = state.windows.fold(number[rows], code[rows], ts, offset_s, cycle, values)
    first = np.flatnonzero(example).astype(np.int32)
    member_risk = 0.05 * rng.random((n, len(_MEMBERS)))
    fleet.seq += 1
    group = ReadingGroup(
        home_type=name,
        new_devices=[crowd.key[row] for row in new],
        new_metrics=new_metrics,
        new_device_types=new_types,
        device=number[rows].tobytes(),
        device_type=code[rows].tobytes(),
        ts=ts.tobytes(),
        offset_s=offset_s.tobytes(),
        cycle=cycle.tobytes(),
        values=as_sent,
        dropped=0,
        example=first.tobytes(),
        features=features[first].tobytes(),
        risk=member_risk.mean(axis=1).tobytes(),
        votes=[Vote(member, 1, 1.0 / len(_MEMBERS)) for member in _MEMBERS],
        member_risk=member_risk.tobytes(),
        provisional=False,
    )
    return ReadingsLogged(received_us=int(ts.max()), groups=[group])
