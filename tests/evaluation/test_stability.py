"""A reference says how rows lie between their deciles, and how far they wander by themselves."""

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from service.evaluation.stability import (
    DAY_US,
    Reference,
    counts_of,
    reference_of,
    shares_of,
    stability_index,
)

COLUMNS = ["gap_h", "hour_sin", "a.raw", "a.fast", "a.slow", "a.deviation", "a.trend", "a.missing", "device_type=light"]


def week(seed: int = 1, rows: int = 7000) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((rows, len(COLUMNS))).astype(np.float32), np.arange(rows) * 7 * DAY_US // rows


def shares(reference: Reference) -> npt.NDArray[np.float64]:
    return np.frombuffer(reference.shares).reshape(len(reference.columns), 11)


def edges(reference: Reference) -> npt.NDArray[np.float32]:
    return np.frombuffer(reference.edges, np.float32).reshape(len(reference.columns), 9)


def made(rows: npt.NDArray[np.float32], ts: npt.NDArray[np.int64], **more: npt.NDArray[np.float64]) -> Reference:
    reference = reference_of(COLUMNS, rows, ts, DAY_US, **more)
    assert reference is not None
    return reference


def test_a_reference_holds_deciles_of_what_is_watched() -> None:
    """Calendar, device type and what follows rhythms is left out; a tenth of the rows lies between two deciles."""
    rows, ts = week()
    reference = made(rows, ts)
    assert reference.columns == ["gap_h", "a.fast", "a.missing"]
    assert edges(reference)[0] == pytest.approx(np.quantile(rows[:, 0], np.arange(1, 10) / 10), abs=0.01)
    assert shares(reference)[:, :10] == pytest.approx(0.1, abs=0.001)
    assert shares(reference)[:, 10] == pytest.approx(0.0, abs=0.001)
    assert np.frombuffer(reference.wander) == pytest.approx(0.01, abs=0.02)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(reference), type=Reference) == reference


def test_weights_stand_for_rows_that_were_not_sampled() -> None:
    """Every second row of the upper half, weighted twice, makes the reference of all rows."""
    rows, ts = week(rows=40_000)
    kept = (rows[:, 0] < 0) | (np.arange(len(rows)) % 2 == 0)
    weight = np.where(rows[kept, 0] < 0, 1.0, 2.0)
    assert edges(made(rows[kept], ts[kept], weight=weight))[0] == pytest.approx(edges(made(rows, ts))[0], abs=0.05)


def test_a_rhythm_makes_a_feature_wander() -> None:
    """A value that is another one every day is known to wander, one that is not does not."""
    rows, ts = week()
    rows[:, 3] += (ts // DAY_US) % 7
    wander = dict(zip(made(rows, ts).columns, np.frombuffer(made(rows, ts).wander), strict=True))
    assert wander["a.fast"] > 1.0
    assert wander["gap_h"] < 0.1


def test_too_little_makes_no_reference() -> None:
    """No rows, less than three windows, or nothing to watch."""
    rows, ts = week()
    assert reference_of(COLUMNS, rows[:0], ts[:0], DAY_US) is None
    assert reference_of(COLUMNS, rows, ts // 4, DAY_US) is None
    assert reference_of(COLUMNS, rows[::100], ts[::100], DAY_US) is None
    assert reference_of(["hour_sin"], rows[:, :1], ts, DAY_US) is None
    assert reference_of(COLUMNS, rows, ts, 3 * DAY_US) is not None


@given(
    hnp.arrays(
        np.float32, st.tuples(st.integers(0, 30), st.just(2)), elements=st.floats(-3, 3, width=32) | st.just(np.nan)
    )
)
def test_every_row_is_in_one_bin(values: npt.NDArray[np.float32]) -> None:
    """Counts add up to the rows; missing values are in the last bin, edges in the bin below them."""
    deciles = np.array([[-2, -1, -1, 0, 0, 1, 1, 2, np.inf], [np.inf] * 9], np.float32)
    counts = counts_of(values, deciles)
    assert counts.sum(axis=1).tolist() == [len(values)] * 2
    assert counts[:, 10].tolist() == np.isnan(values).sum(axis=0).tolist()
    for feature, row in enumerate(counts[:, :10]):
        for place in range(9):
            assert row[: place + 1].sum() == (values[:, feature] <= deciles[feature, place]).sum()


SHARES = hnp.arrays(np.float64, (3, 11), elements=st.floats(0, 100)).map(shares_of)


@given(SHARES, SHARES)
def test_the_index_is_a_distance(p: npt.NDArray[np.float64], q: npt.NDArray[np.float64]) -> None:
    """It is never negative, the same both ways, and 0 only of itself; all shares add up to 1."""
    assert p.sum(axis=1) == pytest.approx(1.0)
    assert (stability_index(p, q) >= 0).all()
    assert stability_index(p, q) == pytest.approx(stability_index(q, p))
    assert stability_index(p, p).tolist() == [0.0] * 3


def test_the_index_by_hand() -> None:
    """Two bins of a half that become .6 and .4: .1 ln(.6 / .5) - .1 ln(.4 / .5)."""
    p, q = np.zeros((1, 11)), np.zeros((1, 11))
    p[0, :2], q[0, :2] = (0.5, 0.5), (0.6, 0.4)
    assert stability_index(p, q)[0] == pytest.approx(0.1 * np.log(1.2) - 0.1 * np.log(0.8))
