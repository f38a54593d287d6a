"""The committee: weights, blend, champion."""

import math

import pytest

from service.models.committee import Scales, champion, knows, shares


def scored(*rounds: tuple[bool, dict[str, float]]) -> Scales:
    scales = Scales()
    for positive, risks in rounds:
        scales.add(positive, risks)
    return scales


def test_shares_of_those_who_vote_add_up_to_one() -> None:
    """Whoever does not vote has none; where nobody of them has any weight all are equal."""
    weights = {"good": 0.6, "bad": 0.2, "out": 3.0}

    assert shares(weights, ["good", "bad"]) == pytest.approx({"good": 0.75, "bad": 0.25})
    assert shares(weights, ["new", "newer"]) == {"new": 0.5, "newer": 0.5}
    assert shares(weights, []) == {}


def test_losses_of_a_member_that_gave_no_risk_stay_out() -> None:
    """NaN is no risk and no loss."""
    scales = scored(*[(True, {"good": 0.9, "bad": 0.1, "new": math.nan})] * 100)

    assert {"good", "bad"} == set(scales.losses)
    assert (scales.losses["good"].mean() or 0.0) == pytest.approx(-math.log(0.9))


def test_certainty_that_errs_costs_much_but_not_everything() -> None:
    """A risk of exactly 0 or 1 leaves the loss finite."""
    scales = scored((True, {"sure": 0.0, "doubt": 0.5}), (False, {"sure": 1.0, "doubt": 0.5}))
    sure, doubt = scales.losses["sure"].mean(), scales.losses["doubt"].mean()

    assert sure is not None
    assert doubt is not None
    assert doubt < sure < math.inf


def test_champion_is_the_heaviest_then_the_first_by_name() -> None:
    """A tie is broken the same way every time."""
    assert champion({"b": 0.4, "c": 0.2, "a": 0.4}) == "a"
    assert champion({"b": 0.5, "a": 0.4}) == "b"


@pytest.mark.parametrize(
    ("metrics", "wanted", "known"),
    [
        (None, [], True),
        (None, ["a"], True),
        ([], ["a"], False),
        (["a"], [], False),
        (["a"], ["a", "b"], True),
        (["a"], ["a", "b", "c"], False),
    ],
)
def test_who_may_speak(metrics: list[str] | None, wanted: list[str], known: bool) -> None:
    """A member must know at least half of a home type's metrics."""
    assert knows(metrics, wanted) is known
