"""What the metrics show: time, place, and, dimly, health."""

import numpy as np
import pytest
from numpy.typing import NDArray

from simulator.arrays import HOUR_S, SECOND, Floats
from simulator.blocks import Block, join_blocks
from simulator.fleet import Fleet
from simulator.world.context import activity_of
from simulator.world.devices import COLUMN, DEVICE_TYPE_CODE, MODE_CODE
from simulator.world.homes import HOME_TYPE_CODE, HOME_TYPES
from simulator.world.patterns import Daily, Patterns


@pytest.fixture(scope="module")
def block(fleet: Fleet) -> Block:
    blocks = list(fleet.blocks())
    return join_blocks(blocks)


def local_hour(fleet: Fleet, block: Block) -> Floats:
    return (block.ts / SECOND + block.offset_s) / HOUR_S % 24


def test_use_follows_the_day_and_the_week() -> None:
    """Workdays peak in the evening, a week's mean is 1, and without the pattern a day is flat."""
    hours = np.arange(0, 24, 0.25)
    for kind in HOME_TYPES:
        work, free, _ = activity_of(kind)

        assert abs(hours[np.argmax(work)] - 19.5 - kind.habits.evening_h) < 1
        assert abs((5 * work.mean() + 2 * free.mean()) / 7 - 1) < 1e-9
        assert abs(free.mean() / work.mean() - kind.habits.weekend) < 1e-9
    assert np.ptp(activity_of(HOME_TYPES[0], Patterns(daily=Daily(on=False)))[0]) == 0


def test_switches_are_used_in_the_evening(fleet: Fleet, block: Block) -> None:
    """The daily pattern is visible in the metrics."""
    hour = local_hour(fleet, block)
    switch = fleet.devices.device_type[block.device] == DEVICE_TYPE_CODE["switch"]
    use = block.metrics[:, COLUMN["usage_ratio"]]

    assert np.nanmedian(use[switch & (hour > 18) & (hour < 21)]) > 3 * np.nanmedian(
        use[switch & (hour > 1) & (hour < 4)]
    )


def test_apartments_are_jammed_in_the_evening(fleet: Fleet, block: Block) -> None:
    """Radio suffers there at night, and hardly in a ranch house."""
    hour = local_hour(fleet, block)
    response = np.log(block.metrics[:, COLUMN["response_time_ms"]])

    def rise(name: str) -> float:
        here = fleet.devices.home_type[block.device] == HOME_TYPE_CODE[name]
        late, early = here & (abs(hour - 21) < 1.5), here & (abs(hour - 9) < 1.5)
        return float(np.nanmean(response[late]) - np.nanmean(response[early]))

    assert rise("apartment") > 0.4
    assert rise("ranch_house") < 0.15


def test_weather_is_outdoors(fleet: Fleet, block: Block) -> None:
    """Sensors in the garden swing through the day more than those indoors."""
    sensor = fleet.devices.device_type[block.device] == DEVICE_TYPE_CODE["sensor"]
    out = fleet.devices.outdoor[block.device]
    temperature = block.metrics[:, COLUMN["temperature_c"]]

    assert np.nanstd(temperature[sensor & out]) > 2 * np.nanstd(temperature[sensor & ~out])


def standing_out(fleet: Fleet, block: Block, mode: str, metric: str) -> Floats:
    """Mean shift of a metric in the last quarter before failures of a mode, in each device's own deviations."""
    values = block.metrics[:, COLUMN[metric]].copy()
    if metric in ("response_time_ms", "error_rate", "connection_drops"):
        values = np.log1p(values)
    lives = fleet.lives
    shifts: list[float] = []
    inside = ~lives.averted & (lives.mode == MODE_CODE[mode]) & (lives.end_s * SECOND < block.ts[-1])
    for row in np.nonzero(inside)[0]:
        mine: NDArray[np.bool_] = block.device == lives.device[row]
        near_s = lives.end_s[row] - (lives.end_s[row] - lives.onset_s[row]) // 4
        second = block.ts // SECOND
        last = values[mine & (second > near_s) & (second < lives.end_s[row])]
        well = values[mine & (second < lives.onset_s[row]) & (second > lives.birth_s[row])]
        if np.isfinite(last).sum() >= 2 and np.isfinite(well).sum() >= 20:
            shifts.append(float((np.nanmean(last) - np.nanmean(well)) / (np.nanstd(well) + 1e-3)))
    return np.array(shifts)


@pytest.mark.parametrize(
    ("mode", "metric", "direction"),
    [
        ("wear", "error_rate", 1),
        ("intermittent", "connection_drops", 1),
        ("battery", "battery_pct", -1),
        ("network", "signal_dbm", -1),
        ("overheating", "temperature_c", 1),
    ],
)
def test_failures_cast_a_shadow(fleet: Fleet, block: Block, mode: str, metric: str, direction: int) -> None:
    """Before most failures of a progressive mode its metric leaves the device's own normal."""
    shifts = direction * standing_out(fleet, block, mode, metric)

    assert len(shifts) >= 5
    assert np.median(shifts) > 0.5


def test_a_broken_device_is_mostly_silent(fleet: Fleet, block: Block) -> None:
    """Between failure and repair far fewer readings come, but not none."""
    lives = fleet.lives
    down_s, heard = 0.0, 0
    second = block.ts // SECOND
    for row in np.nonzero(~lives.averted & (lives.repair_s * SECOND < block.ts[-1]))[0]:
        mine = block.device == lives.device[row]
        heard += int((mine & (second >= lives.end_s[row]) & (second < lives.repair_s[row])).sum())
        down_s += (lives.repair_s[row] - lives.end_s[row]) / fleet.devices.interval_s[lives.device[row]]

    assert 0.1 < heard / down_s < 0.6
