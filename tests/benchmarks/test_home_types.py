"""Home types: rows that a report can be made of, and figures that can be."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.batch.stream import Failed
from benchmarks.home_types import measure
from benchmarks.home_types.failures import groups_of, patterns_of
from benchmarks.home_types.quality import MODELS
from benchmarks.report import make_report
from benchmarks.workload import Workload
from simulator.world.devices import MODE_CODE
from simulator.world.homes import HOME_TYPES

pytestmark = pytest.mark.timeout(300)
SPAN_S = 20 * 86_400
NAMES = [kind.name for kind in HOME_TYPES]


@pytest.fixture(scope="module")
def values() -> dict[str, float | None]:
    """The rows of a tiny run."""
    workload = Workload(data=Path(), seed=1, full=False)
    rows = measure(workload, samples=30, known=1_200, held_out=250, rounds=1, year_s=SPAN_S)
    return {row.id: row.value for row in make_report("home-types", 1, rows).rows}


def test_every_model_is_judged_on_every_home_type(values: dict[str, float | None]) -> None:
    """Each metric with its interval, of each home type and of all, between 0 and 1."""
    for where in (*NAMES, "all"):
        for model in MODELS:
            for metric in ("accuracy", "precision", "recall", "f1", "pr_auc", "roc_auc"):
                name = f"home_types.{where}.{model}.{metric}"
                told = [values[name], values[f"{name}.low"], values[f"{name}.high"]]
                assert all(value is None or 0.0 <= value <= 1.0 for value in told), name


def test_the_cross_matrix_is_whole(values: dict[str, float | None]) -> None:
    """Every forest scores every home type, and on its own it is the home type's own model."""
    for trained_on in NAMES:
        for scored in NAMES:
            assert f"home_types.cross.{trained_on}.{scored}.pr_auc.high" in values
        own = values[f"home_types.cross.{trained_on}.{trained_on}.pr_auc"]
        assert own == values[f"home_types.{trained_on}.random_forest.pr_auc"]


def test_accuracy_has_its_measure_beside_it(values: dict[str, float | None]) -> None:
    """A reader sees how right somebody is who foretells nothing."""
    for name in NAMES:
        examples, positives = (values[f"home_types.{name}.held_out.{what}"] for what in ("examples", "positives"))
        assert examples == 250
        assert values[f"home_types.{name}.never_warning.accuracy"] == pytest.approx(1.0 - (positives or 0.0) / 250)


def test_shares_of_failures_add_up(values: dict[str, float | None]) -> None:
    """By mode, by hours and by season each failure is counted once."""
    for name in NAMES:
        for what, count in (("mode", 7), ("hours", 8), ("season", 4)):
            start = f"home_types.{name}.failures.{what}."
            shares = [value for key, value in values.items() if key.startswith(start) and value is not None]
            assert len(shares) == count
            assert sum(shares) == pytest.approx(1.0)


def test_failures_are_counted_in_local_time() -> None:
    """A failure at 23:30 on 31 December is one of the evening and of winter; other home types' do not count."""
    local_s = np.array(["2025-12-31T23:30", "2025-07-01T00:00", "2025-07-01T03:00"], "M8[s]").astype(np.int64)
    mode = np.array([MODE_CODE["battery"], MODE_CODE["wear"], MODE_CODE["wear"]], np.int8)
    told = patterns_of(Failed(home_type=np.array([2, 2, 1], np.int8), mode=mode, local_s=local_s), 2)

    assert {name: share for name, share in told["mode"].items() if share} == {"battery": 0.5, "wear": 0.5}
    assert {name: share for name, share in told["hours"].items() if share} == {"21": 0.5, "00": 0.5}
    assert {name: share for name, share in told["season"].items() if share} == {"winter": 0.5, "summer": 0.5}


def test_columns_that_tell_of_the_same_are_shuffled_together() -> None:
    """All columns of a metric, both of an hour, all kinds of devices."""
    columns = ["gap_h", "hour_sin", "hour_cos", "season_sin", "power_w.raw", "power_w.fast", "device_type=light"]

    assert groups_of(columns) == {"gap": [0], "hour": [1, 2], "season": [3], "power_w": [4, 5], "device_type": [6]}
