"""Order and cuts."""

from datetime import UTC, datetime

from service.contracts.outcomes import Failure
from service.contracts.readings import Reading
from simulator.arrays import SECOND
from simulator.merge import MOST_OUTCOMES, Request, Timed, in_batches, in_slots, slot_width_us
from simulator.outcomes import Report


def reading(second: int) -> Timed:
    ts = datetime.fromtimestamp(second, UTC)
    one = Reading(home_id="h", device_id="d", home_type="t", device_type="x", ts=ts, metrics={})
    return Timed(second * SECOND, one)


def report(second: int, name: str = "o") -> Report:
    failure = Failure(outcome_id=name, home_id="h", device_id="d", ts=datetime.fromtimestamp(second, UTC))
    return Report(second * SECOND, failure)


def shape(requests: list[Request]) -> list[list[int] | str]:
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
    found = list(in_batches([], [report(1, str(i)) for i in range(MOST_OUTCOMES + 1)], 10))

    assert [len(request.outcomes) for request in found] == [MOST_OUTCOMES, 1]
