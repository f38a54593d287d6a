"""Views: questions about one device or home, answered under the ingest lock."""

import numpy as np

from service.contracts.errors import NotKnown, RefusedItem
from service.contracts.events import GroupColumns, ReadingGroup, ReadingsLogged, decode_event
from service.contracts.ports import EventLog
from service.contracts.predictions import (
    DeviceDetail,
    DeviceState,
    DeviceSummary,
    HomeDetail,
    MemberAnswer,
    PastRisk,
    Prediction,
    WhatIf,
)
from service.features.matrix import metric_matrix
from service.features.windows import Windows
from service.labels.book import DeviceKey, instant_us
from service.models.committee import champion
from service.pipeline.instants import bad_instant, utc
from service.pipeline.scoring.fleet import FleetState, HomeTypeState
from service.pipeline.scoring.intake.arrivals import Limits, utc_offset_s
from service.pipeline.scoring.intake.readings import member_answers
from service.pipeline.scoring.modes import Given
from service.pipeline.scoring.score import Panel


class DeviceViews:
    """Questions about devices and homes. Each call needs the ingest lock.

    Args:
        fleet, panel: The state as it stands.
        log: Read for who answered.
        limits: For the risk from which on a mode is named.
    """

    def __init__(self, fleet: FleetState, panel: Panel, log: EventLog, limits: Limits) -> None:
        self._fleet = fleet
        self._panel = panel
        self._log = log
        self._limits = limits

    def device(self, home_id: str, device_id: str) -> DeviceDetail:
        """All that is known of one device.

        Raises:
            NotKnown: It has not been seen.
        """
        key = (home_id, device_id)
        place = self._fleet.place.get(key)
        if place is None:
            raise NotKnown(f"no reading of device {device_id!r} in home {home_id!r} has come yet")
        state, number = self._fleet.home_types[place[0]], place[1]
        group = self._logged(state, number)
        row = int(state.last_row[number])
        given = _features(state, group, row) if group is not None else None
        summary = self._summary(state, number, given)
        members = _who_answered(group, row) if group is not None else []
        failed_us = self._fleet.failed_since(key)
        return DeviceDetail(
            home_id=home_id,
            device_id=device_id,
            home_type=summary.home_type,
            device_type=summary.device_type,
            state=summary.state,
            risk=summary.risk,
            as_of=summary.as_of,
            provisional=summary.provisional,
            mode=summary.mode,
            modes=self._panel.modes(state.home_type, summary.device_type, given),
            champion=champion({member.member: member.weight for member in members}) if members else "",
            members=members,
            seq=int(state.last_seq[number]),
            readings=int(state.read_count[number]),
            failed_at=None if failed_us is None else utc(failed_us),
            horizon_s=self._fleet.horizon_us / 1e6,
            history=[PastRisk(ts=utc(ts), risk=risk) for ts, risk in state.history(number)],
        )

    def home(self, home_id: str) -> HomeDetail:
        """One home with its devices, the riskiest first.

        Raises:
            NotKnown: No reading of it has come.
        """
        keys = self._fleet.homes.get(home_id)
        if not keys:
            raise NotKnown(f"no reading of home {home_id!r} has come yet")
        places = [self._fleet.place[key] for key in keys]
        devices = [self._summary(self._fleet.home_types[name], number) for name, number in places]
        devices.sort(key=lambda device: (-device.risk, device.device_id))
        return HomeDetail(home_id=home_id, home_type=devices[0].home_type, devices=devices, risk=devices[0].risk)

    def what_if(self, question: WhatIf, now_us: int) -> Prediction:
        """The risk a reading would get. Changes nothing.

        Raises:
            RefusedItem: The device is known in another home type or has a newer reading, or ts is of no use.
        """
        home_id = question.home_id if isinstance(question.home_id, str) else ""
        device_id = question.device_id if isinstance(question.device_id, str) else ""
        place = self._fleet.place.get((home_id, device_id))
        ts_us = instant_us(question.ts)
        refusal = bad_instant(0, question.ts, ts_us, now_us)
        if refusal is not None:
            raise RefusedItem(refusal.reason, refusal.detail, field="ts")
        if place is not None and place[0] != question.home_type:
            detail = f"the device is known in a home of type {place[0]!r}"
            raise RefusedItem("home_type_mismatch", detail, field="home_type")
        known = self._fleet.home_types.get(question.home_type)
        windows = Windows(horizon_us=self._fleet.horizon_us, slot_us=self._fleet.slot_us)
        if known is not None:
            layout = known.windows.layout
            windows.layout.extend(layout.metrics, layout.device_types)
            if place is not None:
                if ts_us <= int(known.windows.last_ts[place[1]]):
                    raise RefusedItem("late", "the device has a reading at or after this ts", field="ts")
                windows.reserve(1)
                windows.adopt(known.windows, place[1])
        room = max(self._limits.max_metrics, len(windows.layout.metrics))
        values, _ = metric_matrix([question.metrics], windows.layout, room)
        if question.device_type not in windows.layout.type_index:
            windows.layout.extend((), (question.device_type,))
        windows.reserve(1)
        rows, _ = windows.fold(
            np.zeros(1, np.int32),
            np.array([windows.layout.type_index[question.device_type]], np.int16),
            np.array([ts_us], np.int64),
            np.array([utc_offset_s(question.ts, self._limits.zone)], np.int32),
            np.array([question.time_basis == "cycle"]),
            values,
        )
        answers = self._panel.peek(question.home_type, windows.layout, rows)
        risk = float(answers.risk[0])
        modes = self._panel.modes(question.home_type, question.device_type, (windows.layout, rows[0]))
        return Prediction(
            risk=risk,
            as_of=utc(ts_us),
            horizon_s=self._fleet.horizon_us / 1e6,
            provisional=answers.provisional,
            mode=next(iter(modes), None) if risk >= self._limits.alert_risk else None,
            modes=modes,
            members=member_answers(answers.votes, answers.member_risk[0].tolist()),
        )

    def _state(self, key: DeviceKey) -> DeviceState:
        return "ok" if self._fleet.failed_since(key) is None else "failed"

    def _summary(self, state: HomeTypeState, number: int, given: Given | None = None) -> DeviceSummary:
        home_id, device_id = state.devices[number]
        device_type = state.windows.layout.device_types[state.device_type[number]]
        risk = float(state.risk[number])
        return DeviceSummary(
            home_id=home_id,
            device_id=device_id,
            home_type=state.home_type,
            device_type=device_type,
            state=self._state((home_id, device_id)),
            risk=risk,
            as_of=utc(int(state.windows.last_ts[number])),
            provisional=bool(state.provisional[number]),
            mode=self._panel.likely_mode(state.home_type, device_type, risk, self._limits.alert_risk, given),
        )

    def _logged(self, state: HomeTypeState, number: int) -> ReadingGroup | None:
        """The logged group that holds the device's last reading; None once that event has left the log."""
        record = self._log.get(int(state.last_seq[number]))
        event = decode_event(record.blob) if record is not None else None
        groups = event.groups if isinstance(event, ReadingsLogged) else []
        return next((group for group in groups if group.home_type == state.home_type), None)


def _who_answered(group: ReadingGroup, row: int) -> list[MemberAnswer]:
    """The members' parts in the risk of a group's reading."""
    risks: list[float] = GroupColumns(group).member_risk[row].tolist()
    return member_answers(group.votes, risks)


def _features(state: HomeTypeState, group: ReadingGroup, row: int) -> Given | None:
    """The feature row of a group's reading, which is logged if the reading became an example; else None."""
    columns = GroupColumns(group)
    place = np.flatnonzero(columns.example == row)
    return (state.windows.layout, columns.features[place[0]]) if len(place) else None
