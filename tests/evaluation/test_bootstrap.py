"""The bootstrap draws devices whole."""

import numpy as np

from service.evaluation.bootstrap import device_draws


def test_a_device_is_drawn_with_all_its_examples_and_as_many_as_there_are() -> None:
    """Examples of one device are in a resample equally often; the same seed draws the same."""
    device = np.array([7, 7, 3, 9, 9, 9])
    draws = list(device_draws(device, seed=1, resamples=50))

    assert 50 == len(draws)
    for times in draws:
        assert times[0] == times[1]
        assert times[3] == times[4] == times[5]
        assert 3 == times[0] + times[2] + times[3]
    assert np.array_equal(draws, list(device_draws(device, seed=1, resamples=50)))
    assert not np.array_equal(draws, list(device_draws(device, seed=2, resamples=50)))
