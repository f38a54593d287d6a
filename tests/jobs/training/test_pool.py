"""Examples of several home types in one matrix, weighted back to all that matured."""

import numpy as np
import pytest

from service.jobs.training.examples import Examples, read_examples
from service.jobs.training.pool import Span, pooled
from service.storage.memory import MemoryExampleStore
from tests.jobs.training.stores import COLUMNS, HOUR_US, START_US, lived


def examples(home_type: str, *, seed: int = 1, hours: int = 60, columns: list[str] = COLUMNS) -> Examples:
    store = MemoryExampleStore()
    store.put(lived(home_type, seed=seed, hours=hours))
    found = read_examples(store, home_type, COLUMNS, window=10**6, up_to_seq=10**6)
    return Examples(**{name: getattr(found, name) for name in found.__struct_fields__} | {"columns": columns})


VILLA, STUDIO = examples("villa"), examples("studio", seed=2, hours=30)
SPANS = [Span(since_us=START_US + 10 * HOUR_US), Span(before_us=START_US + 20 * HOUR_US, after_seq=4)]


@pytest.mark.parametrize("spans", [None, SPANS])
def test_rows_stand_for_all_that_matured(spans: list[Span] | None) -> None:
    """In each home type and span the weights of a label add up to how many matured with it."""
    pool = pooled([VILLA, STUDIO], spans)
    matured = positive = 0
    for part, span in zip((VILLA, STUDIO), spans or [Span(), Span()], strict=True):
        held = span.holds(part.all_ts, part.all_at_seq, part.all_device)
        here = pool.home_type == part.home_type
        for label in (False, True):
            expected = int((part.all_labels[held] == label).sum())
            assert expected == pytest.approx(pool.weights[here & (pool.labels == label)].sum())
        matured, positive = matured + int(held.sum()), positive + int(part.all_labels[held].sum())

    assert {1.0} == set(pool.weights[pool.labels].tolist())
    assert positive / matured == pool.base_rate
    assert 0 < len(pool) < matured


def test_spans_hold_what_they_say() -> None:
    """From an instant, to before an instant, after an event."""
    pool = pooled([VILLA, STUDIO], SPANS)
    villa, studio = VILLA.ts >= START_US + 10 * HOUR_US, (STUDIO.ts < START_US + 20 * HOUR_US) & (STUDIO.at_seq > 4)

    assert [*VILLA.at_seq[villa], *STUDIO.at_seq[studio]] == pool.at_seq.tolist()
    np.testing.assert_array_equal(np.concatenate([VILLA.rows[villa], STUDIO.rows[studio]]), pool.rows)


def test_columns_are_joined_by_name() -> None:
    """A home type has NaN in the columns that it lacks, and its own values wherever they stand."""
    renamed = [*reversed(COLUMNS[:-1]), "device_type=lock"]
    other = examples("studio", seed=2, hours=30, columns=renamed)
    pool = pooled([VILLA, other])

    assert [*COLUMNS, "device_type=lock"] == pool.columns
    np.testing.assert_array_equal(pool.rows[: len(VILLA.rows), :-1], VILLA.rows)
    np.testing.assert_array_equal(pool.rows[len(VILLA.rows) :, : len(COLUMNS) - 1], other.rows[:, -2::-1])
    assert np.isnan(pool.rows[: len(VILLA.rows), -1]).all()
    assert np.isnan(pool.rows[len(VILLA.rows) :, len(COLUMNS) - 1]).all()


def test_devices_of_home_types_are_different_ones() -> None:
    """The same number in two home types is two devices."""
    both, one = pooled([VILLA, STUDIO]), pooled([VILLA])

    assert len(np.unique(one.device)) + len(np.unique(STUDIO.device)) == len(np.unique(both.device))
    assert one.failing_devices + pooled([STUDIO]).failing_devices == both.failing_devices == 24


def test_an_empty_pool() -> None:
    """Without home types, or in a span that holds nothing."""
    for pool in (pooled([]), pooled([VILLA], [Span(before_us=0)])):
        assert (0, 0, 0, 0.0, False) == (
            len(pool),
            pool.positives,
            pool.failing_devices,
            pool.base_rate,
            pool.two_sided,
        )
