"""The layout of feature rows."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.features.layout import ABSURD, BASE_COLUMNS, PER_METRIC, Layout, absent_values, metric_of
from service.features.windows import Windows


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30)), max_size=30))
def test_columns_are_only_appended(additions: list[tuple[bool, int]]) -> None:
    """A row logged early is a prefix of a row logged late, whatever comes in whatever order."""
    layout = Layout()
    for is_metric, number in additions:
        name = f"x{number}"
        before = list(layout.columns)
        if is_metric and name not in layout.metric_index:
            layout.extend([name], [])
        elif not is_metric and name not in layout.type_index:
            layout.extend([], [name])
        assert before == layout.columns[: len(before)]

    assert len(set(layout.columns)) == layout.width
    for metric, first in zip(layout.metrics, layout.metric_column, strict=True):
        assert [f"{metric}.{part}" for part in PER_METRIC] == layout.columns[first : first + len(PER_METRIC)]
    for device_type, column in zip(layout.device_types, layout.type_column, strict=True):
        assert f"device_type={device_type}" == layout.columns[column]


def test_cutting_the_additions_changes_nothing() -> None:
    """One extension or many: the same columns and bounds."""
    one, many = Layout(), Layout()
    one.extend(["battery_pct", "strange"], [])
    for name in ("battery_pct", "strange"):
        many.extend([name], [])

    assert one.columns == many.columns
    assert one.low.tolist() == many.low.tolist() == [0.0, -ABSURD]
    assert one.high.tolist() == many.high.tolist() == [100.0, ABSURD]
    assert one.known.tolist() == many.known.tolist() == [True, False]


def test_bind_finds_names_or_says_minus_one() -> None:
    """A model is bound by names; what the layout does not have is -1."""
    layout = Layout()
    layout.extend(["battery_pct"], ["light"])
    names = ["device_type=light", "gone.raw", "gap_h", "battery_pct.trend"]
    first = len(BASE_COLUMNS)

    assert layout.bind(names).tolist() == [first + len(PER_METRIC), -1, 0, first + PER_METRIC.index("trend")]
    assert layout.bind([]).shape == (0,)


def test_names_that_look_alike_do_not_collide() -> None:
    """A metric may be called like a device type's column or another metric's part without taking its place."""
    layout = Layout()
    layout.extend(["a", "a.raw", "device_type=light"], ["light"])

    assert len(set(layout.columns)) == layout.width


def test_which_metric_a_column_is_of() -> None:
    """Its name says it, whatever a metric is called; calendar and device types are of none."""
    layout = Layout()
    layout.extend(("battery_pct", "a.raw"), ("lamp.raw",))

    assert ["battery_pct", "a.raw"] == list(dict.fromkeys(filter(None, map(metric_of, layout.columns))))
    assert [metric_of(name) for name in (*BASE_COLUMNS, layout.columns[-1])] == [None] * (len(BASE_COLUMNS) + 1)


def test_values_of_a_column_that_came_later() -> None:
    """They are what the windows give a device that has no such metric and is of another type."""
    windows = Windows(horizon_us=86_400_000_000, slot_us=1_800_000_000)
    windows.layout.extend(("battery_pct",), ("lamp", "lock"))
    windows.reserve(1)
    nothing = np.zeros(1, np.int32)
    rows, _ = windows.fold(
        nothing, nothing.astype(np.int16), np.zeros(1, np.int64), nothing, nothing > 0, np.full((1, 1), np.nan)
    )
    first = len(BASE_COLUMNS)
    later = [first + n for n, name in enumerate(windows.layout.columns[first:]) if name != "device_type=lamp"]

    np.testing.assert_array_equal(rows[0, later], absent_values(windows.layout.columns)[later])
    assert np.isnan(absent_values(BASE_COLUMNS)).all()
