"""Order and cuts."""

from datetime import UTC, datetime

from service.contracts.outcomes import Failure, Outcome
from service.contracts.readings import Reading
from simulator.arrays import SECOND
from simulator.delivery.outcomes import Report
from simulator.stream.merge import MOST_OUTCOMES, Done, Request, Timed, in_batches, in_slots, slot_width_us


def reading_of(second: int, home: str, device: str) -> Timed[Reading]:
    ts = datetime.fromtimestamp(second, UTC)
    one = Reading(home_id=home, device_id=device, home_type="t", device_type="x", ts=ts, metrics={})
    return Timed(second * SECOND, one)


def report_of(second: int, name: str, home: str, device: str) -> Report:
    failure = Failure(outcome_id=name, home_id=home, device_id=device, ts=datetime.fromtimestamp(second, UTC))
    return Report(second * SECOND, failure)


def reading(second: int) -> Timed[Reading]:
    return reading_of(second, "h", "d")


def report(second: int, name: str = "o") -> Report:
    return report_of(second, name, "h", "d")


def shape(requests: list[Request[Reading]]) -> list[list[int] | str]:
    return [
        [int(item.ts.timestamp()) for item in request.readings] or f"{len(request.outcomes)}@{request.at // SECOND}"
        for request in requests
    ]


def test_batches_are_cut_by_number_and_by_reports() -> None:
    """A report goes after the readings up to its instant and before any later one."""
    readings = [reading(s) for s in (1, 2, 3, 4, 5, 6)]

    found = list(in_batches(readings, [report(0), report(4), report(4, "p"), report(9)], 3))

    assert shape(found) == ["1@0", [1, 2, 3], [4], "2@4", [5, 6], "1@9"]


def test_a_batch_spans_no_more_than_asked() -> None:
    """A paced stream does not wait for a batch to fill."""
    found = list(in_batches([reading(s) for s in (1, 2, 9, 10)], [], 100, longest_us=3 * SECOND))

    assert shape(found) == [[1, 2], [9, 10]]


def items(requests: list[Request[Reading]], lane: int) -> tuple[list[Reading], list[Outcome]]:
    mine = [request for request in requests if request.lane == lane]
    return [r for one in mine for r in one.readings], [o for one in mine for o in one.outcomes]


def test_lanes_hold_the_same_however_they_are_cut() -> None:
    """Each in order, and together all there is; no request goes back behind a span that was cut before."""
    devices = [f"d{n}" for n in range(20)]
    readings = [reading_of(second, "h", devices[second * 7 % 20]) for second in range(500)]
    reports = [report_of(second, f"o{second}", "h", devices[second % 20]) for second in range(0, 500, 30)]
    lanes = [Done() for _ in range(3)]

    coarse = list(in_batches(readings, reports, 100, done=lanes))
    fine = list(in_batches(readings, reports, 8, longest_us=40 * SECOND, done=lanes))

    assert sorted(r.reading.ts for r in readings) == sorted(r.ts for lane in range(3) for r in items(fine, lane)[0])
    for lane in range(3):
        assert items(coarse, lane) == items(fine, lane)
        assert items(fine, lane)[0] == sorted(items(fine, lane)[0], key=lambda one: one.ts)
    newest = 0
    for request in fine:
        assert request.at - request.since <= 40 * SECOND
        assert newest - request.since <= 40 * SECOND
        newest = max(newest, request.at)


def test_what_is_done_is_left_out() -> None:
    """From the start of each lane, whatever the cuts were then and are now."""
    devices = [f"d{n}" for n in range(20)]
    readings = [reading_of(second, "h", devices[second * 7 % 20]) for second in range(300)]
    reports = [report_of(second, f"o{second}", "h", devices[second % 20]) for second in range(0, 300, 10)]
    whole = list(in_batches(readings, reports, 10, done=[Done(), Done()]))

    rest = list(in_batches(readings, reports, 33, done=[Done(readings=40, outcomes=7), Done(readings=0, outcomes=1)]))

    (first, told), (second, told_too) = items(whole, 0), items(whole, 1)
    assert (first[40:], told[7:]) == items(rest, 0)
    assert (second, told_too[1:]) == items(rest, 1)


def test_slots_hang_on_the_epoch() -> None:
    """One request a slot; reports up to and including its start go first, later ones with the next slot."""
    readings = [reading(s) for s in (9, 10, 19, 20, 45)]

    found = list(in_slots(readings, [report(10), report(11), report(40), report(41)], 10 * SECOND))

    assert shape(found) == [[9], "1@10", [10, 19], "1@11", [20], "1@40", [45], "1@41"]


def test_slots_are_a_fiftieth_of_the_horizon() -> None:
    """The width is an integer of microseconds."""
    assert slot_width_us(86_400.0) == 1728 * SECOND
    assert slot_width_us(1e-9) == 1


def test_many_outcomes_go_in_several_requests() -> None:
    """No request grows without bound."""
    none: list[Timed[Reading]] = []
    found = list(in_batches(none, [report(1, str(i)) for i in range(MOST_OUTCOMES + 1)], 10))

    assert [len(request.outcomes) for request in found] == [MOST_OUTCOMES, 1]
