"""Temporal patterns: each can be switched off alone, and then what it names is even, and all else as it was."""

import msgspec
import numpy as np
import pytest

from simulator.arrays import DAY_S, HOUR_S, SECOND, Floats
from simulator.blocks import join_blocks
from simulator.fleet import Fleet
from simulator.world.clock import HOLIDAY, WEEKEND, ZONES, Clock
from simulator.world.courses import COURSES
from simulator.world.devices import COLUMN, MODE_CODE
from simulator.world.homes import HOME_TYPES
from simulator.world.patterns import Congestion, Daily, DaylightSaving, Holidays, Patterns, Seasonal, Weekly

END = 1_767_225_600
YEAR_S = 365 * DAY_S
OFF = {
    "daily": Daily(on=False),
    "congestion": Congestion(on=False),
    "weekly": Weekly(on=False),
    "seasonal": Seasonal(on=False),
    "holidays": Holidays(on=False),
    "daylight_saving": DaylightSaving(on=False),
}


def fleet_of(patterns: Patterns, homes: int = 150) -> Fleet:
    return Fleet(homes, 3, (END - YEAR_S) * SECOND, END * SECOND, patterns=patterns, interval_scale=40.0)


def without(name: str) -> Patterns:
    return msgspec.structs.replace(Patterns(), **{name: OFF[name]})


def uneven(counts: Floats) -> float:
    """Standard deviation over mean."""
    return float(np.std(counts) / np.mean(counts))


def failure_times(fleet: Fleet) -> tuple[Floats, Floats, Floats]:
    """Local hour, local weekday and month of each failure."""
    failures = fleet.failures
    second = failures.ts // SECOND
    local = second + Clock(END - YEAR_S, END, fleet.patterns).offsets(fleet.devices.zone[failures.device], second)
    month = (second - END + YEAR_S) / YEAR_S * 12
    return np.asarray(local % DAY_S / HOUR_S), np.asarray((local // DAY_S + 3) % 7.0), np.asarray(month)


@pytest.fixture(scope="module")
def usual() -> Fleet:
    return fleet_of(Patterns())


@pytest.mark.parametrize("name", [name for name in OFF if name != "daylight_saving"])
def test_off_and_strength_nought_are_the_same(name: str) -> None:
    """Of each pattern that has a strength: the same world, to the bit."""
    nought = msgspec.structs.replace(
        Patterns(), **{name: msgspec.structs.replace(getattr(Patterns(), name), strength=0)}
    )
    start = END - 20 * DAY_S  # Christmas and some weekends are in it
    worlds = [Fleet(6, 3, start * SECOND, END * SECOND, patterns=patterns) for patterns in (without(name), nought)]
    one, other = (join_blocks(list(world.blocks())) for world in worlds)

    assert np.array_equal(one.metrics, other.metrics, equal_nan=True)
    assert worlds[0].reports() == worlds[1].reports()


@pytest.mark.parametrize("name", OFF)
def test_means_stay_what_they_were(name: str, usual: Fleet) -> None:
    """Without a pattern there are about as many failures in a year, as much use, and as long replies."""
    fleet = fleet_of(without(name))
    columns = [COLUMN["usage_ratio"], COLUMN["response_time_ms"]]
    means = [
        np.mean([np.nanmean(block.metrics[:, columns], axis=0) for block in each.blocks(DAY_S)], axis=0)
        for each in (usual, fleet)
    ]

    assert len(fleet.failures.ts) == pytest.approx(len(usual.failures.ts), rel=0.05)
    assert means[1] == pytest.approx(means[0], rel=0.1)


def test_strong_patterns_fail_no_more_often(usual: Fleet) -> None:
    """At three times their strength patterns say more about when, and no more about how often."""
    names = {name: msgspec.structs.replace(getattr(Patterns(), name), strength=3.0) for name in list(OFF)[:5]}

    assert len(fleet_of(Patterns(**names)).failures.ts) == pytest.approx(len(usual.failures.ts), rel=0.1)


def test_days_gather_failures(usual: Fleet) -> None:
    """At hours of their own, and less so with a weaker pattern."""
    spread = [
        uneven(np.histogram(failure_times(fleet)[0], 8, (0, 24))[0])
        for fleet in (usual, fleet_of(Patterns(daily=Daily(strength=0.3))), fleet_of(without("daily")))
    ]

    assert spread[0] > 0.3
    assert spread[0] > spread[1] > spread[2]
    assert spread[2] < 0.05


def test_weekends_are_those_of_the_home(usual: Fleet) -> None:
    """In every zone things that come of use break at local weekends, from Saturday to Sunday evening."""
    zone = usual.devices.zone[usual.failures.device]
    often = [HOME_TYPES[code].habits.weekend > 1.25 for code in range(len(HOME_TYPES))]
    worn = np.isin(usual.failures.mode, [MODE_CODE[name] for name, course in COURSES.items() if course.use > 1])
    worn &= np.array(often)[usual.devices.home_type[usual.failures.device]]
    weekday = failure_times(usual)[1]
    for code in range(len(ZONES)):
        counts = np.histogram(weekday[worn & (zone == code)], 7, (0, 7))[0]

        assert min(counts[5:]) > max(counts[:5])
    even = fleet_of(without("weekly"))
    assert uneven(np.histogram(failure_times(even)[1], 7, (0, 7))[0]) < 0.06


def test_seasons_have_their_failures(usual: Fleet) -> None:
    """Batteries in winter, heat in summer; without seasons neither."""
    for fleet, least, most in ((usual, 3.0, 100.0), (fleet_of(without("seasonal")), 0.7, 1.4)):
        month = failure_times(fleet)[2].astype(int)
        counts = {
            mode: [((fleet.failures.mode == MODE_CODE[mode]) & np.isin(month, months)).sum() for months in halves]
            for mode, halves in {"battery": ((11, 0, 1), (5, 6, 7)), "overheating": ((5, 6, 7), (11, 0, 1))}.items()
        }
        for high, low in counts.values():
            assert least < high / low < most


def test_holidays_and_daylight_saving_are_of_the_clock() -> None:
    """Switched off, no day is a holiday, and offsets stay those of winter."""
    usual = Clock(END - YEAR_S, END, Patterns())
    plain = Clock(END - YEAR_S, END, Patterns(holidays=Holidays(on=False), daylight_saving=DaylightSaving(on=False)))
    even = Clock(END - YEAR_S, END, Patterns(weekly=Weekly(on=False), holidays=Holidays(on=False)))

    assert 0.02 < (usual.day_kind == HOLIDAY).mean() < 0.05
    assert not (plain.day_kind == HOLIDAY).any()
    assert (plain.day_kind == WEEKEND).any()
    assert not even.day_kind.any()
    assert np.all(np.ptp(plain.offset_s, axis=1) == 0)
    assert np.all(np.ptp(usual.offset_s, axis=1) == HOUR_S)
