"""The reference: how features were distributed when a checkpoint was trained, for whoever watches them afterwards."""

import numpy as np

from service.contracts.checkpoints import FeatureReference
from service.features.layout import measured
from service.jobs.training.pool import Floats, Pool

_DECILES = np.linspace(0.1, 0.9, 9)


def reference_of(pool: Pool) -> dict[str, dict[str, FeatureReference]]:
    """Deciles and share of unknown values of the measured features, by home type and feature."""
    place = {name: n for n, name in enumerate(pool.columns)}
    out: dict[str, dict[str, FeatureReference]] = {}
    for home_type, columns in pool.columns_of.items():
        here = pool.home_type == home_type
        if here.any():
            rows, weights = pool.rows[here], pool.weights[here]
            out[home_type] = {
                column: _reference(rows[:, place[column]].astype(np.float64), weights)
                for column in columns
                if measured(column)
            }
    return out


def _reference(values: Floats, weights: Floats) -> FeatureReference:
    known = ~np.isnan(values)
    missing = float(f"{weights[~known].sum() / weights.sum():.6g}")
    if not known.any():
        return FeatureReference(edges=[], missing=1.0)
    order = np.argsort(values[known], kind="stable")
    passed = np.cumsum(weights[known][order])
    at = np.searchsorted(passed, _DECILES * passed[-1])
    return FeatureReference(edges=[float(f"{v:.6g}") for v in values[known][order][at]], missing=missing)
