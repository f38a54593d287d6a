"""The simulated fleet is worth learning from: the realism benchmark, small."""

from pathlib import Path

import pytest

from benchmarks.realism import measure
from benchmarks.workload import Workload


@pytest.mark.timeout(300)
def test_the_fleet_is_worth_learning_from() -> None:
    """One reading gives little away, its course and the home type much; nothing is certain; failures are seen early.

    The bounds are those of the whole benchmark where so few samples can show them, else a little wider.
    """
    workload = Workload(data=Path(), seed=1, full=False)
    rows = {
        row.id.removeprefix("realism."): row.value
        for row in measure(workload, samples=24_000, per_home_type=4_000, homes=240, rounds=1)
    }
    values = {name: value for name, value in rows.items() if value is not None}

    assert rows == values
    assert values["depth3_f1"] <= 0.5
    assert values["windowed_gain"] >= 0.15
    assert values["best_pr_auc"] <= 0.98
    assert values["home_type_accuracy"] >= 0.35
    assert values["home_type_swap_loss"] >= 0.04
    assert max(values["calendar_loss"], values["calendar_loss_shuffled"]) >= 0.01
    assert values["lead_hours_progressive"] >= 6
    assert values["generate_per_s"] > values["encode_per_s"] > 0
