"""Intake: readings of several requests taken together."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from service.contracts.readings import Reading
from service.pipeline.scoring.intake.arrivals import ReadingsJob
from service.pipeline.scoring.intake.readings import take_readings, take_requests
from service.pipeline.scoring.score import Panel
from service.pipeline.scoring.snapshot import encode, freeze
from tests.pipeline.lockstep import at, reading
from tests.pipeline.streams import LIMITS, NOW_US, empty_fleet


def moved(device: str, hour: float) -> Reading:
    """A device that is said to be in a home of another type than before."""
    return msgspec.structs.replace(reading(device, at(hour)), home_type="office")


def requests() -> list[list[Reading]]:
    """Hour by hour: new devices, a new home type, something odd in every request."""
    ahead = at(0) + timedelta(days=40_000)
    return [
        [reading("a", at(1)), reading("b", at(1)), reading("x", ahead)],
        [reading("b", at(2)), reading("b", at(2)), moved("a", 2)],
        [],
        [reading("x", ahead), reading("c", at(3), home_type="office"), reading("a", at(3)), reading("a", at(2.5))],
        [reading("d", at(4)), moved("a", 4), reading("d", at(4), temperature_c=21.0)],
    ]


def test_requests_taken_together_are_answered_as_if_one_came_after_the_other() -> None:
    """Each has a receipt of its own, with its own items, the same risks, and the sequence number they share."""
    jobs = [ReadingsJob(readings=readings, received_us=NOW_US, risks=True) for readings in requests()]
    together, alone = empty_fleet(), empty_fleet()
    event, receipts = take_requests(jobs, 1, together, Panel(), LIMITS)
    singly = [
        take_readings(job.readings, NOW_US, 1, alone, Panel(), LIMITS, risks=True)[1] for job in jobs
    ]  # the sequence number is that of the group, so that the folds can be compared

    assert receipts == singly
    assert event is not None
    assert [
        ["accepted", "accepted", "refused"],
        ["accepted", "duplicate", "refused"],
        [],
        ["refused", "accepted", "accepted", "accepted"],
        ["accepted", "refused", "duplicate"],
    ] == [[answer.status for answer in receipt.risks or []] for receipt in receipts]
    assert [[2], [2], [], [0], [1]] == [[refusal.item for refusal in receipt.refusals] for receipt in receipts]
    for state, other in zip(together.home_types.values(), alone.home_types.values(), strict=True):
        state.last_row[:] = other.last_row[:] = 0  # the place within the group
    assert b"".join(encode(freeze(together))) == b"".join(encode(freeze(alone)))


def test_requests_taken_together_are_in_order_of_time() -> None:
    """A reading that was overtaken by another request is not late if both are taken together."""
    newer, older = [reading("a", at(2))], [reading("a", at(1))]
    jobs = [ReadingsJob(readings=readings, received_us=NOW_US) for readings in (newer, older)]
    event, receipts = take_requests(jobs, 1, empty_fleet(), Panel(), LIMITS)

    assert [1, 1] == [receipt.accepted for receipt in receipts]
    assert event is not None
    assert np.all(np.diff(np.frombuffer(event.groups[0].ts, np.int64)) > 0)


def test_only_who_asks_for_risks_is_told_them() -> None:
    """One request's wish is not another's."""
    plain = ReadingsJob(readings=[reading("a", at(1))], received_us=NOW_US)
    curious = ReadingsJob(readings=[reading("b", at(1))], received_us=NOW_US, risks=True, members=True)
    _, (first, second) = take_requests([plain, curious], 1, empty_fleet(), Panel(), LIMITS)

    assert first.risks is msgspec.UNSET
    assert isinstance(second.risks, list)
    assert ["prior"] == [part.member for answer in second.risks for part in answer.members or []]


def test_calendar_is_that_of_the_time_zone_that_is_set() -> None:
    """Sent in UTC, readings get the features of local time, summer or winter; the log says which offset that was."""
    zone = ZoneInfo("Europe/Berlin")
    instants = [datetime.fromisoformat(text) for text in ("2025-01-15T07:30:00Z", "2025-07-15T07:30:00Z")]
    limits = msgspec.structs.replace(LIMITS, zone=zone)
    in_utc = [reading("a", ts) for ts in instants]
    local = [reading("a", ts.astimezone(zone)) for ts in instants]
    here, there, elsewhere, later = (empty_fleet() for _ in range(4))
    zoned, _ = take_readings(in_utc, NOW_US, 1, here, Panel(), limits)
    with_offset, _ = take_readings(local, NOW_US, 1, there, Panel(), LIMITS)
    plain, _ = take_readings(in_utc, NOW_US, 1, elsewhere, Panel(), LIMITS)

    assert zoned is not None
    assert [3600, 7200] == np.frombuffer(zoned.groups[0].offset_s, np.int32).tolist()
    assert zoned == with_offset != plain
    later.apply(1, zoned)  # as a restart does, which knows of no zone
    here.seq = 1
    assert b"".join(encode(freeze(here))) == b"".join(encode(freeze(later)))
