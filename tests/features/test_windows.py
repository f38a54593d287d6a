"""Windows: what is remembered of each device, and the rows it makes."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.contracts.readings import CATALOGUE
from service.features.layout import ABSURD, BASE_COLUMNS
from tests.features.reference import DevicePast, MetricPast
from tests.features.streams import (
    DEVIATION,
    FAST,
    HOUR,
    METRICS,
    MINUTE,
    MISSING,
    RAW,
    START,
    TREND,
    Stream,
    blocks,
    fold,
    of_one_device,
    random_stream,
    windows_of,
)

CALENDAR = ("hour", "weekday", "season")
"""What the names of columns begin with that have tests of their own."""


def test_rows_are_those_of_the_definition() -> None:
    """Every column but the calendar's equals a reference that keeps all values with their weights."""
    stream = random_stream(1, 700)
    windows = windows_of(*METRICS)
    rows, _ = fold(windows, stream)

    bounds = [(known.low, known.high, True) if (known := CATALOGUE.get(name)) else (-ABSURD, ABSURD, False)
              for name in METRICS]  # fmt: skip
    past = {d: DevicePast(24 * HOUR, [MetricPast(*bound) for bound in bounds]) for d in range(4)}
    expected = np.array(
        [past[int(d)].read(int(t), v.tolist()) for d, t, v in zip(stream.device, stream.ts, stream.values, strict=True)]
    )
    base = [place for place, name in enumerate(BASE_COLUMNS) if name.partition("_")[0] not in CALENDAR]
    measured = np.column_stack([rows[:, base], *(blocks(windows, rows, metric) for metric in range(3))])

    assert np.isnan(expected).any()
    np.testing.assert_allclose(measured, expected, rtol=2e-6, atol=1e-5)


@given(seed=st.integers(0, 10_000), cuts=st.lists(st.integers(0, 120), max_size=6))
def test_batches_may_be_cut_at_will(seed: int, cuts: list[int]) -> None:
    """Rows and examples depend on the order of the readings alone, bit for bit, whatever the batches."""
    stream = random_stream(seed, 120)
    whole_rows, whole_examples = fold(windows_of(*METRICS), stream)
    windows = windows_of(*METRICS)
    edges = [0, *sorted(cuts), 120]
    parts = [fold(windows, stream.part(start, end)) for start, end in pairwise(edges)]

    assert whole_rows.tobytes() == np.concatenate([rows for rows, _ in parts]).tobytes()
    assert whole_examples.tolist() == np.concatenate([examples for _, examples in parts]).tolist()


def test_devices_do_not_touch_each_other() -> None:
    """A device's rows are the same alone and among others."""
    stream = random_stream(3, 300)
    mine = stream.device == 2
    together, _ = fold(windows_of(*METRICS), stream)
    alone, _ = fold(windows_of(*METRICS), Stream(stream.device[mine], stream.ts[mine], stream.values[mine]))

    assert alone.tobytes() == together[mine].tobytes()


def test_first_reading_knows_no_past() -> None:
    """The gap is unknown, the levels are the value, deviation and trend are 0."""
    windows = windows_of("strange")
    rows, example = fold(windows, of_one_device([0], [7.5]))

    assert np.isnan(rows[0, 0])
    assert blocks(windows, rows)[0, : MISSING + 1].tolist() == [7.5, 7.5, 7.5, 0.0, 0.0, 0.0]
    assert example.tolist() == [True]


def test_a_level_halves_its_past_in_a_half_life() -> None:
    """With a cadence too short to count, the fast level's half-life is H/10, the slow one's 2H/3 of event time."""
    windows = windows_of("strange", horizon_h=24.0)
    rows, _ = fold(windows, of_one_device([0, 1e-3, 144.001], [0.0, 0.0, 1.0]))
    fast, slow = blocks(windows, rows)[-1, FAST:DEVIATION]

    assert fast == pytest.approx(1 / (1 + 2 * 0.5), rel=1e-5)
    assert slow == pytest.approx(1 / (1 + 2 * 0.5 ** (144 / 960)), rel=1e-5)


def test_rare_readings_lengthen_the_half_lives() -> None:
    """A device that reads once in ten horizons keeps three cadences of fast and twenty of slow memory."""
    windows = windows_of("strange", horizon_h=1.0)
    rows, _ = fold(windows, of_one_device([0, 600, 1200], [0.0, 0.0, 1.0]))
    f, s = 0.5 ** (1 / 3), 0.5 ** (1 / 20)
    fast, slow = blocks(windows, rows)[-1, FAST:DEVIATION]

    assert fast == pytest.approx(1 / (1 + f + f * f), rel=1e-6)
    assert slow == pytest.approx(1 / (1 + s + s * s), rel=1e-6)


def test_a_metric_that_never_came() -> None:
    """Its levels are unknown, its deviation and trend 0, its flag 1; the keys that River sees stay constant."""
    windows = windows_of("battery_pct")
    rows, _ = fold(windows, of_one_device([0, 1, 2, 3], [np.nan] * 4))

    for row in blocks(windows, rows):
        assert np.isnan(row[:DEVIATION]).all()
        assert row[DEVIATION : MISSING + 1].tolist() == [0.0, 0.0, 1.0]


def test_a_missing_value_leaves_the_levels() -> None:
    """Absence is not zero: the levels stay where they were, the raw value is unknown."""
    windows = windows_of("battery_pct")
    rows, _ = fold(windows, of_one_device([0, 1, 2, 3, 4], [50.0, 52.0, 51.0, 53.0, np.nan]))
    before, after = blocks(windows, rows)[-2:]

    assert np.isnan(after[RAW])
    assert after[FAST:DEVIATION].tolist() == before[FAST:DEVIATION].tolist()
    assert after[[DEVIATION, MISSING]].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("metric", "value", "missing"),
    [
        ("battery_pct", 0.0, 0.0),
        ("battery_pct", 100.0, 0.0),
        ("battery_pct", np.nextafter(100.0, 101.0), 1.0),
        ("battery_pct", -1e-9, 1.0),
        ("signal_dbm", -150.0, 0.0),
        ("signal_dbm", 0.1, 1.0),
        ("strange", 1e30, 0.0),
        ("strange", -1.1e30, 1.0),
        ("strange", np.inf, 1.0),
        ("strange", -np.inf, 1.0),
    ],
)
def test_values_beyond_the_bounds_are_missing(metric: str, value: float, missing: float) -> None:
    """What a known metric cannot be, and absurd values of an unknown one, count as missing; the bounds belong to it."""
    windows = windows_of(metric)
    rows, _ = fold(windows, of_one_device([0], [value]))
    row = blocks(windows, rows)[0]

    assert row[MISSING] == missing
    assert bool(np.isnan(row[RAW])) == bool(missing)
    assert not np.isinf(rows).any()


def test_far_values_of_unknown_metrics_are_clipped() -> None:
    """Once the device's own normal is known, one wild value cannot be further than a thousand scales from it."""
    windows = windows_of("strange")
    rows, _ = fold(windows, of_one_device([0, 1, 2, 3, 4], [1.0, 1.0, 1.0, 1.0, 1e20]))
    last = blocks(windows, rows)[-1]

    assert last[RAW] == pytest.approx(1001.0)
    assert last[DEVIATION] == 10.0


def test_values_of_known_metrics_are_not_clipped() -> None:
    """Their bounds are enough."""
    windows = windows_of("restart_count")
    rows, _ = fold(windows, of_one_device([0, 1, 2, 3, 4], [1.0, 1.0, 1.0, 1.0, 1e8]))

    assert blocks(windows, rows)[-1, RAW] == 1e8


@pytest.mark.parametrize(("before", "after"), [(25.73004860596238, -47.842221048227664), (1e9 + 0.1, 0.3)])
def test_a_device_that_was_away_for_long_has_finite_columns(before: float, after: float) -> None:
    """After an outage of many half-lives, deviation and trend are still numbers: their default is 0, never unknown."""
    windows = windows_of("strange", horizon_h=1.0)
    minutes = [*range(5), *range(10_000, 10_060)]
    rows, _ = fold(windows, of_one_device([float(m) for m in minutes], [before] * 5 + [after] * 60))

    assert np.isfinite(blocks(windows, rows)).all()


@given(
    gaps=st.lists(st.sampled_from([1, 60, 3600, 86_400, 100 * 86_400]), min_size=4, max_size=40),
    values=st.lists(st.floats(-1e31, 1e31) | st.just(np.nan), min_size=40, max_size=40),
)
def test_deviation_and_trend_are_always_numbers(gaps: list[int], values: list[float]) -> None:
    """Whatever a device sends and whenever: deviations and trends lie within ten scales, nothing is infinite."""
    windows = windows_of("strange", horizon_h=1.0)
    ts = START + np.cumsum(gaps) * 1_000_000
    n = len(gaps)
    rows, _ = fold(windows, Stream(np.zeros(n, np.int32), ts.astype(np.int64), np.array(values[:n])[:, None]))
    block = blocks(windows, rows)

    assert (np.abs(block[:, [DEVIATION, TREND]]) <= 10.0).all()
    assert not np.isinf(rows).any()


def test_a_first_reading_from_an_unset_clock_does_not_blind_a_device() -> None:
    """A device that begins in 1970 and then tells the right time is soon followed like any other."""
    minutes = [-START / MINUTE, *range(90)]
    values = [0.0] * 61 + [10.0] * 30
    windows = windows_of("strange", horizon_h=1.0)
    rows, _ = fold(windows, of_one_device(minutes, values))

    assert blocks(windows, rows)[-1, FAST] > 9.0
