"""Home types and who lives where."""

import numpy as np

from simulator.arrays import Ints
from simulator.fleet import Fleet
from simulator.world.hazards import mode_rates
from simulator.world.homes import HOME_TYPES, draw_home_types
from simulator.world.population import populate


def stays(homes: int) -> tuple[Ints, Ints]:
    return np.zeros(homes, dtype=np.int64), np.full(homes, 10**9, dtype=np.int64)


def test_shares_add_up() -> None:
    """The shares of the eight types are a distribution."""
    assert len(HOME_TYPES) == 8
    assert abs(sum(kind.share for kind in HOME_TYPES) - 1.0) < 1e-9


def test_every_type_gets_its_share_to_one_home() -> None:
    """A fleet of any size has the same mix."""
    for homes in (1, 7, 100, 1003):
        counts = np.bincount(draw_home_types(homes, np.random.default_rng(0)), minlength=8)

        assert counts.sum() == homes
        assert np.all(np.abs(counts - homes * np.array([kind.share for kind in HOME_TYPES])) < 1)


def test_home_types_differ_in_devices() -> None:
    """A multi-story home holds more devices than a studio."""
    table = populate(1000, 3, stays(1000))
    first = np.unique(table.home, return_index=True)[1]
    counts = np.bincount(table.home)
    by_type = [counts[table.home_type[first] == code].mean() for code in range(8)]

    for code, kind in enumerate(HOME_TYPES):
        assert abs(by_type[code] - kind.mean_devices) < 2.0


def test_devices_are_unique_within_their_home(fleet: Fleet) -> None:
    """A device is known by home and name."""
    names = list(zip(fleet.devices.home_id, fleet.devices.device_id, strict=True))

    assert len(set(names)) == len(names)


def test_mean_failure_rate_is_one() -> None:
    """Rates are relative: the default rate is the mean over the fleet, and home types differ in it."""
    table = populate(2000, 5, stays(2000))
    rates = mode_rates(table)
    network = rates[:, 4] / table.frailty

    assert abs(rates.sum(axis=1).mean() - 1.0) < 0.03
    assert network[table.home_type == 1].mean() > 1.5 * network[table.home_type == 0].mean()
