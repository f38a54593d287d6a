"""Hidden degradation."""

import numpy as np

from simulator.arrays import DAY_S, Timeline
from simulator.fleet import Fleet
from simulator.health import FAILURES_PER_DEVICE_DAY, Health
from simulator.population import populate


def test_lives_follow_each_other(fleet: Fleet) -> None:
    """It holds that birth <= onset <= end <= repair, and a repair is the next birth."""
    lives = fleet.lives
    same = np.diff(lives.device) == 0

    assert np.all((lives.birth_s <= lives.onset_s) & (lives.onset_s <= lives.end_s) & (lives.end_s <= lives.repair_s))
    assert np.array_equal(lives.repair_s[:-1][same], lives.birth_s[1:][same])
    assert np.array_equal(np.unique(lives.device), np.arange(len(fleet.devices)))


def test_failure_rate_is_as_asked() -> None:
    """About 3 % of the devices fail per day, and twice as many at twice the rate."""
    table, start = populate(400, 2), 1_700_000_000
    found = []
    for factor in (1.0, 2.0):
        lives = Health(table, 2, start, start + 10 * DAY_S, factor).lives
        real = ~lives.averted & (lives.end_s >= start) & (lives.end_s <= start + 10 * DAY_S)
        found.append(real.sum() / len(table) / 10)

    assert 0.8 * FAILURES_PER_DEVICE_DAY < found[0] < 1.2 * FAILURES_PER_DEVICE_DAY
    assert 1.5 < found[1] / found[0] < 2.2


def test_some_degradations_are_averted(fleet: Fleet) -> None:
    """A precursor is no proof."""
    assert 0.05 < fleet.lives.averted.mean() < 0.3


def test_degradation_grows_until_the_failure() -> None:
    """It is 0 before the onset, does not fall before the end, and stays until the repair."""
    table, start = populate(20, 4), 1_700_000_000
    health = Health(table, 4, start, start + 5 * DAY_S)
    lives = health.lives
    rows = np.arange(len(lives.device))
    shares = [health.level(rows, lives.onset_s + ((lives.end_s - lives.onset_s) * x).astype(int))[0] for x in (0, 0.5)]
    before, _ = health.level(rows, lives.onset_s - 10)
    after, failed = health.level(rows, lives.end_s)

    assert np.all(before == 0)
    assert np.all(shares[0] <= shares[1])
    assert np.all(shares[1] <= after)
    assert np.array_equal(failed, ~lives.averted)


def test_timeline_finds_the_last_event_of_each_owner() -> None:
    """Searching all owners at once gives what a loop would."""
    timeline = Timeline(np.array([2, 0, 0]), np.array([5, 9, 3]))
    owner, second = np.array([0, 0, 0, 1, 2, 2]), np.array([2, 3, 10, 99, 4, 5])

    assert timeline.latest(owner, second).tolist() == [-1, 0, 1, -1, -1, 2]
    assert timeline.count(owner, second).tolist() == [0, 1, 2, 0, 0, 1]
