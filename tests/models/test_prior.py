"""The prior: a risk even when nobody knows anything."""

import pytest

from service.models.prior import Prior


def test_silence_is_no_health() -> None:
    """Without a failure ever, the risk stays at the guess, however many examples come and go."""
    prior = Prior()
    for _ in range(5000):
        prior.learn(False)

    assert prior.risk() == Prior().risk() == 0.02


def test_it_follows_the_base_rate() -> None:
    """One failure in ten becomes a risk of a tenth."""
    prior = Prior()
    for k in range(5000):
        prior.learn(k % 10 == 0)

    assert prior.risk() == pytest.approx(0.1, rel=0.05)
    assert prior.version == 5000


@pytest.mark.parametrize("label", [True, False])
def test_it_is_never_certain(label: bool) -> None:
    """After endless failures or endless health the risk can still be turned into log odds."""
    prior = Prior()
    prior.learn(True)
    for _ in range(200_000):
        prior.learn(label)

    assert 1e-4 <= prior.risk() <= 0.999
