"""The scorer's fold: what outcomes do to it."""

import numpy as np

from service.contracts.outcomes import Outcome, Repair, Retraction
from tests.pipeline.lockstep import LockStep, at

REPAIR = Repair(outcome_id="r-1", home_id="home-condo", device_id="lamp", ts=at(5.5))
RETRACTION = Retraction(outcome_id="x-1", retracts="r-1")


def levels(*outcomes: Outcome) -> object:
    """The lamp's windows after six readings and these outcomes."""
    both = LockStep()
    both.live(range(6), "lamp")
    both.tell(*outcomes)
    return both.fleet.home_types["condo"].windows.columns_of_state(1)["levels"]


def test_repair_starts_a_device_afresh_unless_it_was_withdrawn_before_it_came() -> None:
    """A retraction may come first; the repair that follows it never happened, and the device keeps its past."""
    np.testing.assert_array_equal(levels(), levels(RETRACTION, REPAIR))
    np.testing.assert_array_equal(np.zeros_like(levels()), levels(REPAIR))
