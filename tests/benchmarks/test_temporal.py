"""Temporal: worlds without a pattern and forests without a feature, told by regular ids."""

from pathlib import Path

import pytest

from benchmarks.report import make_report
from benchmarks.temporal import FEATURES, PATTERNS, measure
from benchmarks.workload import Workload

pytestmark = pytest.mark.timeout(300)


def test_worlds_and_features_are_compared() -> None:
    """Each has its quality and its loss with intervals; the loss is what is missing to all patterns and features."""
    workload = Workload(data=Path(), seed=1, full=False)
    rows = measure(workload, samples=150, held_out=1_000, forests=1, patterns=["daily"], year_s=10 * 86_400)
    values = {row.id.removeprefix("temporal."): row.value for row in make_report("temporal", 1, rows).rows}
    worlds = ["all", "world_without_daily", "world_without_patterns"]
    features = [f"features_without_{feature}" for feature in FEATURES]

    for what in worlds + features:
        low, value, high = (values[f"{what}.pr_auc{end}"] for end in (".low", "", ".high"))
        assert 0.0 <= (low or 0.0) <= (high or 0.0) <= 1.0
        if what != "all":
            assert values[f"{what}.pr_auc_loss"] == pytest.approx((values["all.pr_auc"] or 0.0) - (value or 0.0))
            assert f"{what}.roc_auc_loss.high" in values
    for feature in FEATURES:
        assert values[f"all.{feature}_loss"] == values[f"features_without_{feature}.pr_auc_loss"]
        assert f"world_without_daily.{feature}_loss.low" in values
    assert all(0.01 < (values[f"{world}.positive_share"] or 0.0) < 0.06 for world in worlds)
    assert {"daily", "weekly", "seasonal"} < set(PATTERNS)
