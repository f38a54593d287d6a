"""Arrivals: the readings of some requests, looked at one by one and put in columns by home type.

This is what is done in Python for every single reading, and so it does little: find its device, see that nothing speaks
against it, and note it down. All else is done column by column.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from service.contracts.predictions import Refusal
from service.contracts.readings import Reading
from service.labels.book import DeviceKey, instant_us
from service.pipeline.instants import FUTURE_US, bad_instant
from service.pipeline.scoring.fleet import FleetState, HomeTypeState
from service.settings import Settings


class Limits(Struct, frozen=True, kw_only=True):
    """How much may be known at once, and what else the settings say of readings.

    Attributes:
        max_metrics, max_device_types: Of one home type.
        max_home_types, max_devices: Of the fleet.
        alert_risk: From this risk on, an answer names the likely failure mode.
        zone: Time zone of the homes, or None where each time stamp's own offset counts.
    """

    max_metrics: int
    max_device_types: int
    max_home_types: int
    max_devices: int
    alert_risk: float
    zone: ZoneInfo | None = None


def limits_of(settings: Settings) -> Limits:
    """The limits that the settings set."""
    return Limits(
        max_metrics=settings.max_metrics,
        max_device_types=settings.max_device_types,
        max_home_types=settings.max_home_types,
        max_devices=settings.max_devices,
        alert_risk=settings.alert_risk,
        zone=settings.zone,
    )


class ReadingsJob(Struct, frozen=True, kw_only=True):
    """Readings of one request, to be committed together.

    Attributes:
        readings: In the order of the request.
        received_us: When it came, in microseconds.
        risks, members: Whether the receipt is to hold each reading's risk, and each member's.
    """

    readings: Sequence[Reading]
    received_us: int
    risks: bool = False
    members: bool = False


class Arrived:
    """The readings of one home type that nothing speaks against, in order of arrival.

    Attributes:
        state: The home type in the scorer's fold.
        new: Devices registered here, in order.
        place: Which reading each is, counted over all requests.
        readings: The readings.
        number: Their device numbers.
        at_s: Their instants, in seconds since the epoch.
    """

    def __init__(self, state: HomeTypeState) -> None:
        self.state = state
        self.new: list[DeviceKey] = []
        self.place: list[int] = []
        self.readings: list[Reading] = []
        self.number: list[int] = []
        self.at_s: list[float] = []

    def in_order_of_time(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """Order of the readings by instant, then by arrival; and in that order device numbers and instants (n,).

        Instants are microseconds: as seconds they are exact to a quarter of one until the year 2242.
        """
        at_s = np.array(self.at_s)
        order = np.argsort(at_s, kind="stable")
        return order, np.array(self.number, np.int32)[order], np.rint(at_s[order] * 1e6).astype(np.int64)


class Arrivals:
    """The readings of some requests.

    Args:
        jobs: The requests, in order.
        fleet: The scorer's fold. Devices and home types that are new are registered in it.
        limits: How much may be known at once.

    Attributes:
        by_type: What nothing speaks against, by home type.
        refusals: The rest, for each request.
        first: Place of each request's first reading, and how many there are; int64 (requests + 1,).
    """

    def __init__(self, jobs: Sequence[ReadingsJob], fleet: FleetState, limits: Limits) -> None:
        self.by_type: dict[str, Arrived] = {}
        self.refusals: list[list[Refusal]] = []
        self.first = np.cumsum([0, *(len(job.readings) for job in jobs)])
        self._fleet = fleet
        self._limits = limits
        self._types: dict[str, set[str]] = {}
        for job, first in zip(jobs, self.first.tolist(), strict=False):
            self.refusals.append(list(self._look_at(job, first)))

    def _look_at(self, job: ReadingsJob, first: int) -> Iterator[Refusal]:
        by_type, types, places = self.by_type, self._types, self._fleet.place
        latest_s = (job.received_us + FUTURE_US) / 1e6
        for i, reading in enumerate(job.readings):
            home_type = reading.home_type
            arrived = by_type.get(home_type)
            place = places.get((reading.home_id, reading.device_id))
            at_s = reading.ts.timestamp()
            if (
                arrived is None
                or place is None
                or place[0] != home_type
                or reading.device_type not in types[home_type]
                or not 0.0 <= at_s <= latest_s
            ):
                refusal = self._objection(i, reading, place, job.received_us)
                if refusal is not None:
                    yield refusal
                    continue
                if arrived is None:
                    arrived = by_type[home_type] = Arrived(self._fleet.home_type(home_type))
                if place is None:
                    place = self._register(arrived, reading)
            arrived.place.append(first + i)
            arrived.readings.append(reading)
            arrived.number.append(place[1])
            arrived.at_s.append(at_s)

    def _register(self, arrived: Arrived, reading: Reading) -> tuple[str, int]:
        key = (reading.home_id, reading.device_id)
        self._fleet.register(arrived.state, key)
        arrived.new.append(key)
        return self._fleet.place[key]

    def _objection(self, i: int, reading: Reading, place: tuple[str, int] | None, received_us: int) -> Refusal | None:
        """What speaks against a reading. Its device type counts as known from now on if that is not it."""
        refusal = bad_instant(i, reading.ts, instant_us(reading.ts), received_us)
        if refusal is not None:
            return refusal
        fleet, limits = self._fleet, self._limits
        state = fleet.home_types.get(reading.home_type)
        known = state.windows.layout.device_types if state is not None else ()
        types = self._types.setdefault(reading.home_type, set(known))
        if reading.device_type not in types:
            if len(types) >= limits.max_device_types:
                detail = f"{limits.max_device_types} device types are known already in homes of this type"
                return Refusal(item=i, reason="limit", detail=detail, field="device_type")
            types.add(reading.device_type)
        if place is not None:
            if place[0] != reading.home_type:
                detail = f"the device is known in a home of type {place[0]!r}"
                return Refusal(item=i, reason="home_type_mismatch", detail=detail, field="home_type")
            return None
        if len(fleet.place) >= limits.max_devices:
            return Refusal(item=i, reason="limit", detail=f"{limits.max_devices} devices are known already")
        if state is None and len(fleet.home_types) >= limits.max_home_types:
            detail = f"{limits.max_home_types} home types are known already"
            return Refusal(item=i, reason="limit", detail=detail, field="home_type")
        return None


def utc_offset_s(ts: datetime, zone: ZoneInfo | None) -> int:
    """Offset of local time from UTC at an aware instant, in seconds: in ``zone``, or without one as it is written.

    What comes of a zone depends on the machine's table of zones. It is logged, and every fold takes it from there.
    """
    if zone is not None:
        ts = ts.astimezone(zone)
    if ts.tzinfo is UTC:
        return 0
    offset = ts.utcoffset()
    return 0 if offset is None else int(offset.total_seconds())
