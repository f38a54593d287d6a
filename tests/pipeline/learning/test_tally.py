"""Outcomes are counted by kind, each in the home type of its device."""

from service.contracts.outcomes import Failure, Repair, Retraction
from service.contracts.standing import OutcomeCounts
from service.pipeline.learning.snapshot import dump_fold, dump_models, load_fold, load_models
from service.pipeline.publication import decode_publication, encode_publication
from service.pipeline.views.home_type_views import HomeTypeViews
from tests.pipeline.lockstep import LockStep, at
from tests.pipeline.streams import SETTINGS


def failure(outcome_id: str, *, device: str = "lamp", home_type: str = "condo") -> Failure:
    return Failure(outcome_id=outcome_id, home_id=f"home-{home_type}", device_id=device, ts=at(2.5))


def shown(both: LockStep, home_type: str = "condo") -> tuple[OutcomeCounts, int]:
    """What the API answers: the counts of a home type, and how many wait."""
    views = HomeTypeViews(both.fleet, both.panel, SETTINGS.grace_us)
    return views.detail(home_type, {}).outcomes, views.every({}).outcomes_waiting


def test_outcomes_are_counted_by_kind_and_home_type() -> None:
    """Failures, repairs, retractions; a correction counts as what it is and as superseding, a duplicate does not."""
    both = LockStep()
    both.live(range(2), "lamp")
    both.live(range(2), "lock", home_type="studio")
    both.tell(failure("f-1"), failure("f-1"), failure("f-9", device="lock", home_type="studio"))
    both.tell(
        Failure(outcome_id="f-2", home_id="home-condo", device_id="lamp", ts=at(2.0), supersedes="f-1"),
        Repair(outcome_id="r-1", home_id="home-condo", device_id="lamp", ts=at(3.0)),
        Retraction(outcome_id="x-1", retracts="f-2"),
    )
    assert (OutcomeCounts(failures=2, repairs=1, retractions=1, superseded=1), 0) == shown(both)
    assert (OutcomeCounts(failures=1), 0) == shown(both, "studio")


def test_outcomes_of_unknown_devices_wait_for_them() -> None:
    """They count for the fleet, then in the home type in which the device appears; early retractions likewise."""
    both = LockStep()
    both.live([0], "plug")
    both.tell(
        Retraction(outcome_id="x-1", retracts="f-1"),
        Failure(outcome_id="f-2", home_id="home-condo", device_id="lamp", ts=at(2.0), supersedes="f-0"),
    )
    assert (OutcomeCounts(), 2) == shown(both)
    both.tell(failure("f-1"))
    assert (OutcomeCounts(), 3) == shown(both)
    both.live([4], "lamp")
    assert (OutcomeCounts(failures=2, retractions=1, superseded=1), 0) == shown(both)


def test_counts_survive_a_snapshot() -> None:
    """A fold restored publishes the counts that it had, those that wait too, and goes on counting."""
    both = LockStep()
    both.live([0], "plug")
    both.tell(
        failure("f-1", device="plug"), failure("f-2"), Retraction(outcome_id="x-1", retracts="later"), failure("f-3")
    )
    both.fold.publication()
    parts = b"".join(dump_fold(both.fold)), load_models(b"".join(dump_models(both.fold)))
    both.fold = load_fold(*parts, SETTINGS, both.log, both.store)
    both.panel.install(decode_publication(encode_publication(both.fold.publication())))
    assert (OutcomeCounts(failures=1), 3) == shown(both)
    both.tell(failure("later"))
    both.live([4], "lamp")
    assert (OutcomeCounts(failures=4, retractions=1), 0) == shown(both)
