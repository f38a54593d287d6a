"""Exactly so many, each as likely as any other."""

import numpy as np
import pytest

from simulator.arrays import Flags
from simulator.samples.lot import Lot

N = 6_000
GROUP = (np.arange(N) % 3).astype(np.int8)
DEVICE = (np.arange(N) % 17).astype(np.int32)
TS = np.arange(N, dtype=np.int64) * 1_000
OFFERED = np.bincount(GROUP)


def drawn(wanted: list[int], seed: int = 4, portion: int = N) -> Flags:
    lot = Lot(seed, np.array(wanted), OFFERED)
    parts = [slice(low, low + portion) for low in range(0, N, portion)]
    return np.concatenate([lot.draw(GROUP[part], DEVICE[part], TS[part]) for part in parts])


@pytest.mark.parametrize("wanted", [[0, 1, 2_000], [700, 700, 700], [1_999, 5, 300]])
def test_exactly_as_many_as_wanted(wanted: list[int]) -> None:
    """Of each group, none, all, or any number between."""
    assert np.bincount(GROUP[drawn(wanted)], minlength=3).tolist() == wanted


@pytest.mark.parametrize("portion", [1, 7, 1_000])
def test_portions_do_not_matter(portion: int) -> None:
    """The same are drawn however the stream is cut."""
    assert np.array_equal(drawn([50, 60, 70]), drawn([50, 60, 70], portion=portion))


def test_each_is_as_likely_as_any_other() -> None:
    """Over many seeds the first tenth, the last and the middle are drawn as often as they should be."""
    often = np.sum([drawn([200, 200, 200], seed=seed) for seed in range(200)], axis=0)
    by_tenth = often.reshape(10, -1).mean(axis=1) / 200

    assert np.all(np.abs(by_tenth - 0.1) < 0.006)
