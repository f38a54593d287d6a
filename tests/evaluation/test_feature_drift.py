"""A feature that moves away is reported when it begins and when it ends, and at no other time."""

import pickle

import numpy as np
import numpy.typing as npt
import pytest

from service.evaluation.feature_drift import FeatureDrift, FeatureDrifted
from service.evaluation.stability import DAY_US, Reference, reference_of

COLUMNS = ["gap_h", "a.fast", "a.missing", "b.fast"]
COLUMN = np.arange(4, dtype=np.int32)
HOUR_US = DAY_US // 24
AN_HOUR = 50  # rows


def hours(count: int, seed: int) -> npt.NDArray[np.float32]:
    """Rows of some hours; ``a.missing`` is 1 in one of twenty rows, ``b`` is one of two levels."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((count * AN_HOUR, 4))
    rows[:, 2] = rng.random(len(rows)) < 0.05
    rows[:, 3] = rng.random(len(rows)) < 0.5
    return rows.astype(np.float32)


def reference() -> Reference:
    rows = hours(7 * 24, 1)
    made = reference_of(COLUMNS, rows, np.arange(len(rows)) * HOUR_US // AN_HOUR, DAY_US)
    assert made is not None
    return made


def feed(watch: FeatureDrift, rows: npt.NDArray[np.float32], hour: int) -> list[FeatureDrifted]:
    """One batch an hour, beginning at ``hour``."""
    out = []
    for n in range(len(rows) // AN_HOUR):
        batch = rows[n * AN_HOUR : (n + 1) * AN_HOUR]
        out += watch.add(batch, COLUMN, seq=hour + n, at_us=(hour + n) * HOUR_US)
    return out


def test_nothing_is_reported_while_nothing_moves() -> None:
    """Two weeks like the reference."""
    watch = FeatureDrift(reference())
    assert feed(watch, hours(14 * 24, 2), 0) == []
    assert watch.drifting == {}


def test_a_drift_is_reported_when_it_begins_and_when_it_ends() -> None:
    """One level shifts for three days: a report half a window after it is plain, one when the window is clean again."""
    watch = FeatureDrift(reference())
    assert feed(watch, hours(48, 2), 0) == []
    moved = hours(72, 3)
    moved[:, 1] += 2
    (began,) = feed(watch, moved, 48)
    assert (began.feature, began.began) == ("a.fast", True)
    assert 12 <= began.seq - 48 <= 24
    assert began.at_us == began.seq * HOUR_US
    assert began.index > began.threshold == 0.25
    assert watch.drifting["a.fast"] > began.index  # the window has filled since
    (ended,) = feed(watch, hours(48, 4), 120)
    assert (ended.feature, ended.began) == ("a.fast", False)
    assert 15 <= ended.seq - 120 <= 27
    assert watch.drifting == {}


def test_values_that_go_missing_are_a_drift() -> None:
    """A flag that is set ten times as often, and a metric whose column is gone."""
    watch = FeatureDrift(reference())
    rows = hours(48, 2)
    rows[:, 2] = np.random.default_rng(3).random(len(rows)) < 0.5
    assert {report.feature for report in feed(watch, rows, 0)} == {"a.missing"}
    gone = FeatureDrift(reference())
    without = np.array([0, 1, 2, -1], np.int32)
    for hour, batch in enumerate(hours(48, 2).reshape(48, AN_HOUR, 4)):
        gone.add(batch, without, seq=hour, at_us=hour * HOUR_US)
    assert set(gone.drifting) == {"b.fast"}
    narrow = FeatureDrift(reference())
    for hour, batch in enumerate(hours(48, 2).reshape(48, AN_HOUR, 4)):
        narrow.add(batch[:, :3], COLUMN, seq=hour, at_us=hour * HOUR_US)
    assert set(narrow.drifting) == {"b.fast"}


def test_a_window_with_holes_is_not_judged() -> None:
    """While half the panes of a window are empty nothing begins; a day later it does."""
    watch = FeatureDrift(reference())
    moved = hours(24 * 4, 2)
    moved[:, 1] += 2
    seldom = moved.reshape(-1, AN_HOUR, 4)[::6]
    for n, batch in enumerate(seldom):
        assert watch.add(batch, COLUMN, seq=n, at_us=n * 6 * HOUR_US) == []
    assert [report.feature for report in feed(watch, moved, 24 * 4)] == ["a.fast"]


@pytest.mark.parametrize("cut", [0, 30, 60, 90])
def test_it_goes_on_where_it_was_pickled(cut: int) -> None:
    """The restored watch reports the same, to the bit."""
    rows = hours(120, 2)
    rows[40 * AN_HOUR : 80 * AN_HOUR, 1] += 2
    whole, parted = FeatureDrift(reference()), FeatureDrift(reference())
    expected = feed(whole, rows, 0)
    got = feed(parted, rows[: cut * AN_HOUR], 0)
    restored = pickle.loads(pickle.dumps(parted, protocol=5))
    assert expected == got + feed(restored, rows[cut * AN_HOUR :], cut)
    assert len(expected) == 2
