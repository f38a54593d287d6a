"""Clocks and order: what wrong clocks, offsets, retries, outages and silence do to labels."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np

from service.contracts.events import GroupColumns, ReadingsLogged
from service.contracts.outcomes import Failure
from service.contracts.predictions import Receipt
from service.contracts.standing import LabelCounts
from service.labels.book import instant_us
from service.pipeline.instants import FUTURE_US
from service.pipeline.records import decode_record
from tests.pipeline.lockstep import LockStep, at, reading
from tests.pipeline.streams import NOW_US, SETTINGS

NOW = datetime.fromtimestamp(NOW_US / 1e6, UTC)
DEVICES = tuple(f"device-{n}" for n in range(6))


def failure(outcome_id: str, ts: datetime, *, device: str = "device-0") -> Failure:
    return Failure(outcome_id=outcome_id, home_id="home-condo", device_id=device, ts=ts, mode="heat")


def reasons(receipt: Receipt) -> list[str]:
    return [refusal.reason for refusal in receipt.refusals]


def watermark(both: LockStep, home_type: str = "condo") -> int:
    return both.fold.home_types[home_type].watermark.value_us


def last_group(both: LockStep) -> GroupColumns:
    """The readings of the newest event."""
    event = decode_record(both.log.read(both.log.last_seq() - 1)[0])
    assert isinstance(event, ReadingsLogged)
    return GroupColumns(event.groups[0])


def test_time_stamps_of_the_future_and_of_before_1970_are_refused() -> None:
    """Readings and outcomes alike, and nothing is logged; up to five minutes ahead, and an old past, are taken."""
    allowed, second = timedelta(microseconds=FUTURE_US), timedelta(seconds=1)
    both = LockStep()
    for ts, reason in ((NOW + allowed + second, "future"), (datetime(1969, 12, 31, tzinfo=UTC), "past")):
        assert [reason] == reasons(both.read([reading("device-0", ts)]))
        assert [reason] == reasons(both.tell(failure("f-1", ts)))
    assert (0, {}) == (both.log.last_seq(), both.fleet.place)
    for n, ts in enumerate((datetime(1970, 1, 1, tzinfo=UTC), NOW + allowed)):
        assert 1 == both.read([reading("device-0", ts)]).accepted
        assert 1 == both.tell(failure(f"taken-{n}", ts)).accepted


def test_one_device_in_2100_is_refused_and_the_others_go_on() -> None:
    """Live, its readings are refused one by one; labels and event time are those of a fleet without it."""
    with_it, without = LockStep(), LockStep()
    for hour in range(20):
        others = [reading(device, at(hour)) for device in DEVICES]
        receipt = with_it.read([reading("wrong", datetime(2100, 1, 1, hour, tzinfo=UTC)), *others])
        assert (len(others), ["future"]) == (receipt.accepted, reasons(receipt))
        without.read(others)
    assert (without.counts(), watermark(without)) == (with_it.counts(), watermark(with_it))


def test_one_device_a_year_ahead_in_an_old_stream_matures_nobody_elses_labels() -> None:
    """In a replay its readings are past and are taken; event time is that of the others, be there only one of them."""
    year = timedelta(days=365)
    for devices in (1, 2, 5):
        with_it, without = LockStep(), LockStep()
        for hour in range(30):
            others = [reading(device, at(hour) - 2 * year) for device in DEVICES[:devices]]
            assert devices + 1 == with_it.read([*others, reading("wrong", at(hour) - year)]).accepted
            without.read(others)
        assert watermark(without) == watermark(with_it)
        assert without.counts().matured == with_it.counts().matured == 24 * devices - devices
        assert without.counts().pending + 30 == with_it.counts().pending
        assert {} == with_it.labels("wrong")
        put_right = with_it.read([reading("wrong", at(30) - 2 * year)])
        assert (0, 1) == (put_right.accepted, put_right.late)


def test_the_hour_that_is_lived_twice_keeps_its_order() -> None:
    """When summer time ends, 02:30 comes twice: both readings are taken in order, and have the same hour of day."""
    summer, winter = timezone(timedelta(hours=2)), timezone(timedelta(hours=1))
    first, again = datetime(2025, 10, 26, 2, 30, tzinfo=summer), datetime(2025, 10, 26, 2, 30, tzinfo=winter)
    both = LockStep()
    receipt = both.read([reading("device-0", again, temperature_c=8.0), reading("device-0", first, temperature_c=9.0)])
    group = last_group(both)
    assert 2 == receipt.accepted
    assert [instant_us(first), instant_us(again)] == group.ts.tolist()
    assert timedelta(hours=1) == again.astimezone(UTC) - first.astimezone(UTC)
    assert [9.0, 8.0] == group.values[:, 0].tolist()
    hour_of_day = group.features[:, 1:3]
    np.testing.assert_array_equal(hour_of_day[0], hour_of_day[1])
    in_utc = LockStep()
    in_utc.read([reading("device-0", first.astimezone(UTC)), reading("device-0", again.astimezone(UTC))])
    assert not np.array_equal(last_group(in_utc).features[0, 1:3], last_group(in_utc).features[1, 1:3])


def test_one_instant_in_two_offsets_is_one() -> None:
    """A reading or an outcome that comes again with the same instant written otherwise is a duplicate."""
    both = LockStep()
    there = at(1).astimezone(timezone(timedelta(hours=-5)))
    assert 1 == both.read([reading("device-0", at(1))]).accepted
    assert 1 == both.read([reading("device-0", there)]).duplicate
    assert 1 == both.tell(failure("f-1", at(1))).accepted
    again = both.tell(failure("f-1", there))
    assert (1, []) == (again.duplicate, again.refusals)
    assert 2 == both.log.last_seq()


def test_duplicates_inside_a_batch_count_once() -> None:
    """Of two readings of one instant the first in the request is taken; of two outcomes of one id too."""
    both = LockStep()
    receipt = both.read(
        [
            reading("device-0", at(2), temperature_c=22.0),
            reading("device-0", at(1), temperature_c=21.0),
            reading("device-0", at(2), temperature_c=99.0),
            reading("device-0", at(1), temperature_c=21.0),
        ]
    )
    assert isinstance(receipt.risks, list)
    assert (2, 2, 0) == (receipt.accepted, receipt.duplicate, receipt.late)
    assert ["accepted", "accepted", "duplicate", "duplicate"] == [answer.status for answer in receipt.risks]
    assert [21.0, 22.0] == last_group(both).values[:, 0].tolist()
    assert 2 == both.counts().pending
    told = both.tell(failure("f-1", at(1.5)), failure("f-1", at(1.5)))
    assert (1, 1, 1) == (told.accepted, told.duplicate, both.panel.standing("condo").outcomes.failures)


def sent(hours: list[int], *, outage: bool = False, by_device: bool = False) -> LabelCounts:
    """A condo fleet of six that was silent from hour 10 to 99, and then sends that past; a studio fleet goes on."""
    both = LockStep()

    def condo(hours: list[int]) -> None:
        for hour in hours:
            if hour == 50:
                both.tell(failure("f-1", at(49.5)))
            both.live([hour], *DEVICES)

    condo(hours[:10])
    if not outage:
        condo(hours[10:])
        return both.counts()
    before = both.counts()
    both.live(range(10, 100), *DEVICES, home_type="studio")
    assert before == both.counts()
    if by_device:
        for device in DEVICES:
            both.live(hours[10:100], device)
        both.tell(failure("f-1", at(49.5)))
        condo(hours[100:])
    else:
        condo(hours[10:])
    assert both.counts().matured > before.matured
    return both.counts()


def final(counts: LabelCounts) -> tuple[int, ...]:
    """All counts but those of learned negatives, whose choice depends on places in the log."""
    return (counts.pending, counts.positive, counts.negative, counts.censored, counts.positives_learned)


def test_backfill_after_an_outage_in_order_loses_nothing() -> None:
    """Sent in order of time, all examples are timely, and end as without the outage. Device by device they do not."""
    hours = list(range(130))
    in_order = sent(hours, outage=True)
    assert final(sent(hours)) == final(in_order)
    assert (0, 0, 6) == (in_order.late_readings, in_order.late_failures, in_order.positive)
    assert len(hours) * len(DEVICES) == in_order.matured + in_order.pending
    by_device = sent(hours, outage=True, by_device=True)
    assert len(hours) * len(DEVICES) == by_device.matured + by_device.pending + by_device.late_readings
    assert (280, 1, 6) == (by_device.late_readings, by_device.late_failures, by_device.late_positives)


def test_home_type_that_stops_waits_and_an_advance_settles_it() -> None:
    """Its labels stay pending however far the others go; an operator's advance settles them, and only them."""
    both = LockStep()
    both.live(range(10), *DEVICES)
    both.live(range(10), *DEVICES, home_type="studio")
    stopped = both.counts()
    both.live(range(10, 60), *DEVICES, home_type="studio")
    going = both.counts("studio")
    assert (stopped, 53 * 6) == (both.counts(), going.matured)
    both.advance(at(9) + timedelta(microseconds=SETTINGS.horizon_us + SETTINGS.grace_us), "condo")
    settled = both.counts()
    assert (0, 60, 36) == (settled.pending, settled.matured, settled.censored)
    assert (going, instant_us(at(59)) - SETTINGS.lateness_us) == (both.counts("studio"), watermark(both, "studio"))
    receipt = both.read([reading("device-0", at(10))])
    assert (1, 1) == (receipt.accepted, both.counts().late_readings)
