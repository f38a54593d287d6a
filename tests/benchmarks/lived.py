"""A made-up stream as a service might have left it, for tests of what is made of it."""

import numpy as np

from benchmarks.prequential.played import DAY_US, HOUR_US, Played


def lived(*, turn: bool = False, days: int = 20, devices: int = 120, seed: int = 0) -> Played:
    """Examples four times a day; a feature foretells failures; after a ``turn`` at half time the opposite."""
    rng = np.random.default_rng(seed)
    n = days * 4 * devices
    ts = np.repeat(np.arange(days * 4), devices) * 6 * HOUR_US + 1_000_000
    labels = rng.random(n) < 0.1
    way = np.where(turn & (ts >= days * DAY_US // 2), -1.0, 1.0)
    feature = (np.where(labels, 1.0, -1.0) * way + rng.normal(size=n)).astype(np.float32)
    frozen = 1.0 / (1.0 + np.exp(-(feature - 2.0)))
    blend = 1.0 / (1.0 + np.exp(-(feature * way - 2.0)))
    return Played(
        columns=["x"], rows=feature[:, None], ts=ts, labels=labels, chosen=np.ones(n, np.bool_),
        device=np.tile(np.arange(devices), days * 4), blend=blend,
        members={"baseline": frozen, "prior": np.full(n, 0.1)}, horizon_us=DAY_US, seconds=1.0,
    )  # fmt: skip
