"""Windows: what is remembered of each device, and the rows it makes."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.contracts.readings import CATALOGUE
from service.features.layout import ABSURD
from service.features.windows import ACCEPTED, DUPLICATE, LATE, Windows
from tests.features.reference import DevicePast, MetricPast

HOUR = 3_600_000_000
MINUTE = HOUR // 60
START = 1_700_000_000_000_000
METRICS = ("battery_pct", "signal_dbm", "strange")
RAW, FAST, SLOW, DEVIATION, TREND, MISSING = range(6)


@dataclass
class Stream:
    """Readings of several devices, in order of time."""

    device: npt.NDArray[np.int32]
    ts: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ts)

    def part(self, start: int, end: int) -> "Stream":
        return Stream(self.device[start:end], self.ts[start:end], self.values[start:end])


def windows_of(*metrics: str, horizon_h: float = 24.0, devices: int = 8) -> Windows:
    horizon_us = int(horizon_h * HOUR)
    windows = Windows(horizon_us=horizon_us, slot_us=horizon_us // 48)
    windows.layout.extend(metrics, ["sensor"])
    windows.reserve(devices)
    return windows


def fold(windows: Windows, stream: Stream) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    n = len(stream)
    return windows.fold(
        stream.device,
        np.zeros(n, np.int16),
        stream.ts,
        np.zeros(n, np.int32),
        np.zeros(n, np.bool_),
        stream.values.copy(),
    )


def of_one_device(minutes: list[float], values: list[float]) -> Stream:
    ts = START + (np.array(minutes) * MINUTE).astype(np.int64)
    return Stream(np.zeros(len(ts), np.int32), ts, np.array(values)[:, None])


def blocks(windows: Windows, rows: npt.NDArray[np.float32], metric: int = 0) -> npt.NDArray[np.float32]:
    first = int(windows.layout.metric_column[metric])
    return rows[:, first : first + 6]


def random_stream(seed: int, n: int, devices: int = 4) -> Stream:
    """Uneven gaps, drifts, missing values, values that cannot be, and now and then one that is far off."""
    rng = np.random.default_rng(seed)
    device = rng.integers(0, devices, n).astype(np.int32)
    ts = START + np.cumsum(rng.choice([1, MINUTE, 7 * MINUTE, HOUR, 30 * HOUR], n, p=[0.05, 0.4, 0.4, 0.14, 0.01]))
    values = np.column_stack(
        [
            np.clip(60 - np.arange(n) / 20 + rng.normal(0, 3, n), -5, 105),
            -60 + 10 * rng.standard_normal(n),
            5 * rng.standard_normal(n) + device,
        ]
    )
    values[rng.random(values.shape) < 0.15] = np.nan
    values[rng.random(n) < 0.02, 2] = 1e7
    values[rng.random(n) < 0.02, 2] = -2 * ABSURD
    return Stream(device, ts.astype(np.int64), values)


def test_rows_are_those_of_the_definition() -> None:
    """Levels, deviations, trends and flags equal a reference that keeps all values with their weights."""
    stream = random_stream(1, 700)
    windows = windows_of(*METRICS)
    rows, _ = fold(windows, stream)

    bounds = [(known.low, known.high, True) if (known := CATALOGUE.get(name)) else (-ABSURD, ABSURD, False)
              for name in METRICS]  # fmt: skip
    past = {d: DevicePast(24 * HOUR, [MetricPast(*bound) for bound in bounds]) for d in range(4)}
    expected = np.array(
        [past[int(d)].read(int(t), v.tolist()) for d, t, v in zip(stream.device, stream.ts, stream.values, strict=True)]
    )
    measured = np.column_stack([rows[:, :1], *(blocks(windows, rows, metric) for metric in range(3))])

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
    assert blocks(windows, rows)[0].tolist() == [7.5, 7.5, 7.5, 0.0, 0.0, 0.0]
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
        assert row[DEVIATION:].tolist() == [0.0, 0.0, 1.0]


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


def test_an_example_is_the_first_reading_in_its_slot() -> None:
    """Slots are cut from the epoch, per device; a slot without a reading has no example."""
    windows = windows_of("strange", horizon_h=48.0)
    slot0 = START // HOUR * HOUR
    ts = np.array([slot0 + 1, slot0 + 2, slot0 + HOUR - 1, slot0 + HOUR, slot0 + 5 * HOUR + 3, slot0 + 5 * HOUR + 4])
    device = np.array([0, 0, 0, 0, 0, 1], np.int32)
    _, example = fold(windows, Stream(device, ts, np.ones((6, 1))))

    assert example.tolist() == [True, False, False, True, True, True]


def test_sift_knows_duplicates_and_late_readings() -> None:
    """Only a reading newer than all before it from its device is accepted, within a batch and across batches."""
    windows = windows_of("strange")
    device = np.array([0, 1, 0, 0, 1, 0], np.int32)

    first = windows.sift(device, np.array([10, 5, 10, 9, 6, 11], np.int64))
    second = windows.sift(device, np.array([11, 7, 8, 12, 7, 12], np.int64))

    assert first.tolist() == [ACCEPTED, ACCEPTED, DUPLICATE, LATE, ACCEPTED, ACCEPTED]
    assert second.tolist() == [DUPLICATE, ACCEPTED, LATE, ACCEPTED, DUPLICATE, DUPLICATE]


def test_repair_forgets_the_past_but_not_the_place_in_time() -> None:
    """After a repair the rows are those of a new device, old readings stay late, a slot has still one example."""
    stream = random_stream(5, 200, devices=2)
    windows = windows_of(*METRICS, horizon_h=48.0)
    last_us = int(stream.ts[-1])
    windows.sift(stream.device, stream.ts)
    fold(windows, stream)
    windows.forget_past(0)
    later = Stream(np.array([0, 0], np.int32), np.array([last_us + 1, last_us + HOUR]), stream.values[:2])
    fresh, _ = fold(windows_of(*METRICS, horizon_h=48.0), later)
    rows, _ = fold(windows, later)

    assert fresh.tobytes() == rows.tobytes()
    assert windows.sift(np.array([0], np.int32), stream.ts[:1]).tolist() == [LATE]


def test_repair_within_a_slot_makes_no_second_example() -> None:
    """One example per device and slot, also when a repair falls into it."""
    windows = windows_of("strange", horizon_h=48.0)
    slot0 = START // HOUR * HOUR
    one = Stream(np.zeros(1, np.int32), np.array([slot0 + 1]), np.ones((1, 1)))
    two = Stream(np.zeros(1, np.int32), np.array([slot0 + 2]), np.ones((1, 1)))
    _, first = fold(windows, one)
    windows.forget_past(0)
    _, second = fold(windows, two)

    assert (first.tolist(), second.tolist()) == ([True], [False])


def test_room_grows_without_a_trace() -> None:
    """More devices and metrics than there was room for change nothing of what is remembered."""
    stream = random_stream(8, 100)
    roomy, tight = windows_of(*METRICS, devices=5000), windows_of(*METRICS)
    fold(roomy, stream.part(0, 50))
    fold(tight, stream.part(0, 50))
    tight.layout.extend([f"m{k}" for k in range(40)], ["late_type"])
    tight.reserve(1000)
    rows, _ = fold(roomy, stream.part(50, 100))
    wide = np.column_stack([stream.values[50:], np.full((50, 40), np.nan)])
    more, _ = fold(tight, Stream(stream.device[50:], stream.ts[50:], wide))
    rest = more[:, roomy.layout.width :].reshape(50, -1)

    assert rows.tobytes() == more[:, : roomy.layout.width].tobytes()
    assert rest[:, -1].tolist() == [0.0] * 50
    assert np.isnan(rest[:, :3]).all()


def test_device_type_is_one_hot() -> None:
    """Exactly one of the columns of device types is 1."""
    windows = windows_of("strange")
    windows.layout.extend((), ["light", "lock"])
    n = 3
    rows, _ = windows.fold(
        np.arange(n, dtype=np.int32),
        np.array([2, 0, 1], np.int16),
        np.full(n, START),
        np.zeros(n, np.int32),
        np.zeros(n, np.bool_),
        np.ones((n, 1)),
    )
    one_hot = rows[:, windows.layout.type_column]

    assert one_hot.tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]


def test_readings_without_any_metric() -> None:
    """A home type whose devices only say that they are there still gets rows."""
    windows = windows_of()
    rows, example = fold(windows, Stream(np.zeros(2, np.int32), np.array([START, START + HOUR]), np.empty((2, 0))))

    assert rows.shape == (2, 8)
    assert rows[1, 0] == 1.0
    assert example.tolist() == [True, True]


def test_adopted_device_continues_as_the_original() -> None:
    """A question about a known device is answered from its own past, and leaves the original alone."""
    stream = random_stream(9, 100)
    original, copy = windows_of(*METRICS), windows_of(*METRICS, devices=1)
    fold(original, stream)
    copy.adopt(original, 3)
    following = Stream(np.array([0], np.int32), stream.ts[-1:] + HOUR, stream.values[:1])
    rows, _ = fold(copy, following)
    expected, _ = fold(original, Stream(np.array([3], np.int32), following.ts, following.values))

    assert expected.tobytes() == rows.tobytes()
