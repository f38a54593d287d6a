"""Answers: receipts for what was sent, and the risks that the service gives.

Everything here leaves the service as JSON. Risks are probabilities in [0, 1]; instants are RFC 3339 in UTC.
"""

from datetime import datetime
from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from service.contracts.readings import DeviceName, Instant, MetricName, TypeName

ReadingStatus = Literal["accepted", "duplicate", "late", "refused"]
DeviceState = Literal["ok", "failed"]


class Refusal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One item that was not taken, and why.

    Attributes:
        item: Its place in the request, from 0 (for NDJSON: the line, blank lines counted).
        reason: Stable word: ``malformed``, ``future``, ``past``, ``home_type_mismatch``, ``limit``, ``conflict``.
        detail: A sentence for people.
        field: Where in the item the fault lies, if it can be said.
    """

    item: int
    reason: str
    detail: str
    field: str | None = None


class MemberAnswer(Struct, frozen=True, kw_only=True):
    """One member's part in a risk.

    Attributes:
        member: Its name.
        version: How much it has learned, or which checkpoint it is.
        weight: Its weight in the blend.
        risk: The risk it gave alone.
        benched: Why it has no vote: ``cold`` (it has learned too few failures), ``alarm`` (its own losses have risen),
            ``silence`` (no outcome has come for long), ``stale`` (the learner lags), ``not chosen`` (an operator chose
            another); None if it has one, or nothing to say.
    """

    member: str
    version: int
    weight: float
    risk: float | None
    benched: str | None = None


class RiskAnswer(Struct, frozen=True, kw_only=True):
    """The risk for one reading, in the order of the request.

    Attributes:
        status: What became of the reading. Risks of ``duplicate`` and ``late`` ones are the device's last.
        risk: Probability of a failure in (ts, ts + horizon]; ``None`` only for refused readings.
        as_of: Instant of the reading that the risk was computed from.
        provisional: True while only the baseline or the prior speak.
        mode: Likely failure mode, if the risk is high and the mode is known.
        members: Each member's part, with ``members=true``; only for accepted readings.
    """

    status: ReadingStatus
    risk: float | None
    as_of: datetime | None
    provisional: bool
    mode: str | None = None
    members: list[MemberAnswer] | UnsetType = UNSET


class Receipt(Struct, frozen=True, kw_only=True):
    """What became of a request (or of one NDJSON chunk). It is sent only after everything accepted is durable.

    Attributes:
        accepted: Items taken and stored.
        duplicate: Items known already.
        late: Readings older than the newest one of their device. They change nothing.
        refused: Items not taken; ``refusals`` names them.
        seq: Sequence number of the event that holds the accepted items, or ``None`` if there were none.
        refusals: One entry for each refused item.
        risks: One answer for each reading, with ``risks=true``.
    """

    accepted: int = 0
    duplicate: int = 0
    late: int = 0
    refused: int = 0
    seq: int | None = None
    refusals: list[Refusal] = []
    risks: list[RiskAnswer] | UnsetType = UNSET


class WhatIf(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question to ``POST /v1/predict``: which risk would this reading get? Nothing is stored or learned.

    With the home and device of a known device, the device's own past counts; without, it is a new device.
    """

    home_type: TypeName
    device_type: TypeName
    ts: Instant
    metrics: dict[MetricName, float | None]
    home_id: str | UnsetType = UNSET
    device_id: DeviceName | UnsetType = UNSET
    time_basis: Literal["clock", "cycle"] = "clock"


class Prediction(Struct, frozen=True, kw_only=True):
    """The answer to a `WhatIf`. ``modes``: the probability of each failure mode if it fails, likeliest first."""

    risk: float
    as_of: datetime
    horizon_s: float
    provisional: bool
    mode: str | None
    modes: dict[str, float]
    members: list[MemberAnswer]


class PastRisk(Struct, frozen=True, kw_only=True):
    """One point of a device's recent history."""

    ts: datetime
    risk: float


class DeviceSummary(Struct, frozen=True, kw_only=True):
    """One row of a list of devices."""

    home_id: str
    device_id: str
    home_type: str
    device_type: str
    state: DeviceState
    risk: float
    as_of: datetime
    provisional: bool
    mode: str | None


class DeviceList(Struct, frozen=True, kw_only=True):
    """One page of devices, the riskiest first. ``next`` is the cursor of the following page, ``None`` on the last."""

    devices: list[DeviceSummary]
    total: int
    next: str | None


class DeviceDetail(DeviceSummary, frozen=True, kw_only=True):
    """All that is known of one device: its row of the list, and more.

    Attributes:
        seq: Sequence number of the event that holds the newest reading and the risk given for it.
        members: Who answered, with version, weight and own risk, as logged.
        modes: The probability of each failure mode if it fails, likeliest first; they add up to 1.
        failed_at: Instant of the failure it is in, if its state is ``failed``.
        history: The last risks given, oldest first.
    """

    modes: dict[str, float]
    champion: str
    members: list[MemberAnswer]
    seq: int
    readings: int
    failed_at: datetime | None
    horizon_s: float
    history: list[PastRisk]


class HomeDetail(Struct, frozen=True, kw_only=True):
    """One home: its devices, the riskiest first."""

    home_id: str
    home_type: str
    devices: list[DeviceSummary]
    risk: float
    """Risk of the riskiest device."""


class Health(Struct, frozen=True, kw_only=True):
    """Whether the process lives, or is ready to score.

    Attributes:
        status: ``ok``, ``degraded`` (answers, but a part is missing) or ``starting`` (503).
        reasons: Why, if not ``ok``.
        lockstep: Whether the service learns all that is mature before it scores.
        horizon_s: The horizon in seconds.
        seq: The last durable sequence number.
        learned_seq: How far the learner has folded.
        version: Version of the service.
    """

    status: Literal["ok", "degraded", "starting"]
    reasons: list[str]
    lockstep: bool
    horizon_s: float
    seq: int
    learned_seq: int
    version: str
