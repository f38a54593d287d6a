"""Who is watched when: whole years, even stays, quotas that add up."""

import numpy as np
import pytest

from simulator.arrays import DAY_S, HOUR_S, SECOND, Ints
from simulator.samples.panel import END_S, YEAR_S, Panel, Unsuitable, plan_panel
from simulator.world.homes import HOME_TYPES

H24 = 24 * HOUR_S * SECOND


@pytest.mark.parametrize("samples", [100, 101, 9_999, 10_000, 10_000_000])
def test_quotas_follow_the_shares(samples: int) -> None:
    """Each home type gives its share of the samples, to one sample; together they are as many as asked."""
    panel = plan_panel(samples, horizon_us=H24)

    assert panel.samples == samples
    assert np.all(np.abs(panel.quotas - samples * np.array([kind.share for kind in HOME_TYPES])) < 1)


def test_as_many_of_each_home_type() -> None:
    """On demand all eight give the same number."""
    assert plan_panel(500, horizon_us=H24, per_home_type=True).quotas.tolist() == [500] * 8


@pytest.mark.parametrize("horizon_s", [HOUR_S, DAY_S, 90 * DAY_S])
def test_stays_hold_warm_up_sampling_and_horizon(horizon_s: int) -> None:
    """Homes join evenly over a year, and the last leaves at the end."""
    panel = plan_panel(10_000, horizon_us=horizon_s * SECOND)
    joins, leaves = panel.stays

    assert panel.stay_s == panel.warm_up_s + panel.sampled_s + horizon_s
    assert panel.warm_up_s >= max(2 * DAY_S, 2 * horizon_s)
    assert panel.sampled_s >= max(8 * DAY_S, 4 * horizon_s)
    assert np.all(leaves - joins == panel.stay_s)
    assert joins[0] == panel.start_s
    assert leaves[-1] <= END_S
    assert abs(np.diff(joins).max() - np.diff(joins).min()) <= 1


def test_every_season_has_its_share() -> None:
    """The hours for which homes are sampled, counted over months of the calendar, are even to some percent."""
    panel = plan_panel(10_000, horizon_us=H24)
    first = panel.joins_s + panel.warm_up_s
    month = (first[:, None] + np.arange(0, panel.sampled_s, HOUR_S)) % YEAR_S // (YEAR_S // 12)
    counts = np.bincount(month.ravel(), minlength=12)

    assert len(counts) == 12
    assert np.all(np.abs(counts / counts.mean() - 1) < 0.03)


def test_homes_follow_the_number_of_samples() -> None:
    """Few samples a home while that takes little memory; for millions the same homes are watched for longer."""
    panels = [plan_panel(n, horizon_us=H24) for n in (100, 10_000, 300_000, 1_000_000, 10_000_000)]

    assert [panel.homes for panel in panels] == [100, 166, 5_000, 5_000, 5_000]
    assert [panel.sampled_s // DAY_S for panel in panels] == [8, 8, 8, 8, 50]


@pytest.mark.parametrize(
    ("samples", "per_home_type", "said"),
    [(99, False, "not 99"), (0, False, "not 0"), (-5, True, "not -40"), (10**9, False, "20,000,000 samples, not 1,")],
)
def test_absurd_numbers_are_refused(samples: int, per_home_type: bool, said: str) -> None:
    """The error says what is possible, and what was asked for."""
    with pytest.raises(Unsuitable, match=said):
        plan_panel(samples, horizon_us=H24, per_home_type=per_home_type)


@pytest.mark.parametrize("horizon_s", [0, 30, 91 * DAY_S])
def test_absurd_horizons_are_refused(horizon_s: int) -> None:
    """Failures build up over hours and days."""
    with pytest.raises(Unsuitable, match="one minute to 90 days"):
        plan_panel(1_000, horizon_us=horizon_s * SECOND)


def test_numbers_are_whole() -> None:
    """Seconds are integers, as the fleet takes them."""
    panel: Panel = plan_panel(1_000, horizon_us=H24)
    stays: tuple[Ints, Ints] = panel.stays

    assert [stay.dtype for stay in stays] == [np.int64, np.int64]
