"""Snapshots of the scorer: a fold restored answers as if it had never stopped."""

from hypothesis import given, settings
from hypothesis import strategies as st

from service.contracts.events import encode_event
from service.pipeline.fleet import FleetState
from service.pipeline.fleet_snapshot import encode, freeze, thaw
from service.pipeline.intake import take_readings
from service.pipeline.intake_outcomes import take_outcomes
from service.pipeline.score import Panel
from tests.pipeline.streams import LIMITS, NOW_US, empty_fleet, hourly


def events(fleet: FleetState, hours: range) -> list[bytes]:
    """What the fold makes of these hours."""
    out = []
    for readings, outcomes in hourly(max(hours) + 1)[hours.start :]:
        for event in (
            take_outcomes(outcomes, NOW_US, fleet.seq + 1, fleet)[0],
            take_readings(readings, NOW_US, fleet.seq + 2, fleet, Panel(), LIMITS)[0],
        ):
            if event is not None:
                out.append(encode_event(event))
                fleet.seq += 1
    return out


@settings(max_examples=8)
@given(cut=st.integers(1, 59))
def test_snapshot_and_tail_are_the_whole_fold(cut: int) -> None:
    """Cut anywhere: the events that follow are the same, byte for byte, and so is the state at the end."""
    lived = empty_fleet()
    events(lived, range(cut))
    frozen = freeze(lived)
    expected = events(lived, range(cut, 60))
    heir = thaw(b"".join(encode(frozen)), empty_fleet())
    assert expected == events(heir, range(cut, 60))
    assert b"".join(encode(freeze(lived))) == b"".join(encode(freeze(heir)))
