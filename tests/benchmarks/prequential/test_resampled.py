"""The quick bootstrap: the numbers of the plain one."""

import numpy as np
import pytest

from benchmarks.prequential.resampled import Resampled
from service.evaluation.bootstrap import device_draws, draws
from service.evaluation.metrics import Steps


@pytest.mark.parametrize("ties", [1, 3, 9])
def test_each_resample_has_the_plain_number(ties: int) -> None:
    """To the last bit, with ties and without, whatever devices were drawn."""
    rng = np.random.default_rng(ties)
    risks = np.round(rng.random(4_000), ties)
    labels, device = rng.random(len(risks)) < 0.2 * risks, np.sort(rng.integers(0, 60, len(risks)))
    quick, plain = Resampled(labels, risks, device), Steps(labels, risks)

    for times, weights in zip(draws(60, seed=4, resamples=50), device_draws(device, seed=4, resamples=50), strict=True):
        assert plain.pr_auc(weights.astype(np.float64)) == quick.pr_auc(times)
    assert plain.pr_auc() == quick.pr_auc(np.ones(60, np.int64))


def test_without_a_positive_there_is_no_number() -> None:
    """None at all, or none of a device that was drawn."""
    risks, device = np.array([0.1, 0.2, 0.3]), np.array([0, 1, 2])
    once = np.ones(3, np.int64)

    assert Resampled(np.zeros(3, np.bool_), risks, device).pr_auc(once) is None
    assert Resampled(np.array([True, False, False]), risks, device).pr_auc(np.array([0, 2, 1])) is None
    assert Resampled(np.array([True, False, False]), risks, device).pr_auc(once) == 1 / 3
