"""The bootstrap over devices: examples of one device resemble each other, so devices are drawn and not examples.

Source: Davison and Hinkley, "Bootstrap Methods and their Application", 1997, section 3.8 (clusters are drawn).
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt


def device_draws(device: npt.NDArray[np.int64], *, seed: int, resamples: int) -> Iterator[npt.NDArray[np.int64]]:
    """How often each example is in a resample, (n,), resample after resample; ``device`` says whose each is, (n,)."""
    devices, number = np.unique(device, return_inverse=True)
    for times in draws(len(devices), seed=seed, resamples=resamples):
        yield times[number]


def draws(devices: int, *, seed: int, resamples: int) -> Iterator[npt.NDArray[np.int64]]:
    """How often each of so many devices is in a resample, resample after resample."""
    chances = np.full(devices, 1.0 / max(devices, 1))
    rng = np.random.default_rng(seed)
    for _ in range(resamples):
        yield rng.multinomial(devices, chances)
