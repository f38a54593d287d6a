"""The committee: weights, blend, champion."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.models.committee import RAW_FLOOR, Scales, blend, champion, corrected, knows, logit, sigmoid

PROBABILITIES = st.floats(1e-9, 1 - 1e-9)


@given(st.lists(PROBABILITIES, min_size=1, max_size=5), st.data())
def test_blend_lies_between_the_members(risks: list[float], data: st.DataObject) -> None:
    """Whatever the weights, the blend is no lower than the lowest and no higher than the highest that votes."""
    weights = data.draw(
        st.lists(st.floats(0, 10), min_size=len(risks), max_size=len(risks)).filter(lambda w: sum(w) > 0.1)
    )
    voting = [risk for risk, weight in zip(risks, weights, strict=True) if weight > 0]
    blended = blend(np.array([risks]), weights)[0]

    assert min(voting) * (1 - 1e-6) <= blended <= max(voting) * (1 + 1e-6)


def test_blend_is_the_weighted_mean_of_log_odds() -> None:
    """By hand; a column of weight 0 is ignored even if it holds no risk at all."""
    risks = np.array([[0.1, 0.9, np.nan], [0.2, 0.2, np.nan]])
    by_hand = (3 * math.log(0.1 / 0.9) + math.log(0.9 / 0.1)) / 4

    assert blend(risks, [3.0, 1.0, 0.0]).tolist() == pytest.approx([1 / (1 + math.exp(-by_hand)), 0.2])


@given(PROBABILITIES)
def test_sigmoid_undoes_logit(p: float) -> None:
    """And neither overflows."""
    assert sigmoid(logit(np.array([p])))[0] == pytest.approx(p, rel=1e-9)
    assert sigmoid(np.array([-1e9, 1e9])).tolist() == [0.0, 1.0]


@given(st.floats(0, 1), st.floats(-8, 8))
def test_corrected_risk_can_be_blended(raw: float, shift: float) -> None:
    """A forest of pure leaves says 0 or 1; its risk lies strictly between, lowered by the shift."""
    risk = corrected(np.array([raw]), shift)[0]
    kept = min(max(raw, RAW_FLOOR), 1 - RAW_FLOOR)

    assert 0.0 < risk < 1.0
    assert math.log(risk / (1 - risk)) == pytest.approx(math.log(kept / (1 - kept)) - shift, abs=1e-6)


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
