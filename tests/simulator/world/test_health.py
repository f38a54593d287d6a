"""Hidden degradation."""

import numpy as np
from numpy.typing import NDArray

from simulator.arrays import DAY_S
from simulator.fleet import Fleet
from simulator.scenarios import NO_CHANGES, Changes, Gradual, NewMode
from simulator.world.clock import Clock
from simulator.world.courses import FAILURES_PER_DEVICE_DAY
from simulator.world.devices import MODE_CODE
from simulator.world.health import Health
from simulator.world.homes import HOME_TYPE_CODE
from simulator.world.patterns import DEFAULT_PATTERNS
from simulator.world.population import DeviceTable, populate


def test_lives_follow_each_other(fleet: Fleet) -> None:
    """It holds that birth <= onset <= end <= repair, and a repair is the next birth."""
    lives = fleet.lives
    same = np.diff(lives.device) == 0

    assert np.all((lives.birth_s <= lives.onset_s) & (lives.onset_s <= lives.end_s) & (lives.end_s <= lives.repair_s))
    assert np.array_equal(lives.repair_s[:-1][same], lives.birth_s[1:][same])
    assert np.array_equal(np.unique(lives.device), np.arange(len(fleet.devices)))


START, YEAR = 1_735_689_600, 365 * DAY_S


def table_of(homes: int, seed: int, length_s: int) -> DeviceTable:
    edges = np.full(homes, START, dtype=np.int64)
    return populate(homes, seed, (edges, edges + length_s))


def health_of(table: DeviceTable, length_s: int, *, factor: float = 1.0, changes: Changes = NO_CHANGES) -> Health:
    span = START, START + length_s
    return Health(table, Clock(*span, DEFAULT_PATTERNS), DEFAULT_PATTERNS, changes, 2, span, factor)


def failures(health: Health, length_s: int) -> NDArray[np.bool_]:
    lives = health.lives
    return np.asarray(~lives.averted & (lives.end_s >= START) & (lives.end_s <= START + length_s))


def test_failure_rate_is_as_asked() -> None:
    """About 3 % of the devices fail per day over a year, and twice as many at twice the rate."""
    table = table_of(40, 2, YEAR)
    found = [failures(health_of(table, YEAR, factor=factor), YEAR).sum() / len(table) / 365 for factor in (0.5, 1.0)]

    assert 0.8 * FAILURES_PER_DEVICE_DAY < found[1] < 1.2 * FAILURES_PER_DEVICE_DAY
    assert 1.7 < found[1] / found[0] < 2.3


def test_modes_have_their_seasons_and_days() -> None:
    """Heat kills in summer, cold drains batteries; a cottage's things break at weekends."""
    table = table_of(300, 3, YEAR)
    health = health_of(table, YEAR)
    lives, failed = health.lives, failures(health, YEAR)
    month = ((lives.end_s - START) // (DAY_S * 30.44)).astype(int)
    summer, winter = np.isin(month, (5, 6, 7)), np.isin(month, (11, 0, 1))

    def count(mode: str, season: NDArray[np.bool_]) -> int:
        return int((failed & season & (lives.mode == MODE_CODE[mode])).sum())

    assert count("overheating", summer) > 3 * count("overheating", winter)
    assert count("battery", winter) > 3 * count("battery", summer)
    weekend = (lives.end_s // DAY_S + 3) % 7 >= 5
    cottage = failed & (table.home_type[lives.device] == HOME_TYPE_CODE["cottage"])
    worn = cottage & (lives.mode == MODE_CODE["wear"])
    assert (worn & weekend).sum() > 1.5 * (worn & ~weekend).sum()


def test_the_same_sign_means_different_things_in_different_homes() -> None:
    """Of the network troubles of a ranch house most pass; of those of an apartment most end in a failure."""
    table = table_of(300, 3, YEAR // 4)
    lives = health_of(table, YEAR // 4).lives
    network = lives.mode == MODE_CODE["network"]

    def passing(name: str) -> float:
        return float(lives.averted[network & (table.home_type[lives.device] == HOME_TYPE_CODE[name])].mean())

    assert passing("ranch_house") > 0.7
    assert passing("apartment") < 0.35


def test_a_new_mode_comes_when_it_should() -> None:
    """No lockup before its onset; afterwards its share of the failures, and no more failures than without it."""
    table, length_s = table_of(150, 4, 20 * DAY_S), 20 * DAY_S
    health = health_of(table, length_s, changes=Changes(new_mode=NewMode(at=0.5, share=0.6)))
    lives, failed = health.lives, failures(health, length_s)
    new = lives.mode == MODE_CODE["lockup"]
    later = lives.end_s >= START + length_s // 2

    assert not (new & ~later).any()
    assert 0.5 < (failed & new & later).sum() / (failed & later).sum() < 0.7
    assert 0.8 < failed.sum() / failures(health_of(table, length_s), length_s).sum() < 1.2


def test_a_gradual_change_takes_its_time() -> None:
    """Degradations show in the other way never before it begins, sometimes in its middle, always after it is done."""
    length_s = 20 * DAY_S
    changes = Changes(gradual=Gradual(begin=0.3, done=0.7))
    lives = health_of(table_of(100, 5, length_s), length_s, changes=changes).lives
    other, share = lives.signature != lives.mode, (lives.onset_s - START) / length_s

    assert not other[share < 0.3].any()
    assert 0.3 < other[(share > 0.45) & (share < 0.55)].mean() < 0.7
    assert other[share > 0.7].all()


def test_some_degradations_are_averted(fleet: Fleet) -> None:
    """A precursor is no proof."""
    assert 0.2 < fleet.lives.averted.mean() < 0.6


def test_degradation_grows_until_the_failure() -> None:
    """It is 0 before the onset, does not fall before the end, and stays until the repair."""
    health = health_of(table_of(20, 4, 5 * DAY_S), 5 * DAY_S)
    lives = health.lives
    rows = np.arange(len(lives.device))
    shares = [health.level(rows, lives.onset_s + ((lives.end_s - lives.onset_s) * x).astype(int)) for x in (0, 0.5)]
    before, after = health.level(rows, lives.onset_s - 10), health.level(rows, lives.end_s)

    assert np.all(before == 0)
    assert np.all(shares[0] <= shares[1])
    assert np.all(shares[1] <= after)
    assert np.array_equal(after / lives.severity > 1.2, ~lives.averted)


def test_a_trouble_that_passes_leaves_the_battery_as_it_was(fleet: Fleet) -> None:
    """Only a repair, or a cell changed in time, gives a device another charge."""
    lives = fleet.lives
    follows = (np.diff(lives.device) == 0) & lives.averted[:-1]
    cell = lives.mode[:-1] == MODE_CODE["battery"]
    same = (np.diff(lives.charge) == 0) & (np.diff(lives.charged_s) == 0)

    assert same[follows & ~cell].all()
    assert not same[follows & cell].any()
    assert (follows & ~cell).sum() > 20
