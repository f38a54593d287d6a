"""Sets without delay: a market whose labels are known at once, and a batch task without any time."""

from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from benchmarks.prequential.alone import Table, played_alone
from benchmarks.prequential.contest import COMMITTEE, LIGHTGBM, RETRAINED, Contest, contest, rows_of
from benchmarks.prequential.history import History, questions
from benchmarks.prequential.played import Bools, Cost, Floats, Ints, Played
from benchmarks.prequential.rivals import Kind, retrained
from benchmarks.report import BenchError, Row
from benchmarks.workload import Workload
from service.evaluation.metrics import roc_auc
from service.models.committee import PRIOR

ELEC2, AI4I = ("elec2", "electricity.csv.gz"), ("ai4i2020", "ai4i2020.csv")
_HALF_HOUR_US = 1_800_000_000
_DAY, _WEEK = 48, 336
_QUICK_ROWS = 3_000
_FOLDS, _QUICK_FOLDS = 5, 3
_STEP, _TRAIN_EVERY = 100, 2_000
_ELEC2_COLUMNS = ["period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer"]
_AI4I_COLUMNS = [
    "Air temperature [K]", "Process temperature [K]", "Rotational speed [rpm]", "Torque [Nm]", "Tool wear [min]"
]  # fmt: skip
_AI4I_TYPES = ("L", "M", "H")


def elec2_rows(workload: Workload) -> list[Row]:
    """Elec2: each label is known before the next row; rivals are retrained every week of half-hours.

    Accuracy is that over the whole stream, as it is published; all else is over the last 70 %.
    """
    frame = _read(workload.data_set(*ELEC2), [*_ELEC2_COLUMNS, "class"])
    frame = frame.iloc[:_QUICK_ROWS] if workload.quick else frame
    labels = frame["class"].to_numpy() == 1
    n = np.arange(len(labels))
    table = Table(
        columns=_ELEC2_COLUMNS,
        rows=frame[_ELEC2_COLUMNS].to_numpy(np.float32),
        labels=labels,
        ts=n * _HALF_HOUR_US,
        device=n // _WEEK,  # prices follow each other, so whole weeks are drawn
    )
    played = played_alone(table, workload.seed, step=_DAY, train_every=_WEEK)
    held = contest(played, _WEEK * _HALF_HOUR_US, workload.seed, table=True)
    rows = rows_of("real.elec2", held, workload.seed)
    same_again = np.append(False, labels[:-1])
    rows.append(Row("real.elec2.no_change.accuracy", float((same_again == labels).mean()), "", "higher"))
    for model, risks in held.risks.items():
        right = float(((np.where(held.own[model], risks, held.prior) >= 0.5) == labels).mean())
        rows.append(Row(f"real.elec2.{model}.accuracy", right, "", "higher"))
    return rows


def ai4i_rows(workload: Workload) -> list[Row]:
    """AI4I 2020: there is no time, so it is cross-validated; each row is judged by models that learned other folds."""
    frame = _read(workload.data_set(*AI4I), [*_AI4I_COLUMNS, "Type", "Machine_failure"])
    frame = frame.iloc[:_QUICK_ROWS] if workload.quick else frame
    kinds = np.array([_AI4I_TYPES.index(kind) for kind in frame["Type"]], np.float32)  # in order of quality
    rows = np.column_stack([kinds, frame[_AI4I_COLUMNS].to_numpy(np.float32)])
    labels = frame["Machine_failure"].to_numpy() == 1
    folds = _folds(labels, _QUICK_FOLDS if workload.quick else _FOLDS, workload.seed)
    held = _cross_validated(rows, labels, folds, workload.seed)
    out = rows_of("real.ai4i", held, workload.seed, curves=False)
    for model, risks in held.risks.items():
        out.append(Row(f"real.ai4i.{model}.roc_auc", roc_auc(labels, risks), "", "higher"))
    return out


def _folds(labels: Bools, count: int, seed: int) -> Ints:
    """A fold for each row, (n,), with as many positives in each."""
    out = np.empty(len(labels), np.int64)
    rng = np.random.default_rng(seed)
    for kind in (labels, ~labels):
        places = rng.permutation(np.flatnonzero(kind))
        out[places] = np.arange(len(places)) % count
    return out


def _cross_validated(rows: Any, labels: Bools, folds: Ints, seed: int) -> Contest:
    names = ["type", *_AI4I_COLUMNS]
    whole: dict[str, Floats] = {}
    costs: dict[str, list[Cost]] = {}
    seconds = 0.0
    last: Played | None = None
    rivals: dict[str, Kind] = {RETRAINED: "forest", LIGHTGBM: "lightgbm"}
    for fold in range(int(folds.max()) + 1):
        order = np.argsort(folds == fold, kind="stable")  # those learned from, in the order of the file; then the rest
        learned = int((folds != fold).sum())
        table = Table(
            columns=names,
            rows=np.ascontiguousarray(rows[order], np.float32),
            labels=labels[order],
            ts=np.arange(len(labels)) * _HALF_HOUR_US,
            device=order,
        )
        last = played_alone(table, seed, step=_STEP, train_every=_TRAIN_EVERY, learned=learned)
        seconds += last.seconds
        answers = {COMMITTEE: last.blend, **last.members}
        spent = dict(last.costs)
        for name, kind in rivals.items():
            # Trained once, when all that may be learned is known, and asked about the rest.
            rival = retrained(questions(last), History(last), int(table.ts[learned - 1]), seed, kind)
            answers[name], spent[name] = rival.risks, rival.cost
        for name, risks in answers.items():
            whole.setdefault(name, np.full(len(labels), np.nan))[order[learned:]] = risks[learned:]
        for name, cost in spent.items():
            costs.setdefault(name, []).append(cost)
    assert last is not None
    n = len(labels)
    played = replace(
        last, rows=rows, labels=labels, ts=np.arange(n), device=np.arange(n), blend=whole[COMMITTEE], seconds=seconds,
        members={name: whole[name] for name in last.members},
    )  # fmt: skip
    mean = {
        name: Cost(cpu_s=sum(c.cpu_s for c in some) / len(some), bytes=some[-1].bytes) for name, some in costs.items()
    }
    own = {name: ~np.isnan(risks) for name, risks in whole.items()}
    return Contest(
        played=played, risks={name: np.nan_to_num(risks) for name, risks in whole.items()}, own=own,
        prior=whole[PRIOR], costs=mean, judged=np.ones(n, np.bool_), answered_day={},
    )  # fmt: skip


def _read(path: Path, columns: list[str]) -> Any:
    import pandas as pd  # takes a second

    frame = pd.read_csv(path, encoding="utf-8-sig")
    absent = [column for column in columns if column not in frame.columns]
    if absent:
        raise BenchError(f"{path} has no column {absent[0]!r}")
    return frame
