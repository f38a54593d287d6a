"""Stacking: the weights of members follow what went together with the labels."""

import pickle

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.models.committee import STACKED
from service.models.stacking import Stacking, expected, member_logits

HORIZON_US = 86_400_000_000
Floats = npt.NDArray[np.float64]
EQUAL = np.full(3, 1.0 / 3.0)


def stream(stacking: Stacking, quality: tuple[float, ...], rounds: range, *, a_round: int = 400, seed: int = 1) -> None:
    """Every quarter of a horizon some examples, of which a tenth fail; members know of it more or less."""
    for number in rounds:
        rng = np.random.default_rng([seed, number])
        positive = rng.random(a_round) < 0.1
        known = np.where(positive, 1.0, -1.0)[:, None] * np.array(quality)
        logits = known + rng.normal(size=(a_round, len(quality))) - 2.0
        stacking.add(logits, positive, (number + 1) * HORIZON_US // 4)
        stacking.refit(np.full(len(quality), 1.0 / len(quality)))


def test_without_labels_the_weights_are_what_was_known() -> None:
    """Nothing is learned of no failure, and of a handful next to nothing."""
    stacking = Stacking(EQUAL, HORIZON_US)
    stacking.add(np.zeros((500, 3)), np.zeros(500, np.bool_), HORIZON_US)
    stacking.refit(np.array([0.5, 0.3, 0.2]))
    assert stacking.weights.tolist() == [0.5, 0.3, 0.2]

    few = Stacking(EQUAL, HORIZON_US)
    stream(few, (2.0, 0.0, 0.0), range(2), a_round=250)
    assert np.abs(few.weights - EQUAL).max() < 0.15


def test_who_knows_more_earns_more() -> None:
    """With many failures the weights follow, and none is negative."""
    stacking = Stacking(EQUAL, HORIZON_US)
    stream(stacking, (2.0, 0.5, -1.0), range(40))

    assert stacking.weights[0] > 2.0 * stacking.weights[1]
    assert stacking.weights[2] == 0.0


def test_a_world_that_changes_turns_the_weights() -> None:
    """Some horizons after the members changed places so have their weights."""
    stacking = Stacking(np.full(2, 0.5), HORIZON_US)
    stream(stacking, (2.0, 0.0), range(40))
    before = stacking.weights.copy()
    stream(stacking, (0.0, 2.0), range(40, 64))

    assert before[0] > before[1]
    assert stacking.weights[0] < stacking.weights[1]


def test_rare_failures_are_remembered_for_longer() -> None:
    """Where a horizon brings three or none, what was known of the members weeks ago counts still."""
    stacking = Stacking(np.full(2, 0.5), HORIZON_US)
    stream(stacking, (2.0, 0.0), range(240), a_round=8)
    for number in range(240, 320):  # twenty horizons without a failure
        stacking.add(np.full((8, 2), -3.0), np.zeros(8, np.bool_), (number + 1) * HORIZON_US // 4)
        stacking.refit(np.full(2, 0.5))

    assert stacking.weights[0] > stacking.weights[1] + 0.1


def test_a_member_that_gave_no_risk_keeps_its_weight() -> None:
    """Nothing is known of it, neither good nor bad."""
    stacking = Stacking(EQUAL, HORIZON_US)
    for number in range(20):
        rng = np.random.default_rng(number)
        positive = rng.random(400) < 0.1
        logits = np.where(positive, 1.0, -1.0)[:, None] + rng.normal(size=(400, 3))
        logits[:, 2] = np.nan
        stacking.add(logits, positive, (number + 1) * HORIZON_US // 4)
        stacking.refit(EQUAL)

    assert stacking.weights[2] == pytest.approx(stacking.weights[:2].mean(), rel=0.5)


@given(st.integers(0, 2**32 - 1), st.integers(1, 10))
def test_restored_in_the_middle_it_goes_on_as_if_nothing_had_been(seed: int, cut: int) -> None:
    """The same examples give the same weights, bit for bit, across a snapshot."""
    lived, restored = Stacking(EQUAL, HORIZON_US), Stacking(EQUAL, HORIZON_US)
    stream(lived, (1.0, 0.5, 0.0), range(12), a_round=120, seed=seed)
    stream(restored, (1.0, 0.5, 0.0), range(cut), a_round=120, seed=seed)
    restored = pickle.loads(pickle.dumps(restored))
    stream(restored, (1.0, 0.5, 0.0), range(cut, 12), a_round=120, seed=seed)

    assert lived.weights.tobytes() == restored.weights.tobytes()
    assert (lived.weights >= 0.0).all()


def test_memory_is_bounded() -> None:
    """However many examples come."""
    stacking = Stacking(expected(), HORIZON_US)
    for number in range(60):
        stacking.add(np.zeros((2_000, len(STACKED))), np.arange(2_000) % 3 == 0, number * 1_000_000)

    assert len(pickle.dumps(stacking)) < 700_000


def test_logits_are_in_the_order_of_the_members() -> None:
    """A member without a risk has none; certainty is cut off."""
    risks = {"forest": np.array([0.5, 0.0], np.float32), "baseline": np.array([np.nan, 0.25], np.float32)}
    logits = member_logits(risks, np.array([0, 1]))

    assert logits.shape == (2, len(STACKED))
    assert logits[0, STACKED.index("forest")] == 0.0
    assert logits[1, STACKED.index("forest")] == pytest.approx(np.log(1e-4 / (1 - 1e-4)))
    assert logits[1, STACKED.index("baseline")] == pytest.approx(np.log(1 / 3))
    assert np.isnan(logits[0, STACKED.index("baseline")])
    assert np.isnan(logits[:, STACKED.index("checkpoint")]).all()


def test_what_is_expected_goes_to_those_who_learn_of_failures() -> None:
    """The more devices have failed, the more is expected of checkpoints and the less of the baseline, step by step."""
    baseline, checkpoint = STACKED.index("baseline"), STACKED.index("checkpoint")
    shares = [expected(failing) for failing in (0, 10, 30, 100, 10_000)]

    assert all(weights.sum() == pytest.approx(1.0) for weights in shares)
    assert (np.diff([weights[baseline] for weights in shares]) < 0.0).all()
    assert (np.diff([weights[checkpoint] for weights in shares]) > 0.0).all()
    assert shares[0][baseline] > shares[0][checkpoint]
    assert 0.0 < shares[-1][baseline] < shares[-1][checkpoint]
