"""A device stays in its lane."""

from datetime import UTC, datetime

from service.contracts.outcomes import Failure, Outcome, Repair, Retraction
from simulator.stream.deal import Deal
from tests.simulator.stream.test_merge import reading_of

TS = datetime(2025, 1, 1, tzinfo=UTC)


def test_everything_of_a_device_goes_through_one_lane() -> None:
    """Readings, failures, repairs and what takes them back; in any process the same; and all lanes are used."""
    used = set()
    for number in range(100):
        deal = Deal(4)
        home, device = f"home-{number}", "sensor.kitchen-1"
        failure = Failure(outcome_id=f"{number}/f", home_id=home, device_id=device, ts=TS)
        repair = Repair(outcome_id=f"{number}/r", home_id=home, device_id=device, ts=TS)
        items: list[Outcome] = [failure, repair, Retraction(outcome_id="x", retracts=f"{number}/f")]
        lanes = {deal.lane(reading_of(1, home, device).reading), *(deal.lane(item) for item in items)}
        assert 1 == len(lanes)
        used |= lanes
    assert {0, 1, 2, 3} == used
    assert 0 == Deal(4).lane(reading_of(1, "home-000001", "light.hall-1").reading)


def test_a_retraction_of_the_unknown_has_a_lane() -> None:
    """It is the service that says what it thinks of it."""
    assert Deal(4).lane(Retraction(outcome_id="x", retracts="nobody")) in range(4)
