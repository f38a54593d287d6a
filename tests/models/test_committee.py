"""The committee: weights, blend, champion."""

import math

import pytest

from service.models.committee import Scales, champion, knows


def scored(*rounds: tuple[bool, dict[str, float]]) -> Scales:
    scales = Scales()
    for positive, risks in rounds:
        scales.add(positive, risks)
    return scales


def test_weights_without_any_loss_are_equal() -> None:
    """Nobody has been tested: nobody is better."""
    assert Scales().weights(["a", "b"]) == {"a": 0.5, "b": 0.5}
    assert Scales().weights([]) == {}


def test_better_members_earn_more_weight() -> None:
    """Weights add up to 1, follow the loss, and trust grows with the positives seen."""
    few = scored(*[(True, {"good": 0.9, "bad": 0.1})] * 3)
    many = scored(*[(True, {"good": 0.9, "bad": 0.1})] * 300)
    w_few, w_many = few.weights(["bad", "good"]), many.weights(["bad", "good"])

    assert math.fsum(w_few.values()) == pytest.approx(1.0)
    assert math.fsum(w_many.values()) == pytest.approx(1.0)
    assert 0.5 < w_few["good"] < w_many["good"]
    assert w_many["good"] == pytest.approx(300 / 330 / (1 + math.exp(-5 * math.log(9))) + 30 / 330 * 0.5)


def test_a_newcomer_counts_as_the_mean_of_the_others() -> None:
    """It neither starts at the top nor at the bottom; NaN is no risk and no loss."""
    scales = scored(*[(True, {"good": 0.9, "bad": 0.1, "new": math.nan})] * 100)
    weights = scales.weights(["good", "bad", "new"])

    assert "new" not in scales.losses
    assert weights["bad"] < weights["new"] < weights["good"]


def test_few_positives_lean_on_the_fleet() -> None:
    """With no positive of its own a home type has the fleet's weights."""
    fleet = scored(*[(True, {"good": 0.9, "bad": 0.1})] * 1000)
    own = scored(*[(False, {"good": 0.9, "bad": 0.1})] * 1000)

    assert own.weights(["good", "bad"], fleet) == fleet.weights(["good", "bad"])


def test_certainty_that_errs_costs_much_but_not_everything() -> None:
    """A risk of exactly 0 or 1 leaves the loss finite."""
    scales = scored((True, {"sure": 0.0, "doubt": 0.5}), (False, {"sure": 1.0, "doubt": 0.5}))
    weights = scales.weights(["sure", "doubt"])

    assert all(math.isfinite(weight) for weight in weights.values())
    assert weights["sure"] < weights["doubt"]


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
