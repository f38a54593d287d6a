"""The scoring benchmark, really run, in small."""

from pathlib import Path

from benchmarks.scoring import measure
from benchmarks.workload import Workload


def test_compiled_models_are_compared_with_their_originals() -> None:
    """Each model has its four figures; the numbers are equal, and rates and speedup fit together."""
    rows = measure(Workload(data=Path(), seed=1, full=False), drawn=2_000, scored=50, rounds=3)

    value = {row.id: row.value for row in rows}
    assert len(value) == len(rows) == 3 * 4 + 1
    for model in ("forest", "logistic", "random_forest"):
        name = f"scoring.{model}"
        original, compiled = value[f"{name}.original.rows_per_s"], value[f"{name}.compiled.rows_per_s"]
        speedup, difference = value[f"{name}.speedup"], value[f"{name}.largest_difference"]
        assert original is not None
        assert compiled is not None
        assert speedup is not None
        assert difference is not None
        assert abs(compiled / original / speedup - 1.0) < 1e-9
        assert difference < 1e-12
