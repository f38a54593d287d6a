"""From the open metrics of readings to a matrix."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from service.features.layout import Layout
from service.features.matrix import metric_matrix

Metrics = dict[str, float | None]


@given(
    st.lists(st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-1e9, 1e9), max_size=6), max_size=12),
    st.integers(1, 8),
)
def test_every_value_stands_in_its_column(readings: list[dict[str, float]], limit: int) -> None:
    """Names take columns as they come, up to the limit; the matrix holds what was said and NaN elsewhere."""
    layout = Layout()
    given_metrics: list[Metrics] = [dict(reading) for reading in readings]
    matrix, dropped = metric_matrix(given_metrics, layout, limit)
    in_order = list(dict.fromkeys(name for reading in readings for name in reading))

    assert in_order[:limit] == layout.metrics
    assert (len(readings), len(layout.metrics)) == matrix.shape
    assert sum(name not in layout.metrics for reading in readings for name in reading) == dropped
    for i, reading in enumerate(readings):
        for j, name in enumerate(layout.metrics):
            value = reading.get(name)
            assert np.isnan(matrix[i, j]) if value is None else matrix[i, j] == value


def test_null_is_missing_and_not_zero() -> None:
    """``null`` is NaN, like absence."""
    matrix, dropped = metric_matrix([{"a": 0.0, "b": 1.0}, {"a": None, "b": 2.0}, {"b": 3.0}], Layout(), 8)

    np.testing.assert_array_equal(matrix, [[0.0, 1.0], [np.nan, 2.0], [np.nan, 3.0]])
    assert dropped == 0


def test_null_is_the_same_as_absence() -> None:
    """A name that never had a value takes no column and no place below the limit, and nothing of it is dropped."""
    layout = Layout()
    matrix, dropped = metric_matrix([{"a": None, "b": 1.0}, {"b": 2.0, "c": None}], layout, 1)

    assert layout.metrics == ["b"]
    assert matrix.tolist() == [[1.0], [2.0]]
    assert dropped == 0


def test_order_of_names_in_a_reading_does_not_matter() -> None:
    """The same values in another order are the same row."""
    layout = Layout()
    matrix, _ = metric_matrix([{"a": 1.0, "b": 2.0}, {"b": 2.0, "a": 1.0}], layout, 8)

    assert matrix[0].tolist() == matrix[1].tolist()


def test_known_layout_keeps_its_columns() -> None:
    """Columns of earlier batches keep their place, and count against the limit."""
    layout = Layout()
    layout.extend(["z", "y"], [])
    matrix, dropped = metric_matrix([{"a": 1.0, "y": 2.0, "b": 3.0}, {"b": 4.0}], layout, 3)

    assert layout.metrics == ["z", "y", "a"]
    np.testing.assert_array_equal(matrix, [[np.nan, 2.0, 1.0], [np.nan, np.nan, np.nan]])
    assert dropped == 2


def test_no_readings() -> None:
    """Nothing in, nothing out."""
    matrix, dropped = metric_matrix([], Layout(), 3)

    assert matrix.shape == (0, 0)
    assert dropped == 0


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abcde"), st.none() | st.floats(-1e6, 1e6), max_size=5), min_size=8, max_size=20
    )
)
def test_many_rows_are_as_one_by_one(metrics: list[dict[str, float | None]]) -> None:
    """However many are put into a matrix at once, with names known or new, the values are those of single rows."""
    together, known = Layout(), Layout()
    known.extend(tuple("edcba"), ())

    at_once, _ = metric_matrix(metrics, together, 8)
    known_at_once, dropped = metric_matrix(metrics, known, 8)
    single = np.concatenate([metric_matrix([row], known, 8)[0] for row in metrics])

    assert dropped == 0
    np.testing.assert_array_equal(known_at_once, single)
    np.testing.assert_array_equal(at_once, single[:, [known.metric_index[name] for name in together.metrics]])
