"""Real tables: what is wrong with one is told at once, and a good one goes all the way."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.prequential.alone import Table, played_alone
from benchmarks.real import measure
from benchmarks.real.own import stream_of
from benchmarks.real.sets import ai4i_rows, elec2_rows
from benchmarks.report import BenchError
from benchmarks.workload import OwnTable, Workload

MAPPING = """
[device]
column = "unit"
home_type = "pump"
[time]
column = "hour"
kind = "cycle"
origin = "2024-01-01T00:00:00Z"
unit = "1h"
[metrics]
columns = ["heat"]
"""
FAILURE = """
[failure]
kind = "flag"
column = "broken"
"""


def _own(folder: Path, *, mapping: str = MAPPING + FAILURE, horizon: str = "6h", hours: int = 60) -> OwnTable:
    """Sixteen pumps of which every other one gets hot and fails."""
    rng = np.random.default_rng(1)
    lines = ["unit,hour,heat,broken"]
    for unit in range(16):
        last = 24 + 2 * unit if unit % 2 else hours - 1
        for hour in range(min(last + 1, hours)):
            hot = 5.0 * (unit % 2 and last - hour < 6)
            lines.append(f"{unit},{hour},{rng.normal() + hot:.3f},{int(unit % 2 and hour == last)}")
    (folder / "My pumps.csv").write_text("\n".join(lines))
    (folder / "map.toml").write_text(mapping)
    return OwnTable(file=folder / "My pumps.csv", mapping=folder / "map.toml", horizon=horizon)


def _refused(own: OwnTable) -> str:
    with pytest.raises(BenchError) as refused:
        stream_of(own, quick=False)
    return str(refused.value)


def test_what_is_wrong_is_told_before_anything_is_played(tmp_path: Path) -> None:
    """One line, which names file or flag."""
    good = _own(tmp_path)

    assert "--horizon: '7 weeks' is no duration" in _refused(_own(tmp_path, horizon="7 weeks"))
    assert "at least a second" in _refused(_own(tmp_path, horizon="10ms"))
    assert "no label becomes final" in _refused(_own(tmp_path, horizon="7d"))
    assert "without [failure]" in _refused(_own(tmp_path, mapping=MAPPING))
    assert "heat2" in _refused(_own(tmp_path, mapping=(MAPPING + FAILURE).replace("heat", "heat2")))
    assert "tells of no failure" in _refused(_own(tmp_path, mapping=MAPPING + FAILURE + "value = 2"))
    assert "no.csv" in _refused(OwnTable(file=tmp_path / "no.csv", mapping=good.mapping, horizon="6h"))
    assert "no.toml" in _refused(OwnTable(file=good.file, mapping=tmp_path / "no.toml", horizon="6h"))


def test_a_table_nobody_has_seen_goes_all_the_way(tmp_path: Path) -> None:
    """Through a real service, with all rivals, under a name made of the file's."""
    workload = Workload(data=tmp_path, seed=1, full=False, table=_own(tmp_path))

    value = {row.id: row.value for row in measure(workload)}

    assert 0 < (value["real.my_pumps.judged"] or 0) < (value["real.my_pumps.examples"] or 0)
    assert 0.0 < (value["real.my_pumps.committee.pr_auc"] or 0.0) <= 1.0
    models = ("frozen", "retrained_forest", "retrained_lightgbm", "prior")
    assert {f"real.my_pumps.{model}.pr_auc" for model in models} <= set(value)
    assert "real.my_pumps.minus_retrained" in value


def test_labels_that_are_known_at_once_are_asked_for_first() -> None:
    """The risk of a row does not change with its own label, and that of later ones does."""
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(600, 2)).astype(np.float32)
    labels = rows[:, 0] > 0.0
    other = np.concatenate([labels[:400], ~labels[400:]])

    def answers(told: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        table = Table(columns=["a", "b"], rows=rows, labels=told, ts=np.arange(600), device=np.arange(600))
        return played_alone(table, 1, step=50, train_every=100).blend

    one, two = answers(labels), answers(other)

    assert np.array_equal(one[:401], two[:401])
    assert not np.array_equal(one[401:], two[401:])
    assert ((one[200:] > 0.5) == labels[200:]).mean() > 0.9


def test_a_forest_that_learned_all_rows_is_taken_at_its_word() -> None:
    """Where nothing tells failures apart, the checkpoint's risk is about their share."""
    rng = np.random.default_rng(1)
    rows, labels = rng.normal(size=(3_000, 2)).astype(np.float32), rng.random(3_000) < 0.05
    table = Table(columns=["a", "b"], rows=rows, labels=labels, ts=np.arange(3_000), device=np.arange(3_000))

    risk = played_alone(table, 1, step=100, train_every=1_000).members["checkpoint"]

    assert float(np.nanmean(risk)) == pytest.approx(labels.mean(), rel=0.3)


def test_elec2_and_ai4i_in_small(tmp_path: Path) -> None:
    """Files of their form give accuracy and the no-change figure, and out-of-fold risks for every row."""
    rng = np.random.default_rng(1)
    n = 800
    state = np.cumsum(rng.random(n) < 0.1) % 2
    heat = rng.normal(size=n) + 3.0 * state
    elec2, ai4i = tmp_path / "elec2" / "electricity.csv.gz", tmp_path / "ai4i2020" / "ai4i2020.csv"
    for path in (elec2, ai4i):
        path.parent.mkdir()
    columns = ["period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer"]
    pd.DataFrame(dict.fromkeys(columns, heat) | {"class": state}).to_csv(elec2, index=False)
    metrics = ["Air temperature [K]", "Process temperature [K]", "Rotational speed [rpm]", "Torque [Nm]"]
    pd.DataFrame(
        {"Type": "L"} | dict.fromkeys([*metrics, "Tool wear [min]"], heat) | {"Machine_failure": state}
    ).to_csv(ai4i, index=False)
    workload = Workload(data=tmp_path, seed=1, full=False, quick=True)

    value = {row.id: row.value for row in [*elec2_rows(workload), *ai4i_rows(workload)]}

    same = float((np.append(0, state[:-1]) == state).mean())
    assert same == pytest.approx(value["real.elec2.no_change.accuracy"])
    assert (value["real.elec2.committee.accuracy"] or 0.0) > 0.8
    assert n == value["real.ai4i.judged"]
    assert (value["real.ai4i.retrained_forest.pr_auc"] or 0.0) > 0.8
    assert (value["real.ai4i.committee.roc_auc"] or 0.0) > 0.8


def test_a_set_of_another_form_is_told(tmp_path: Path) -> None:
    """The error names the column that is absent."""
    (tmp_path / "elec2").mkdir()
    path = tmp_path / "elec2" / "electricity.csv.gz"
    path.write_bytes(gzip.compress(b"period,class\n1,0\n"))

    with pytest.raises(BenchError, match="nswprice"):
        elec2_rows(Workload(data=tmp_path, seed=1, full=False))
