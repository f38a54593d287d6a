"""The label's whole life: one test for each row of the table in docs/labels.md, in its order.

A lamp is read every hour, and two devices beside it, which carry event time on. The horizon is six hours, so that the
example of hour h is final when the others have been read at h + 7. Where a lamp fails, it is at half past two.
"""

from service.contracts.outcomes import Failure, Repair, Retraction
from service.contracts.standing import OutcomeCounts
from service.pipeline.views.home_type_views import evaluate
from tests.pipeline.lockstep import LockStep, at

POSITIVE, NEGATIVE, CENSORED = 1, 0, -1
OTHERS = ("lock", "plug")
ALL = ("lamp", *OTHERS)
LONG_BEFORE = -10.0


def failure(
    outcome_id: str = "f-1", hour: float = 2.5, *, mode: str = "battery", supersedes: str | None = None
) -> Failure:
    told = Failure(outcome_id=outcome_id, home_id="home-condo", device_id="lamp", ts=at(hour), mode=mode)
    if supersedes is None:
        return told
    return Failure(
        outcome_id=outcome_id, home_id="home-condo", device_id="lamp", ts=at(hour), mode=mode, supersedes=supersedes
    )


def repair(hour: float) -> Repair:
    return Repair(outcome_id="r-1", home_id="home-condo", device_id="lamp", ts=at(hour))


def retraction(of: str = "f-1") -> Retraction:
    return Retraction(outcome_id="x-1", retracts=of)


def labels(both: LockStep, hours: int) -> list[int]:
    """The lamp's labels of the first hours, as corrected so far; all must be final."""
    found = both.labels("lamp")
    return [found[hour] for hour in range(hours)]


def late(both: LockStep) -> tuple[int, int]:
    return both.counts().late_failures, both.counts().late_positives


def evaluated(both: LockStep) -> int:
    """Positives in the exact evaluation."""
    return evaluate(both.store, "condo", both.log.last_seq(), {}).positives


def test_reported_within_the_grace() -> None:
    """After the horizon of an example, but before its maturity, a failure is in time."""
    both = LockStep()
    both.live(range(7), *ALL)
    assert {} == both.labels("lamp")
    both.tell(failure(hour=0.5))
    both.live(range(7, 8), *ALL)
    assert [POSITIVE] == labels(both, 1)
    assert (0, 0) == late(both)


def test_silent_at_the_horizon() -> None:
    """Without a sign of life at ts + H or later an example is censored, and stays so when the device comes back."""
    both = LockStep()
    both.live(range(3), *ALL)
    both.live(range(3, 8), *OTHERS)
    both.live(range(8, 9), *ALL)
    both.live(range(9, 20), *OTHERS)
    assert [CENSORED, NEGATIVE, NEGATIVE] == labels(both, 3)
    both.live(range(20, 30), *ALL)
    assert [CENSORED, NEGATIVE, NEGATIVE] == labels(both, 3)


def test_repaired_without_a_failure() -> None:
    """What would have been is not known."""
    both = LockStep()
    both.live(range(3), *ALL)
    both.tell(repair(2.5))
    both.live(range(3, 13), *ALL)
    assert [CENSORED] * 3 + [NEGATIVE] * 2 == labels(both, 5)


def test_failed_then_repaired() -> None:
    """The failure makes the labels before it; from the repair on the device is healthy."""
    both = LockStep()
    both.live(range(3), *ALL)
    both.tell(failure(), repair(2.75))
    both.live(range(3, 13), *ALL)
    assert [POSITIVE] * 3 + [NEGATIVE] * 2 == labels(both, 5)


def test_reported_late() -> None:
    """Final examples turn positive: in the store, in the evaluation and in the counts; each is learned once."""
    both = LockStep()
    both.live(range(12), *ALL)
    before = both.counts()
    assert [NEGATIVE] * 5 == labels(both, 5)
    both.tell(failure())
    after = both.counts()
    assert [POSITIVE] * 3 + [NEGATIVE] * 2 == labels(both, 5)
    assert (1, 3, 3) == (*late(both), evaluated(both))
    assert (before.matured, before.negative - 3) == (after.matured, after.negative)
    assert (3, 3) == (after.positive, after.positives_learned)
    assert {3} == {model.positives for model in both.fold.home_types["condo"].models.values()}


def test_reported_twice_under_one_id() -> None:
    """A retry is a duplicate and is not even logged, before maturity and after it."""
    both = LockStep()
    both.live(range(3), *ALL)
    both.tell(failure())
    for hours in (range(3, 12), range(12, 15)):
        both.live(hours, *ALL)
        seq = both.log.last_seq()
        assert (0, 1, seq) == (*(lambda r: (r.accepted, r.duplicate))(both.tell(failure())), both.log.last_seq())
    assert [POSITIVE] * 3 == labels(both, 3)
    assert (0, 0, 3) == (*late(both), both.counts().positives_learned)


def test_reported_twice_under_two_ids() -> None:
    """The labels are the same as of one; if one of the two is withdrawn, the other stands."""
    both = LockStep()
    both.live(range(3), *ALL)
    both.tell(failure("f-1"), failure("f-2"))
    both.tell(retraction("f-1"))
    both.live(range(3, 12), *ALL)
    assert [POSITIVE] * 3 == labels(both, 3)
    both.tell(failure("f-3"), failure("f-4"))
    assert (2, 0, 3, 3) == (*late(both), both.counts().positives_learned, evaluated(both))


def test_mode_superseded_before_maturity() -> None:
    """The newest mode counts."""
    both = LockStep()
    both.live(range(3), *ALL)
    both.tell(failure(mode="batery"))
    both.tell(failure("f-2", supersedes="f-1"))
    both.live(range(3, 12), *ALL)
    assert [POSITIVE] * 3 == labels(both, 3)
    assert {"sensor": {"battery": 3}} == both.fold.home_types["condo"].modes


def test_mode_superseded_after_maturity() -> None:
    """Labels are as they were, and the modes counted with them too."""
    both = LockStep()
    both.live(range(3), *ALL)
    both.tell(failure(mode="batery"))
    both.live(range(3, 12), *ALL)
    both.tell(failure("f-2", supersedes="f-1"))
    assert {"sensor": {"batery": 3}} == both.fold.home_types["condo"].modes
    assert (1, 0, 3) == (*late(both), both.counts().positives_learned)


def test_moved_into_the_window_before_maturity() -> None:
    """The newest instant counts."""
    both = LockStep()
    both.live(range(3), *ALL)
    both.tell(failure(hour=LONG_BEFORE))
    both.tell(failure("f-2", supersedes="f-1"))
    both.live(range(3, 12), *ALL)
    assert [POSITIVE] * 3 == labels(both, 3)
    assert (0, 0) == late(both)


def test_moved_into_the_window_after_maturity() -> None:
    """It is a late report for the examples that it makes positive."""
    both = LockStep()
    both.live(range(3), *ALL)
    both.tell(failure(hour=LONG_BEFORE))
    both.live(range(3, 12), *ALL)
    assert [NEGATIVE] * 3 == labels(both, 3)
    both.tell(failure("f-2", supersedes="f-1"))
    assert [POSITIVE] * 3 == labels(both, 3)
    assert 3 == both.counts().late_positives == both.counts().positives_learned == evaluated(both)


def test_moved_out_of_the_window_before_maturity() -> None:
    """The label follows: if the device was seen alive, it is negative."""
    both = LockStep()
    both.live(range(3), *ALL)
    both.tell(failure())
    both.tell(failure("f-2", LONG_BEFORE, supersedes="f-1"))
    both.live(range(3, 12), *ALL)
    assert [NEGATIVE] * 5 == labels(both, 5)


def test_moved_out_of_the_window_after_maturity() -> None:
    """Positives stay positive; only what is not final follows."""
    both = LockStep()
    both.live(range(3), *ALL)
    both.tell(failure())
    both.live(range(3, 9), *ALL)
    assert [POSITIVE] * 2 == labels(both, 2)
    both.tell(failure("f-2", LONG_BEFORE, supersedes="f-1"))
    both.live(range(9, 12), *ALL)
    assert [POSITIVE] * 2 + [NEGATIVE] * 3 == labels(both, 5)
    assert 2 == both.counts().positives_learned == evaluated(both)


def test_retracted_before_maturity() -> None:
    """As if it had never been told."""
    both = LockStep()
    both.live(range(3), *ALL)
    both.tell(failure())
    both.tell(retraction())
    both.live(range(3, 12), *ALL)
    assert [NEGATIVE] * 5 == labels(both, 5)
    assert (0, 0) == (both.counts().positive, both.counts().learned)


def test_retracted_after_maturity() -> None:
    """Positives stay positive; told again under a new id, the failure teaches nothing twice."""
    both = LockStep()
    both.live(range(3), *ALL)
    both.tell(failure())
    both.live(range(3, 9), *ALL)
    both.tell(retraction())
    both.live(range(9, 12), *ALL)
    assert [POSITIVE] * 2 + [NEGATIVE] * 3 == labels(both, 5)
    both.tell(failure("f-2"))
    assert [POSITIVE] * 3 + [NEGATIVE] * 2 == labels(both, 5)
    assert (1, 3, 3) == (both.counts().late_positives, both.counts().positives_learned, evaluated(both))


def test_outcome_before_its_readings() -> None:
    """It waits for the device, and counts like one that came in order."""
    both = LockStep()
    both.live(range(1), *OTHERS)
    both.tell(failure())
    assert 1 == both.panel.outcomes_waiting
    both.live(range(1, 13), *ALL)
    found = both.labels("lamp")
    assert [POSITIVE, POSITIVE, CENSORED, CENSORED] == [found[hour] for hour in range(1, 5)]
    assert (0, 0, 0) == (*late(both), both.panel.outcomes_waiting)


def test_device_that_is_never_read() -> None:
    """Its outcomes are kept and counted as waiting; no label comes of them."""
    both = LockStep()
    both.tell(failure(), repair(3.0))
    both.live(range(12), *OTHERS)
    assert (2, OutcomeCounts()) == (both.panel.outcomes_waiting, both.panel.standing("condo").outcomes)
    assert (0, 0) == (both.counts().positive, both.counts().censored)


def test_device_that_stands_failed() -> None:
    """Until its repair, or until H after its failure, what it reads is censored, though it was seen alive."""
    both = LockStep()
    both.live(range(3), *ALL)
    both.tell(failure())
    both.live(range(3, 18), *ALL)
    assert [POSITIVE] * 3 + [CENSORED] * 6 + [NEGATIVE] == labels(both, 10)
    mended = LockStep()
    mended.live(range(3), *ALL)
    mended.tell(failure(), repair(4.5))
    mended.live(range(3, 18), *ALL)
    assert [POSITIVE] * 3 + [CENSORED] * 2 + [NEGATIVE] * 5 == labels(mended, 10)
