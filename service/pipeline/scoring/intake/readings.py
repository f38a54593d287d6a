"""Intake of readings: scored, folded in, and made an event and receipts.

The readings of several requests that wait together are taken together, in order of their instants: what a home type
costs, whatever its number of readings, is then paid once for all of them. Each request still gets a receipt of its own.

Everything here changes the scorer's fold at once, before the event is durable. If it then cannot be stored, the fold is
rebuilt from the log; there is no code that takes a change back.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from msgspec import UNSET, Struct, UnsetType

from service.contracts.events import ReadingGroup, ReadingsLogged, Vote
from service.contracts.predictions import MemberAnswer, ReadingStatus, Receipt, RiskAnswer
from service.contracts.readings import Reading
from service.features.matrix import metric_matrix
from service.features.windows import ACCEPTED
from service.pipeline.instants import utc
from service.pipeline.scoring.fleet import FleetState
from service.pipeline.scoring.intake.arrivals import Arrivals, Arrived, Limits, ReadingsJob, utc_offset_s
from service.pipeline.scoring.modes import Given
from service.pipeline.scoring.score import Answers, Panel

_STATUS: tuple[ReadingStatus, ...] = ("accepted", "duplicate", "late")  # as `service.features.windows.sift` counts them


class _Taken(Struct):
    """One home type's readings after they were folded; columns (n,) in order of time.

    Attributes:
        arrived: The readings.
        order: Which of them each is.
        status: What became of each: a number of `_STATUS`.
        group: What goes into the log, or None if none was accepted.
        answers: The risks of the accepted ones, or None.
        rows: Their feature rows.
    """

    arrived: Arrived
    order: npt.NDArray[np.intp]
    status: npt.NDArray[np.int8]
    group: ReadingGroup | None
    answers: Answers | None
    rows: npt.NDArray[np.float32] | None = None


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
    """`take_requests` for a single one."""
    job = ReadingsJob(readings=readings, received_us=received_us, risks=risks, members=members)
    event, receipts = take_requests([job], seq, fleet, panel, limits)
    return event, receipts[0]


def take_requests(
    jobs: Sequence[ReadingsJob], seq: int, fleet: FleetState, panel: Panel, limits: Limits
) -> tuple[ReadingsLogged | None, list[Receipt]]:
    """Score the readings of some requests and fold them in.

    Args:
        jobs: The requests, in order.
        seq: Sequence number that the event will have.
        fleet, panel: The scorer's fold, which is changed, and the models in force.
        limits: How much may be known at once.

    Returns:
        The event, or None if nothing was accepted, and each request's receipt.
    """
    arrivals = Arrivals(jobs, fleet, limits)
    taken = [_fold(arrived, seq, panel, limits) for arrived in arrivals.by_type.values()]
    counts = _counts(taken, arrivals.first)
    answers: dict[int, RiskAnswer] = {}
    if any(job.risks for job in jobs):
        for part in taken:
            answers |= _answers(part, jobs, arrivals.first, panel, limits)
    receipts = [
        Receipt(
            accepted=accepted,
            duplicate=duplicate,
            late=late,
            refused=len(refusals),
            seq=seq if accepted else None,
            refusals=refusals,
            risks=[answers.get(place, _REFUSED) for place in range(first, first + len(job.readings))]
            if job.risks
            else UNSET,
        )
        for job, first, refusals, (accepted, duplicate, late) in zip(
            jobs, arrivals.first.tolist(), arrivals.refusals, counts.tolist(), strict=False
        )
    ]
    groups = [part.group for part in taken if part.group is not None]
    received_us = max(job.received_us for job in jobs)
    return (ReadingsLogged(received_us=received_us, groups=groups) if groups else None), receipts


def _counts(taken: Sequence[_Taken], first: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """How many readings of each request have each status; (requests, statuses)."""
    places = np.array([part.arrived.place[k] for part in taken for k in part.order.tolist()], np.int64)
    statuses = [status for part in taken for status in part.status.tolist()]
    request = np.searchsorted(first, places, "right") - 1
    shape = (len(first) - 1, len(_STATUS))
    flat = np.bincount(request * len(_STATUS) + np.array(statuses, np.int64), minlength=shape[0] * shape[1])
    return flat.reshape(shape)


_REFUSED = RiskAnswer(status="refused", risk=None, as_of=None, provisional=True)


def _fold(arrived: Arrived, seq: int, panel: Panel, limits: Limits) -> _Taken:
    """Fold the readings of one home type, in order of time, score them, and put them down for the log."""
    state = arrived.state
    layout = state.windows.layout
    state.reserve()
    order, device, ts = arrived.in_order_of_time()
    status = state.windows.sift(device, ts)
    kept = np.flatnonzero(status == ACCEPTED)
    if not len(kept):
        return _Taken(arrived, order, status, None, None)
    readings = [arrived.readings[k] for k in order[kept].tolist()]
    metrics_before, types_before = len(layout.metrics), len(layout.device_types)
    values, dropped = metric_matrix([reading.metrics for reading in readings], layout, limits.max_metrics)
    types = [reading.device_type for reading in readings]
    for name in types:
        if name not in layout.type_index:
            layout.extend((), (name,))
    state.reserve()
    state.dropped += dropped
    device, ts = device[kept], ts[kept]
    device_type = np.array([layout.type_index[name] for name in types], np.int16)
    offset_s = np.array([utc_offset_s(reading.ts, limits.zone) for reading in readings], np.int32)
    cycle = np.array([reading.time_basis == "cycle" for reading in readings], np.bool_)
    as_sent = values.tobytes()
    rows, example = state.windows.fold(device, device_type, ts, offset_s, cycle, values)
    answers = panel.answer(state.home_type, layout, rows)
    state.remember(seq, device, device_type, ts, answers.risk, answers.provisional)
    first = np.flatnonzero(example).astype(np.int32)
    group = ReadingGroup(
        home_type=state.home_type,
        new_devices=arrived.new,
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
    return _Taken(arrived, order, status, group, answers, rows)


def member_answers(votes: Sequence[Vote], risks: Sequence[float]) -> list[MemberAnswer]:
    """Each member's part in one risk."""
    return [
        MemberAnswer(
            member=vote.member,
            version=vote.version,
            weight=vote.weight,
            risk=None if risk != risk else risk,
            benched=vote.benched,
        )
        for vote, risk in zip(votes, risks, strict=True)
    ]


def _answers(
    part: _Taken, jobs: Sequence[ReadingsJob], first: npt.NDArray[np.int64], panel: Panel, limits: Limits
) -> dict[int, RiskAnswer]:
    """The answers to one home type's readings by place, for the requests that asked for them."""
    arrived, answers = part.arrived, part.answers
    state = arrived.state
    layout = state.windows.layout
    places = [arrived.place[k] for k in part.order.tolist()]
    request = (np.searchsorted(first, places, "right") - 1).tolist()
    out: dict[int, RiskAnswer] = {}
    accepted = 0
    for k, place, of, status in zip(part.order.tolist(), places, request, part.status.tolist(), strict=True):
        number = arrived.number[k]
        parts: list[MemberAnswer] | UnsetType = UNSET
        risk, provisional = state.risk[number], state.provisional[number]
        as_of_us = state.windows.last_ts[number]
        given: Given | None = None
        if status == ACCEPTED and answers is not None:
            risk, provisional = answers.risk[accepted], answers.provisional
            as_of_us = round(arrived.at_s[k] * 1e6)
            given = (layout, part.rows[accepted]) if part.rows is not None else None
            if jobs[of].members:
                parts = member_answers(answers.votes, answers.member_risk[accepted].tolist())
            accepted += 1
        if not jobs[of].risks:
            continue
        device_type = layout.device_types[state.device_type[number]]
        out[place] = RiskAnswer(
            status=_STATUS[status],
            risk=float(risk),
            as_of=utc(int(as_of_us)),
            provisional=bool(provisional),
            mode=panel.likely_mode(state.home_type, device_type, float(risk), limits.alert_risk, given),
            members=parts,
        )
    return out
