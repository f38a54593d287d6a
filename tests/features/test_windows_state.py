"""Windows: slots, repairs, growth, device types, and devices taken over."""

import numpy as np

from service.features.layout import BASE_COLUMNS
from service.features.windows import ACCEPTED, DUPLICATE, LATE
from tests.features.streams import (
    HOUR,
    METRICS,
    START,
    Stream,
    fold,
    random_stream,
    windows_of,
)


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


def test_a_cleared_device_is_somebody_new() -> None:
    """Whoever is read next under its number may be read at any time and has a past of nothing; others keep theirs."""
    stream = random_stream(5, 200, devices=2)
    windows = windows_of(*METRICS, horizon_h=48.0)
    windows.sift(stream.device, stream.ts)
    fold(windows, stream)
    kept = windows.columns_of_state(2)
    windows.clear(np.array([0]))
    state, fresh = windows.columns_of_state(2), windows_of(*METRICS, horizon_h=48.0).columns_of_state(1)

    for name, column in state.items():
        assert column[1:].tobytes() == kept[name][1:].tobytes()
        assert column[:1].tobytes() == fresh[name].tobytes()
    assert windows.sift(np.array([0], np.int32), stream.ts[:1]).tolist() == [ACCEPTED]


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

    assert rows.shape == (2, len(BASE_COLUMNS) + 1)
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
