"""Calibration finds how far log odds are off, as soon as enough devices have failed, and never invents it."""

import math
import pickle

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from service.evaluation.calibration import SLOPES, Platt


def drawn(
    count: int, slope: float, offset: float, seed: int = 1
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Raw log odds about -3, and labels whose log odds are slope · raw + offset."""
    rng = np.random.default_rng(seed)
    raw = rng.normal(-3.0, 1.5, count)
    return raw, rng.random(count) < 1 / (1 + np.exp(-slope * raw - offset))


def fed(platt: Platt, raw: npt.NDArray[np.float64], labels: npt.NDArray[np.bool_]) -> Platt:
    for logit, positive in zip(raw.tolist(), labels.tolist(), strict=True):
        platt.add(logit, positive)
    return platt


@pytest.mark.parametrize(("slope", "offset"), [(1.0, 0.0), (1.5, 2.0), (0.6, -1.0)])
def test_it_finds_slope_and_offset(slope: float, offset: float) -> None:
    """With many independent positives the fit is the maximum of the likelihood."""
    raw, labels = drawn(80_000, slope, offset)
    a, b = fed(Platt(half_life=1e9, repeats=1.0), raw, labels).fit()
    exact = LogisticRegression(C=1e6).fit(raw[:, None], labels)
    assert a == pytest.approx(exact.coef_[0, 0], abs=0.02)
    assert b == pytest.approx(exact.intercept_[0], abs=0.05)


def test_few_positives_change_little() -> None:
    """Thirty looks at one failing device move the fit less than half as far as those at thirty devices."""
    raw, labels = drawn(600, 1.0, 2.0)
    one, thirty = fed(Platt(repeats=30.0 * 4), raw, labels).fit(), fed(Platt(repeats=1.0), raw, labels).fit()
    at = float(raw[labels].mean())
    assert 0.0 < one[0] * at + one[1] - at < 0.6 * (thirty[0] * at + thirty[1] - at)


def test_without_a_positive_nothing_is_changed() -> None:
    """That nobody reports failures is no reason to lower risks."""
    platt = Platt()
    assert platt.fit() == (1.0, 0.0)
    fed(platt, *drawn(1000, 1.0, -100.0))
    assert platt.positives == 0.0
    assert platt.fit() == (1.0, 0.0)


def test_without_failures_what_was_known_before_holds() -> None:
    """A few positives leave a home type near the fleet's fit; many take it to its own."""
    fleets = (1.4, 2.0)
    assert fed(Platt(), *drawn(1000, 1.0, -100.0)).fit(fleets) == fleets
    few = fed(Platt(repeats=30.0), *drawn(300, 1.0, 0.0)).fit(fleets)
    many = fed(Platt(repeats=1.0, half_life=1e9), *drawn(80_000, 1.0, 0.0)).fit(fleets)
    assert few == pytest.approx(fleets, abs=0.15)
    assert many == pytest.approx((1.0, 0.0), abs=0.06)


def test_older_examples_count_less() -> None:
    """Six half-lives after a change the fit is that of the new world."""
    platt = Platt(half_life=2000.0, repeats=1.0)
    fed(platt, *drawn(10_000, 1.0, 2.0))
    fed(platt, *drawn(12_000, 1.0, -0.5, seed=2))
    slope, offset = platt.fit()
    assert slope * -1.5 + offset == pytest.approx(-2.0, abs=0.25)


def test_decayed_counts_stay_finite() -> None:
    """A half-life of one example, and many examples: the sum of 1/2 to the power of all ages."""
    platt = Platt(half_life=1.0)
    for _ in range(3000):
        platt.add(-2.0, True)
    assert platt.positives == pytest.approx(2.0)


def test_the_slope_is_bounded() -> None:
    """Whatever is fed, the slope stays within its bounds, and the offset is the best one for it."""
    raw, labels = drawn(50_000, 8.0, 16.0)
    slope, offset = fed(Platt(repeats=1.0, half_life=1e9), raw, labels).fit()
    assert slope == SLOPES[1]
    risk = 1 / (1 + np.exp(-slope * raw - offset))
    assert risk.sum() == pytest.approx(labels.sum(), rel=0.02)
    raw, labels = drawn(50_000, -1.0, -3.0)
    assert fed(Platt(repeats=1.0), raw, labels).fit()[0] == SLOPES[0]


LOGITS = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(st.tuples(LOGITS, st.booleans()), max_size=60), st.floats(0.01, 100), st.integers(0, 60))
def test_any_stream_gives_numbers_and_survives_pickling(
    stream: list[tuple[float, bool]], repeats: float, cut: int
) -> None:
    """Never an error or NaN; NaN is no risk; a pickled fit goes on as it was, to the bit."""
    whole, parted = Platt(repeats=repeats), Platt(repeats=repeats)
    for n, (logit, positive) in enumerate(stream):
        if n == cut:
            parted = pickle.loads(pickle.dumps(parted, protocol=5))
        whole.add(logit, positive)
        parted.add(logit, positive)
    slope, offset = whole.fit()
    assert SLOPES[0] <= slope <= SLOPES[1]
    assert math.isfinite(offset)
    assert parted.fit() == (slope, offset)


def test_a_label_that_was_wrong_is_taken_back() -> None:
    """Failures told late: the fit is what it would be had they been told in time."""
    raw, labels = drawn(40_000, 1.0, 0.5)
    late = labels & (np.random.default_rng(2).random(len(labels)) < 0.3)
    in_time = fed(Platt(half_life=1e9), raw, labels)
    corrected = fed(Platt(half_life=1e9), raw, labels & ~late)
    before = corrected.fit()
    for logit in raw[late].tolist():
        corrected.correct(logit, believed=True)

    assert corrected.fit() == pytest.approx(in_time.fit(), rel=1e-4)
    assert corrected.positives == pytest.approx(in_time.positives, rel=1e-4)
    assert before[1] < corrected.fit()[1]


def test_taking_back_never_takes_more_than_there_is() -> None:
    """What was counted in another bin, under other weights, leaves the counts sound; without risks nothing is done."""
    platt = fed(Platt(), np.array([-3.0] * 50), np.array([False] * 49 + [True]))
    for logit in (4.0, 4.0, math.nan):
        platt.correct(logit, believed=True)

    slope, offset = platt.fit()
    assert platt.positives == pytest.approx(3.0, rel=1e-2)
    assert math.isfinite(slope)
    assert math.isfinite(offset)
