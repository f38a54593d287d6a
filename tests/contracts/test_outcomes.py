"""Outcomes as they come over the wire."""

from typing import Any

import msgspec
import pytest

from service.contracts.outcomes import Failure, Outcome, OutcomeDecoder, OutcomesDecoder, Repair, Retraction

GOOD: dict[str, Any] = {
    "kind": "failure",
    "outcome_id": "o1",
    "home_id": "home1",
    "device_id": "sensor.kitchen",
    "ts": "2026-03-01T12:00:00Z",
    "mode": "battery",
}


def decoded(**changes: Any) -> Outcome:
    fields = {name: value for name, value in (GOOD | changes).items() if value is not ...}
    outcome: Outcome = OutcomeDecoder.decode(msgspec.json.encode(fields))
    return outcome


def test_kinds() -> None:
    """The word ``kind`` tells failure, repair and retraction apart; a failure without a mode is unknown."""
    failure = decoded(mode=...)
    repair = decoded(kind="repair", mode=..., supersedes="o0")
    retraction = OutcomeDecoder.decode(b'{"kind": "retraction", "outcome_id": "r", "retracts": "o1"}')

    assert isinstance(failure, Failure)
    assert failure.mode == "unknown"
    assert failure.supersedes is msgspec.UNSET
    assert isinstance(repair, Repair)
    assert repair.supersedes == "o0"
    assert retraction == Retraction(outcome_id="r", retracts="o1")


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "party"},
        {"kind": ...},
        {"ts": "2026-03-01T12:00:00"},
        {"outcome_id": ""},
        {"outcome_id": "x" * 129},
        {"outcome_id": 7},
        {"home_id": "a/b"},
        {"device_id": ""},
        {"mode": ""},
        {"mode": "two words"},
        {"mode": "battery\n"},
        {"mode": "x" * 65},
        {"mode": None},
        {"supersedes": ""},
        {"supersedes": None},
        {"surprise": 1},
        {"kind": "repair"},
        {"retracts": "o0"},
    ],
)
def test_bad_outcomes_are_refused(changes: dict[str, Any]) -> None:
    """Unknown kinds and fields, naive instants, names out of bounds; a repair has no mode."""
    with pytest.raises(msgspec.ValidationError):
        decoded(**changes)


def test_lists_may_mix_kinds() -> None:
    """One request, several kinds, in order."""
    body = b'[{"kind": "retraction", "outcome_id": "r", "retracts": "o1"}, ' + msgspec.json.encode(GOOD) + b"]"

    assert [Retraction, Failure] == [type(outcome) for outcome in OutcomesDecoder.decode(body)]
