"""Intake of readings: checked against what is known, scored, and made an event and a receipt.

Everything here changes the scorer's fold at once, before the event is durable. If it then cannot be stored, the fold is
rebuilt from the log; there is no code that takes a change back.
"""

from collections.abc import Collection, Sequence

import numpy as np
from msgspec import UNSET, Struct, UnsetType

from service.contracts.events import ReadingGroup, ReadingsLogged, Vote
from service.contracts.predictions import MemberAnswer, ReadingStatus, Receipt, Refusal, RiskAnswer
from service.contracts.readings import Reading
from service.features.matrix import metric_matrix
from service.features.windows import ACCEPTED, DUPLICATE
from service.labels.book import instant_us
from service.pipeline.fleet import FleetState, HomeTypeState
from service.pipeline.instants import bad_instant, utc
from service.pipeline.score import Panel, utc_offset_s


class Limits(Struct, frozen=True, kw_only=True):
    """How much may be known at once."""

    max_metrics: int
    max_device_types: int
    max_home_types: int
    max_devices: int
    alert_risk: float


class _Item(Struct):
    """A reading on its way: its place in the request, device number and instant."""

    place: int
    reading: Reading
    device: int
    ts_us: int


def take_readings(
    readings: Sequence[Reading],
    received_us: int,
    seq: int,
    fleet: FleetState,
    panel: Panel,
    limits: Limits,
    *,
    risks: bool = False,
    members: bool = False,
) -> tuple[ReadingsLogged | None, Receipt]:
    """Score readings and fold them in.

    Args:
        readings: In the order of the request.
        received_us: When the request came, in microseconds.
        seq: Sequence number that the event will have.
        fleet, panel: The scorer's fold, which is changed, and the models in force.
        limits: How much may be known at once.
        risks, members: Whether the receipt is to hold each reading's risk, and each member's.

    Returns:
        The event, or None if nothing was accepted, and the receipt.
    """
    refusals: list[Refusal] = []
    by_type: dict[str, list[_Item]] = {}
    new: dict[str, list[tuple[str, str]]] = {}
    wanted_types: dict[str, set[str]] = {}
    for i, reading in enumerate(readings):
        ts_us = instant_us(reading.ts)
        refusal = _objection(i, reading, ts_us, received_us, fleet, limits, wanted_types)
        if refusal is not None:
            refusals.append(refusal)
            continue
        key = (reading.home_id, reading.device_id)
        place = fleet.place.get(key)
        if place is None:
            number = fleet.register(fleet.home_type(reading.home_type), key)
            new.setdefault(reading.home_type, []).append(key)
        else:
            number = place[1]
        by_type.setdefault(reading.home_type, []).append(_Item(i, reading, number, ts_us))
    answers: list[RiskAnswer | None] = [None] * len(readings) if risks else []
    counts = {"accepted": 0, "duplicate": 0, "late": 0}
    groups: list[ReadingGroup] = []
    for name, items in by_type.items():
        items.sort(key=lambda item: item.ts_us)
        state = fleet.home_types[name]
        state.reserve()
        device = np.array([item.device for item in items], np.int32)
        ts = np.array([item.ts_us for item in items], np.int64)
        status = state.windows.sift(device, ts)
        kept = np.flatnonzero(status == ACCEPTED)
        names: list[ReadingStatus] = [
            "accepted" if s == ACCEPTED else "duplicate" if s == DUPLICATE else "late" for s in status
        ]
        for word in names:
            counts[word] += 1
        if len(kept):
            groups.append(_fold_group(state, [items[k] for k in kept], new.get(name, []), seq, panel, limits))
        if risks:
            part = groups[-1] if len(kept) else None
            _answer(answers, items, names, state, panel, limits, part, members=members)
    if risks:
        for refusal in refusals:
            answers[refusal.item] = RiskAnswer(status="refused", risk=None, as_of=None, provisional=True)
    receipt = Receipt(
        **counts,
        refused=len(refusals),
        seq=seq if groups else None,
        refusals=refusals,
        risks=[answer for answer in answers if answer is not None] if risks else UNSET,
    )
    return (ReadingsLogged(received_us=received_us, groups=groups) if groups else None), receipt


def known_types(fleet: FleetState, home_type: str) -> Collection[str]:
    """Device types met in a home type so far."""
    state = fleet.home_types.get(home_type)
    return state.windows.layout.device_types if state is not None else ()


def _objection(
    i: int,
    reading: Reading,
    ts_us: int,
    received_us: int,
    fleet: FleetState,
    limits: Limits,
    wanted_types: dict[str, set[str]],
) -> Refusal | None:
    refusal = bad_instant(i, reading.ts, ts_us, received_us)
    if refusal is not None:
        return refusal
    types = wanted_types.setdefault(reading.home_type, set(known_types(fleet, reading.home_type)))
    if reading.device_type not in types:
        if len(types) >= limits.max_device_types:
            detail = f"{limits.max_device_types} device types are known already in homes of this type"
            return Refusal(item=i, reason="limit", detail=detail, field="device_type")
        types.add(reading.device_type)
    place = fleet.place.get((reading.home_id, reading.device_id))
    if place is not None:
        if place[0] != reading.home_type:
            detail = f"the device is known in a home of type {place[0]!r}"
            return Refusal(item=i, reason="home_type_mismatch", detail=detail, field="home_type")
        return None
    if len(fleet.place) >= limits.max_devices:
        return Refusal(item=i, reason="limit", detail=f"{limits.max_devices} devices are known already")
    if reading.home_type not in fleet.home_types and len(fleet.home_types) >= limits.max_home_types:
        detail = f"{limits.max_home_types} home types are known already"
        return Refusal(item=i, reason="limit", detail=detail, field="home_type")
    return None


def _fold_group(
    state: HomeTypeState,
    items: Sequence[_Item],
    new_devices: list[tuple[str, str]],
    seq: int,
    panel: Panel,
    limits: Limits,
) -> ReadingGroup:
    """Fold the accepted readings of one home type, in order of time, score them, and put them down for the log."""
    layout = state.windows.layout
    metrics_before, types_before = len(layout.metrics), len(layout.device_types)
    values, dropped = metric_matrix([item.reading.metrics for item in items], layout, limits.max_metrics)
    for item in items:
        if item.reading.device_type not in layout.type_index:
            layout.extend((), (item.reading.device_type,))
    state.reserve()
    state.dropped += dropped
    device = np.array([item.device for item in items], np.int32)
    device_type = np.array([layout.type_index[item.reading.device_type] for item in items], np.int16)
    ts = np.array([item.ts_us for item in items], np.int64)
    offset_s = np.array([utc_offset_s(item.reading.ts) for item in items], np.int32)
    cycle = np.array([item.reading.time_basis == "cycle" for item in items], np.bool_)
    as_sent = values.tobytes()
    rows, example = state.windows.fold(device, device_type, ts, offset_s, cycle, values)
    answers = panel.answer(state.home_type, layout, rows)
    state.remember(seq, device, device_type, ts, answers.risk, answers.provisional)
    first = np.flatnonzero(example).astype(np.int32)
    return ReadingGroup(
        home_type=state.home_type,
        new_devices=new_devices,
        new_metrics=layout.metrics[metrics_before:],
        new_device_types=layout.device_types[types_before:],
        device=device.tobytes(),
        device_type=device_type.tobytes(),
        ts=ts.tobytes(),
        offset_s=offset_s.tobytes(),
        cycle=cycle.tobytes(),
        values=as_sent,
        dropped=dropped,
        example=first.tobytes(),
        features=rows[first].tobytes(),
        risk=answers.risk.tobytes(),
        votes=answers.votes,
        member_risk=answers.member_risk.tobytes(),
        provisional=answers.provisional,
    )


def member_answers(votes: Sequence[Vote], risks: Sequence[float]) -> list[MemberAnswer]:
    """Each member's part in one risk."""
    return [
        MemberAnswer(member=vote.member, version=vote.version, weight=vote.weight, risk=None if risk != risk else risk)
        for vote, risk in zip(votes, risks, strict=True)
    ]


def _answer(
    answers: list[RiskAnswer | None],
    items: Sequence[_Item],
    statuses: Sequence[ReadingStatus],
    state: HomeTypeState,
    panel: Panel,
    limits: Limits,
    group: ReadingGroup | None,
    *,
    members: bool,
) -> None:
    """Fill in the answers to one home type's readings."""
    scored = np.frombuffer(group.risk) if group is not None else np.empty(0)
    member_risk = np.frombuffer(group.member_risk).reshape(len(scored), -1) if group is not None else None
    k = 0
    for item, status in zip(items, statuses, strict=True):
        parts: list[MemberAnswer] | UnsetType = UNSET
        if status == "accepted" and group is not None and member_risk is not None:
            risk, as_of_us, provisional = float(scored[k]), item.ts_us, group.provisional
            if members:
                parts = member_answers(group.votes, member_risk[k].tolist())
            k += 1
        else:
            risk = float(state.risk[item.device])
            as_of_us = int(state.windows.last_ts[item.device])
            provisional = bool(state.provisional[item.device])
        device_type = state.windows.layout.device_types[state.device_type[item.device]]
        answers[item.place] = RiskAnswer(
            status=status,
            risk=risk,
            as_of=utc(as_of_us),
            provisional=provisional,
            mode=panel.likely_mode(state.home_type, device_type, risk, limits.alert_risk),
            members=parts,
        )
