"""The distribution of features that a checkpoint was trained on."""

import numpy as np

from service.jobs.training.examples import Examples, read_examples
from service.jobs.training.pool import pooled
from service.jobs.training.reference import reference_of
from service.storage.memory import MemoryExampleStore
from tests.jobs.training.stores import BATTERY, COLUMNS, KEEP, lived


def examples(home_type: str) -> Examples:
    store = MemoryExampleStore()
    store.put(lived(home_type, hours=400))
    return read_examples(store, home_type, COLUMNS, window=10**6, up_to_seq=10**6)


VILLA = examples("villa")


def test_measured_features_only() -> None:
    """No calendar, no flags; for each home type."""
    reference = reference_of(pooled([VILLA, examples("studio")]))

    assert ["villa", "studio"] == list(reference)
    expected = ["gap_h"] + [
        f"{metric}.{part}"
        for metric in ("battery_pct", "temperature_c")
        for part in ("raw", "fast", "slow", "deviation", "trend")
    ]
    assert expected == list(reference["villa"])


def test_deciles_are_those_of_all_that_matured() -> None:
    """Negatives count as often as there were for each one kept; unknown values are counted apart."""
    found = reference_of(pooled([VILLA]))["villa"]["battery_pct.raw"]
    values = VILLA.rows[:, BATTERY]
    kept = (~VILLA.labels).sum() / (~VILLA.all_labels).sum()
    assert abs(kept - KEEP) < 0.02
    repeated = np.concatenate([np.tile(values[~VILLA.labels], 1000), np.tile(values[VILLA.labels], int(1000 * kept))])

    np.testing.assert_allclose(
        found.edges, np.nanquantile(repeated, np.arange(1, 10) / 10, method="inverted_cdf"), atol=0.01
    )
    assert abs(found.missing - np.isnan(repeated).mean()) < 0.001
    assert sorted(found.edges) == found.edges


def test_a_feature_that_was_never_known() -> None:
    """It has no deciles."""
    rows = VILLA.rows.copy()
    rows[:, BATTERY] = np.nan
    without = Examples(**{name: getattr(VILLA, name) for name in VILLA.__struct_fields__} | {"rows": rows})
    found = reference_of(pooled([without]))["villa"]["battery_pct.raw"]

    assert ([], 1.0) == (found.edges, found.missing)
