"""The blend of members' risks."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.models.blend import RAW_FLOOR, blend

PROBABILITIES = st.floats(1e-9, 1 - 1e-9)


def blended(risks: npt.ArrayLike, weights: list[float], shift: float = 0.0, floor: float = 0.0) -> list[float]:
    rows, k = np.array(risks), len(weights)
    out = np.empty(len(rows))
    blend(rows, np.full(k, floor), np.full(k, shift), np.array(weights) / sum(weights), 1.0, 0.0, out)
    return list(out)


@given(st.lists(PROBABILITIES, min_size=1, max_size=5), st.data())
def test_blend_lies_between_the_members(risks: list[float], data: st.DataObject) -> None:
    """Whatever the weights, the blend is no lower than the lowest and no higher than the highest that votes."""
    weights = data.draw(
        st.lists(st.floats(0, 10), min_size=len(risks), max_size=len(risks)).filter(lambda w: sum(w) > 0.1)
    )
    voting = [risk for risk, weight in zip(risks, weights, strict=True) if weight > 0]

    assert min(voting) * (1 - 1e-6) <= blended([risks], weights)[0] <= max(voting) * (1 + 1e-6)


def test_blend_is_the_weighted_mean_of_log_odds() -> None:
    """By hand; a column of weight 0 is ignored even if it holds no risk at all."""
    risks = [[0.1, 0.9, np.nan], [0.2, 0.2, np.nan]]
    by_hand = (3 * math.log(0.1 / 0.9) + math.log(0.9 / 0.1)) / 4

    assert blended(risks, [3.0, 1.0, 0.0]) == pytest.approx([1 / (1 + math.exp(-by_hand)), 0.2])


def test_extreme_log_odds_do_not_overflow() -> None:
    """However far a shift moves them, a risk lies within [0, 1]."""
    assert blended([[0.5]], [1.0], shift=1e9) == [0.0]
    assert blended([[0.5]], [1.0], shift=-1e9) == [1.0]


@given(st.floats(0, 1), st.floats(-8, 8))
def test_a_members_risk_is_its_raw_probability_corrected(raw: float, shift: float) -> None:
    """A forest of pure leaves says 0 or 1; its risk lies strictly between, lowered by the shift."""
    risks = np.array([[raw]])
    blend(risks, np.full(1, RAW_FLOOR), np.full(1, shift), np.ones(1), 1.0, 0.0, np.empty(1))
    kept = min(max(raw, RAW_FLOOR), 1 - RAW_FLOOR)

    assert 0.0 < risks[0, 0] < 1.0
    assert math.log(risks[0, 0] / (1 - risks[0, 0])) == pytest.approx(math.log(kept / (1 - kept)) - shift, abs=1e-6)


def test_who_gave_no_risk_gets_none() -> None:
    """An absent risk stays absent, and says nothing in the blend."""
    risks = np.array([[np.nan, 0.3]])
    out = np.empty(1)
    blend(risks, np.full(2, RAW_FLOOR), np.zeros(2), np.array([0.0, 1.0]), 1.0, 0.0, out)

    assert np.isnan(risks[0, 0])
    assert out[0] == pytest.approx(0.3)


@given(PROBABILITIES, st.floats(0.25, 4), st.floats(-3, 3))
def test_calibration_tilts_and_moves_the_blend_alone(given_risk: float, slope: float, offset: float) -> None:
    """Slope times the blend's log odds plus offset; the member's own risk stays what it is."""
    risks, out = np.array([[given_risk]]), np.empty(1)
    blend(risks, np.zeros(1), np.zeros(1), np.ones(1), slope, offset, out)
    z = slope * math.log(given_risk / (1.0 - given_risk)) + offset

    assert risks[0, 0] == pytest.approx(given_risk)
    assert out[0] == pytest.approx(1.0 / (1.0 + math.exp(-z)) if z > -700 else 0.0, abs=1e-9)
