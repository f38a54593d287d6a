"""Snapshots of the scorer: a fold restored answers as if it had never stopped."""

from hypothesis import given, settings
from hypothesis import strategies as st

from service.contracts.events import decode_event, encode_event
from service.pipeline.scoring.fleet import FleetState
from service.pipeline.scoring.intake.outcomes import take_outcomes
from service.pipeline.scoring.intake.readings import take_readings
from service.pipeline.scoring.score import Panel
from service.pipeline.scoring.snapshot import Freezing, encode, freeze, thaw
from tests.pipeline.streams import LIMITS, NOW_US, empty_fleet, hourly


def events(fleet: FleetState, hours: range) -> list[bytes]:
    """What the fold makes of these hours."""
    out = []
    for readings, outcomes in hourly(max(hours) + 1)[hours.start :]:
        if (entered := take_outcomes(outcomes, NOW_US, fleet.seq + 1, fleet)[0]) is not None:
            out.append(encode_event(entered))
            fleet.seq += 1
        if (taken := take_readings(readings, NOW_US, fleet.seq + 1, fleet, Panel(), LIMITS)[0]) is not None:
            out.append(encode_event(taken))
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


@settings(max_examples=8)
@given(cut=st.integers(1, 50), pause=st.integers(1, 5))
def test_copied_home_type_by_home_type_it_is_still_the_whole_fold(cut: int, pause: int) -> None:
    """The stream goes on while it is copied; the log from the beginning of the copy on brings all up to date."""
    lived = empty_fleet()
    log = events(lived, range(cut))
    freezing, hour = Freezing(lived), cut
    while (frozen := freezing.step(lived)) is None:
        log += events(lived, range(hour, hour + pause))
        hour += pause
    log += events(lived, range(hour, 60))
    heir = thaw(b"".join(encode(frozen)), empty_fleet())
    assert freezing.seq == heir.seq
    for seq, blob in enumerate(log[heir.seq :], heir.seq + 1):
        heir.apply(seq, decode_event(blob))
    assert b"".join(encode(freeze(lived))) == b"".join(encode(freeze(heir)))
