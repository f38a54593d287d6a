"""The interval of the Backblaze benchmark."""

import numpy as np
import pytest

from benchmarks.backblaze import interval
from benchmarks.report import BenchError
from service.evaluation.metrics import pr_auc

_RNG = np.random.default_rng(0)
_LABELS = _RNG.random(400) < 0.2
_RISKS = np.clip(0.3 * _LABELS + _RNG.random(400), 0.0, 1.0)


def test_the_interval_holds_the_figure_and_repeats() -> None:
    """Low < figure < high, and the same seed draws the same devices."""
    device = np.arange(400)
    figure = pr_auc(_LABELS, _RISKS)

    low, high = interval(_LABELS, _RISKS, device, seed=1)

    assert figure is not None
    assert low < figure < high
    assert (low, high) == interval(_LABELS, _RISKS, device, seed=1)


def test_devices_are_drawn_whole() -> None:
    """Twenty equal copies of each example add nothing if they are of one device; as devices of their own they would."""
    copies = np.repeat(np.arange(400), 20)

    low, high = interval(_LABELS[copies], _RISKS[copies], copies, seed=1)
    sure_low, sure_high = interval(_LABELS[copies], _RISKS[copies], np.arange(8_000), seed=1)

    assert (low, high) == pytest.approx(interval(_LABELS, _RISKS, np.arange(400), seed=1))
    assert sure_high - sure_low < 0.5 * (high - low)


def test_without_failures_there_is_no_interval() -> None:
    """Nothing is made up."""
    with pytest.raises(BenchError, match="no failure"):
        interval(np.zeros(3, np.bool_), np.zeros(3), np.arange(3), seed=1)
