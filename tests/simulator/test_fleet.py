"""The whole world: order, determinism, shape."""

from typing import Any

import numpy as np
import pytest

from service.contracts.readings import CATALOGUE
from simulator.arrays import DAY_S, HOUR_S, SECOND
from simulator.blocks import Block, join_blocks, take_block
from simulator.fleet import Fleet

START = 1_700_000_000 * SECOND
END = START + DAY_S * SECOND


def joined(fleet: Fleet, step_s: int = HOUR_S) -> Block:
    blocks = list(fleet.blocks(step_s))
    return join_blocks(blocks)


def equal(one: Block, two: Block) -> bool:
    return (
        np.array_equal(one.device, two.device)
        and np.array_equal(one.ts, two.ts)
        and np.array_equal(one.metrics, two.metrics, equal_nan=True)
    )


def test_same_seed_same_world() -> None:
    """Readings, failures and reports are a function of the arguments."""
    one, two, other = Fleet(12, 5, START, END), Fleet(12, 5, START, END), Fleet(12, 6, START, END)

    assert equal(joined(one), joined(two))
    assert one.reports() == two.reports()
    assert not np.array_equal(joined(one).metrics, joined(other).metrics)


@pytest.mark.parametrize("step_s", [601, 4000, DAY_S * 2])
def test_blocks_can_be_cut_at_will(step_s: int) -> None:
    """The same readings come in whatever blocks; no block is longer than asked."""
    fleet = Fleet(12, 5, START, END)

    assert equal(joined(fleet), joined(fleet, step_s))
    assert all(int(block.ts[-1] - block.ts[0]) < step_s * SECOND for block in fleet.blocks(step_s))


def test_a_longer_simulation_begins_the_same() -> None:
    """The end does not reach back."""
    fleet, longer = Fleet(12, 5, START, END), Fleet(12, 5, START, END + 9 * DAY_S * SECOND)
    short, long = joined(fleet), joined(longer)
    told = longer.reports()

    assert equal(short, take_block(long, long.ts <= END))
    assert fleet.reports() == [report for report in told if report.at <= END]
    assert fleet.reports()


def test_time_moves_forward(fleet: Fleet) -> None:
    """Blocks are in order, a device's instants strictly so, all within start and end."""
    block = joined(fleet)
    order = np.lexsort((block.ts, block.device))

    assert np.all(np.diff(block.ts) >= 0)
    assert np.all(np.diff(block.ts[order])[np.diff(block.device[order]) == 0] > 0)
    assert block.ts[-1] <= 1_750_000_000 * SECOND
    assert block.device.dtype == np.int32
    assert block.ts.dtype == np.int64
    assert block.metrics.shape == (len(block), len(fleet.metric_names))


def test_values_are_possible(fleet: Fleet) -> None:
    """Every value lies within the catalogue's bounds; some are missing; a type has only its own metrics."""
    metrics = joined(fleet).metrics
    low = np.array([CATALOGUE[name].low for name in fleet.metric_names])
    high = np.array([CATALOGUE[name].high for name in fleet.metric_names])

    assert not np.any((metrics < low) | (metrics > high))
    assert 0.005 < np.isnan(metrics[:, 0]).mean() < 0.03
    assert np.isfinite(metrics[:, 0]).any()


def test_demo_has_some_hundreds_of_failures() -> None:
    """The default demo gives an online learner something to learn."""
    fleet = Fleet(150, 0, END - 6 * DAY_S * SECOND, END)

    assert 200 < len(fleet.failures.ts) < 500
    assert 300_000 < fleet.expected_readings() < 800_000
    assert set(fleet.failures.mode.tolist()) == set(range(7))
    assert np.all(np.diff(fleet.failures.ts) >= 0)


@pytest.mark.parametrize("bad", [{"homes": 0}, {"seed": -1}, {"end": START}, {"failure_rate": 0.0}])
def test_senseless_arguments_are_refused(bad: dict[str, Any]) -> None:
    """A fleet that cannot be is an error at once."""
    with pytest.raises(ValueError, match="a fleet needs"):
        Fleet(**({"homes": 3, "seed": 0, "start": START, "end": END} | bad))
