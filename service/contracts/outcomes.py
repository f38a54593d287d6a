"""Outcomes: what became of a device, told later than it happened, and sometimes told wrongly.

Labels are made of these. Each outcome has an id, so that a retry is recognised; a later outcome may *supersede* an
earlier one (the mistyped mode, the wrong instant), and a retraction withdraws one altogether.
"""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from service.contracts.readings import DeviceName, HomeName, Instant

OutcomeId = Annotated[
    str, Meta(min_length=1, max_length=128, description="The sender's own id; sending it twice changes nothing.")
]
ModeName = Annotated[
    str,
    Meta(
        min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$(?!\n)", description="What failed, such as `battery`."
    ),
]


UNKNOWN_MODE = "unknown"
"""The mode of a failure of which nobody told what failed."""


class Failure(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="failure"):
    """The device failed at ``ts``."""

    outcome_id: OutcomeId
    home_id: HomeName
    device_id: DeviceName
    ts: Instant
    mode: ModeName = UNKNOWN_MODE
    supersedes: OutcomeId | UnsetType = UNSET


class Repair(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="repair"):
    """The device was repaired, replaced or given a new battery at ``ts``; from there it starts a fresh life."""

    outcome_id: OutcomeId
    home_id: HomeName
    device_id: DeviceName
    ts: Instant
    supersedes: OutcomeId | UnsetType = UNSET


class Retraction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="retraction"):
    """The outcome ``retracts`` never happened. To bring one back, send it again under a new id."""

    outcome_id: OutcomeId
    retracts: OutcomeId


Outcome = Failure | Repair | Retraction

OutcomeDecoder = msgspec.json.Decoder(Outcome)
OutcomesDecoder = msgspec.json.Decoder(list[Outcome])
