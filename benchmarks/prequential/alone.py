"""Alone: the committee's own parts without a service, for sets whose labels are known before the next row comes.

A service counts a horizon at least, and a table without devices has no failures to tell. So here the members, the
weights, the calibration and the blend are called directly: each row is asked about, then learned. There is one home
type, so no global members, and no baseline. Nothing is benched but what is cold.
"""

import pickle
import time
from itertools import pairwise

import numpy as np
from msgspec import Struct

from benchmarks.prequential.played import DAY_US, Bools, Cost, Floats, Ints, Played, Rows
from service.models.blend import RAW_FLOOR, blend
from service.models.bound import BoundModel
from service.models.committee import CHECKPOINT, HOME_MEMBERS, PRIOR, STACKED, shares
from service.models.forest import compile_random_forest, train_forest
from service.models.online import OnlineModel
from service.models.prior import Prior
from service.models.stacking import Stacking, expected, member_logits
from service.pipeline.learning.bench import WARM_POSITIVES, carrying
from service.pipeline.learning.calibration import HomeTypeCalibration, fleet_calibration

_MEMBERS = (*HOME_MEMBERS, CHECKPOINT, PRIOR)


class Table(Struct, frozen=True, kw_only=True):
    """Rows with labels that are known at once.

    Attributes:
        columns: Feature names, (f,).
        rows: float32 (n, f).
        labels: (n,).
        ts: Instants in microseconds, ascending; (n,).
        device: What is drawn in the bootstrap: rows that resemble each other have the same number; (n,).
    """

    columns: list[str]
    rows: Rows
    labels: Bools
    ts: Ints
    device: Ints


class _Alone:
    def __init__(self, table: Table, seed: int) -> None:
        self.table = table
        self.online = {name: OnlineModel(kind, seed) for name, kind in HOME_MEMBERS.items()}
        self.prior = Prior()
        self.spent = dict.fromkeys((*_MEMBERS, "committee"), 0.0)
        self.size = dict.fromkeys(_MEMBERS, 0)
        self._seed = seed
        self._stacking = Stacking(expected(), DAY_US)
        self._calibration = HomeTypeCalibration()
        self._fleet = fleet_calibration()
        self._checkpoint: BoundModel | None = None

    def train(self, known: int) -> None:
        """Train the checkpoint on the first so many rows."""
        began = time.process_time()
        rows, labels = self.table.rows[:known], self.table.labels[:known]
        if WARM_POSITIVES <= labels.sum() < known:
            forest = compile_random_forest(train_forest(rows, labels, seed=self._seed), self.table.columns)
            self._checkpoint = BoundModel(forest, np.arange(len(self.table.columns), dtype=np.int32))
            self.size[CHECKPOINT] = len(pickle.dumps(forest, protocol=5))
        self.spent[CHECKPOINT] += time.process_time() - began

    def ask(self, part: slice, *, learn: bool) -> tuple[Floats, Floats]:
        """The blend of some rows, (n,), and the risks by member, NaN where one gave none, (n, members)."""
        rows, labels = np.ascontiguousarray(self.table.rows[part]), self.table.labels[part].tolist()
        risks = np.full((len(rows), len(_MEMBERS)), np.nan)
        seated = [name for name, model in self.online.items() if model.positives >= WARM_POSITIVES]
        dicts = [dict(zip(self.table.columns, row, strict=True)) for row in rows.tolist()]
        for place, (name, model) in enumerate(self.online.items()):
            began = time.process_time()
            for i, (row, label) in enumerate(zip(dicts, labels, strict=True)):
                if model.learned:
                    risks[i, place] = model.predict(row)
                if learn:
                    model.learn(row, label)
            self.spent[name] += time.process_time() - began
        if self._checkpoint is not None:
            began = time.process_time()
            risks[:, _MEMBERS.index(CHECKPOINT)] = self._checkpoint.score(rows)
            seated.append(CHECKPOINT)
            self.spent[CHECKPOINT] += time.process_time() - began
        for i, label in enumerate(labels):
            risks[i, -1] = self.prior.risk()
            if learn:
                self.prior.learn(label)
        return self._blended(risks, carrying([*seated, PRIOR])), risks

    def weigh(self, part: slice, risks: Floats) -> None:
        """Let weights and calibration learn of some rows and of what the members said."""
        began = time.process_time()
        labels = self.table.labels[part]
        given = {name: risks[:, place].astype(np.float32) for place, name in enumerate(_MEMBERS)}
        at_us = int(self.table.ts[part][-1])
        self._stacking.add(member_logits(given, np.arange(len(labels))), labels, at_us)
        self._stacking.refit(expected(self._fleet.failing))
        voters = [name for name in (*self.online, CHECKPOINT) if not np.isnan(risks[:, _MEMBERS.index(name)]).all()]
        if voters:
            # The rows of one day repeat each other as those of one device do.
            numbers = self.table.device[part].astype(np.int32)
            self._calibration.learn(numbers, labels.astype(np.int8), given, self._weights(voters), self._fleet)
        self.spent["committee"] += time.process_time() - began

    def _weights(self, voters: list[str]) -> dict[str, float]:
        return shares(dict(zip(STACKED, self._stacking.weights.tolist(), strict=True)), voters)

    def _blended(self, risks: Floats, seated: list[str]) -> Floats:
        weights = self._weights(seated)
        share = np.array([weights.get(name, 0.0) for name in _MEMBERS])
        floor = np.array([0.0 if name == PRIOR else RAW_FLOOR for name in _MEMBERS])
        shift = np.zeros(len(_MEMBERS))  # nothing is left out of what is learned
        slope, offset = (
            (1.0, 0.0)
            if len(seated) == 1 and seated[0] not in self.online
            else (self._calibration.slope, self._calibration.offset)
        )
        out = np.empty(len(risks))
        blend(risks, floor, shift, share, slope, offset, out)
        return out


def played_alone(table: Table, seed: int, *, step: int, train_every: int, learned: int | None = None) -> Played:
    """Ask about each row, then learn it.

    Args:
        table: The rows, in order.
        seed: Of the models.
        step: After so many rows weights and calibration learn; models learn after each.
        train_every: After so many rows the checkpoint is trained anew; a multiple of ``step``.
        learned: Only the first so many rows are learned, the others only asked about; None for all.
    """
    began = time.monotonic()
    n = len(table.labels)
    learned = n if learned is None else learned
    committee = _Alone(table, seed)
    blends, risks = np.empty(n), np.empty((n, len(_MEMBERS)))
    edges = sorted({*range(0, learned, step), learned, n})
    for low, high in pairwise(edges):
        part = slice(low, high)
        if low and (low == learned or (low < learned and low % train_every == 0)):
            committee.train(low)
        blends[part], risks[part] = committee.ask(part, learn=low < learned)
        if low < learned:
            committee.weigh(part, risks[part])
    for name, model in committee.online.items():
        committee.size[name] = len(pickle.dumps(model, protocol=5))
    spent = committee.spent | {"committee": sum(committee.spent.values())}
    costs = {
        name: Cost(cpu_s=1e6 * seconds / n, bytes=committee.size.get(name) or None)
        for name, seconds in spent.items()
        if name != PRIOR
    }
    return Played(
        columns=table.columns, rows=table.rows, ts=table.ts, labels=table.labels,
        chosen=np.arange(n) < learned, device=table.device, blend=blends,
        members={name: risks[:, place] for place, name in enumerate(_MEMBERS)},
        horizon_us=0, seconds=time.monotonic() - began, costs=costs,
    )  # fmt: skip
