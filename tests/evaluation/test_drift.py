"""A change of a member's loss is reported once, with its direction and size; noise is not."""

import math
import pickle
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.evaluation.drift import MOST_BLOCKS, LossDrift, LossDrifted, log_loss_of


def watched(drift: LossDrift, values: list[float]) -> list[LossDrifted]:
    reports = [drift.add(value, seq=n, at_us=1000 * n) for n, value in enumerate(values)]
    return [report for report in reports if report is not None]


def noise(mean: float, count: int, seed: int) -> list[float]:
    return list(mean + 0.1 * np.random.default_rng(seed).standard_normal(count))


def test_a_rise_is_reported_with_when_and_how_much() -> None:
    """The report names the event, the instant, and the means on both sides of the change."""
    (report,) = watched(LossDrift("forest"), noise(-0.3, 60, 1) + noise(0.4, 20, 2))
    assert report.member == "forest"
    assert 61 <= report.seq <= 70
    assert report.at_us == 1000 * report.seq
    assert report.rise
    assert report.before == pytest.approx(-0.3, abs=0.05)
    assert report.after == pytest.approx(0.4, abs=0.2)


def test_a_fall_is_no_rise() -> None:
    """A member that becomes better is reported as such."""
    (report,) = watched(LossDrift("forest"), noise(0.4, 60, 1) + noise(-0.3, 20, 2))
    assert not report.rise


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_no_drift(seed: int) -> None:
    """A month of blocks without a change gives no report."""
    assert watched(LossDrift("forest"), noise(-0.3, 240, seed)) == []


def test_a_second_drift_is_told_from_after_the_first() -> None:
    """After a drift the watch begins afresh: what was before the first does not count in the second."""
    first, second = watched(LossDrift("forest"), noise(-0.5, 60, 1) + noise(0.2, 60, 2) + noise(0.9, 60, 3))
    assert first.rise
    assert second.rise
    assert second.before == pytest.approx(0.2, abs=0.1)


def test_recent_follows_the_last_blocks() -> None:
    """Ten blocks are five half-lives: hardly anything of what was before is left."""
    drift = LossDrift("forest")
    assert drift.recent is None
    watched(drift, [-0.5] * 20 + [0.5] * 10)
    assert drift.recent == pytest.approx(0.5, abs=0.04)


@given(st.lists(st.floats(-2, 5), min_size=1, max_size=80), st.integers(0, 79))
def test_it_goes_on_where_it_was_pickled(values: list[float], cut: int) -> None:
    """A watch taken through pickle says and holds what the untouched one does."""
    whole, parted = LossDrift("forest"), LossDrift("forest")
    for n, value in enumerate(values):
        if n == cut:
            parted = pickle.loads(pickle.dumps(parted, protocol=5))
        assert whole.add(value, seq=n, at_us=n) == parted.add(value, seq=n, at_us=n)
    assert pickle.dumps(whole.recent) == pickle.dumps(parted.recent)


def test_log_loss_is_finite_at_certainty() -> None:
    """A risk of 0 that proves wrong costs much, but not everything."""
    assert log_loss_of(True, 0.25) == pytest.approx(math.log(4))
    assert log_loss_of(False, 0.75) == pytest.approx(math.log(4))
    assert log_loss_of(True, 0.0) == pytest.approx(-math.log(1e-6))
    assert log_loss_of(False, 1.0) == pytest.approx(-math.log(1e-6))


def test_it_remembers_a_bounded_number_of_blocks() -> None:
    """Also after years without a drift; a copy of it goes on alike, and a drift is still noticed."""
    rng = random.Random(1)
    drift = LossDrift("forest")
    watched(drift, [rng.gauss(-0.5, 0.02) for _ in range(3 * MOST_BLOCKS)])
    assert len(drift._values) <= MOST_BLOCKS
    copy = pickle.loads(pickle.dumps(drift, protocol=5))
    after = [rng.gauss(0.5, 0.02) for _ in range(100)]
    found = [drift.add(value, seq=n, at_us=n) for n, value in enumerate(after)]
    assert [copy.add(value, seq=n, at_us=n) for n, value in enumerate(after)] == found
    assert any(report is not None and report.rise for report in found)
