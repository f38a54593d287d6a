"""Members: what those of the committee cost and take, measured on the models that a service left behind.

An online member learns some of the examples once more and scores a sample, both timed; that counts for as many as it
learned, and for every reading. A checkpoint's training is timed once on what the service chose, and counts twice for
each training there was: to be judged, and to serve. What all members share (features, log, HTTP) is in the cost of the
``committee`` alone, which is the CPU time of all of the service's processes.
"""

import pickle
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.prequential.played import Cost, Floats, Played, Rows
from service.models.artifact import from_arrays
from service.models.bound import BoundModel
from service.models.committee import BASELINE, CHECKPOINT, GLOBAL_MEMBERS, HOME_MEMBERS, PRIOR
from service.models.compiled import CompiledModel
from service.models.forest import train_forest
from service.models.online import OnlineModel
from service.models.prior import Prior
from service.pipeline.learning.snapshot import MODELS_MADE_WITH, load_models
from service.storage.registry import load_arrays
from service.storage.snapshots import SnapshotStore, folder_key

_LEARNED, _SCORED = 400, 20_000
_MILLION = 1e6


def member_costs(folder: Path, played: Played, home_types: list[str], trainings: int) -> dict[str, Cost]:
    """The cost of each member that there is, by name.

    Args:
        folder: The data folder of the service, which has stopped.
        played: What was read from it.
        home_types: In the order by which devices are numbered.
        trainings: How many checkpoints were trained.
    """
    models = _online(folder)
    home_type = [home_types[number] for number in (played.device >> 32).tolist()]
    rng = np.random.default_rng(0)
    chosen = np.flatnonzero(played.chosen)
    learned = np.sort(rng.choice(chosen, min(_LEARNED, len(chosen)), replace=False))
    scored = played.rows[np.sort(rng.choice(len(played.rows), min(_SCORED, len(played.rows)), replace=False))]
    per_reading = len(chosen) / max(played.readings, 1)
    out: dict[str, Cost] = {}
    for member in (*HOME_MEMBERS, *GLOBAL_MEMBERS):
        mine = {key: model for key, model in models.items() if key == member or key.startswith(f"{member}@")}
        mine = {key: model for key, model in mine.items() if model.learned}
        if not mine or not len(learned):
            continue
        size = sum(len(pickle.dumps(model, protocol=5)) for model in mine.values())
        largest = max(mine.values(), key=lambda model: model.learned).compiled()
        score_s = _scoring_s(largest, played.columns, scored) if largest is not None else 0.0
        learn_s = _learning_s(mine, member, played, learned, home_type)
        out[member] = Cost(cpu_s=_MILLION * (learn_s * per_reading + score_s), bytes=size)
    return out | _batch(folder, played, scored, chosen, trainings) | {PRIOR: _prior(played)}


def _online(folder: Path) -> dict[str, OnlineModel]:
    store = SnapshotStore(folder / "snapshots", "models", key=folder_key(folder), made_with=MODELS_MADE_WITH)
    return next((load_models(blob) for _, blob in store.newest_first()), {})


def _learning_s(
    models: dict[str, OnlineModel], member: str, played: Played, learned: npt.NDArray[np.int64], home_type: list[str]
) -> float:
    """CPU seconds for an example."""
    work = []
    for place in learned.tolist():
        model = models.get(member) or models.get(f"{member}@{home_type[place]}")
        if model is not None:
            row = {n: v for n, v in zip(played.columns, played.rows[place].tolist(), strict=True) if v == v}
            work.append((model, row, bool(played.labels[place])))
    began = time.process_time()
    for model, row, label in work:
        model.learn(row, label)
    return (time.process_time() - began) / max(len(work), 1)


def _scoring_s(model: CompiledModel, columns: list[str], rows: Rows) -> float:
    """CPU seconds for a row."""
    place = {name: number for number, name in enumerate(columns)}
    bound = BoundModel(model, np.array([place.get(name, -1) for name in model.names], np.int32))
    bound.score(rows[:10])  # the first call loads the kernel
    began = time.process_time()
    bound.score(rows)
    return (time.process_time() - began) / len(rows)


def _batch(
    folder: Path, played: Played, scored: Rows, chosen: npt.NDArray[np.int64], trainings: int
) -> dict[str, Cost]:
    """Checkpoint and baseline: the files that lie there, the newest of each home type."""
    files: dict[str, dict[str, tuple[int, Path]]] = {BASELINE: {}, CHECKPOINT: {}}
    for path in (folder / "models").glob("*.npz"):
        name, _, whose = path.stem.partition("@")
        kind, _, number = name.partition("-")
        if kind in files and int(number or 0) >= files[kind].get(whose, (0, path))[0]:
            files[kind][whose] = (int(number or 0), path)
    out: dict[str, Cost] = {}
    for kind, newest in files.items():
        if not newest:
            continue
        arrays = [load_arrays(path) for _, path in newest.values()]
        size = sum(array.nbytes for part, _ in arrays for array in part.values())
        score_s = _scoring_s(from_arrays(*arrays[0])[0], played.columns, scored)
        fits = 2 * trainings if kind == CHECKPOINT else 0  # the baseline was trained elsewhere
        fit_s = _fitting_s(played, chosen) if fits else 0.0
        out[kind] = Cost(cpu_s=_MILLION * (fits * fit_s / max(played.readings, 1) + score_s), bytes=size)
    return out


def _fitting_s(played: Played, chosen: npt.NDArray[np.int64]) -> float:
    labels = played.labels[chosen]
    if labels.all() or not labels.any():
        return 0.0
    began = time.process_time()
    train_forest(played.rows[chosen], labels, seed=0)
    return time.process_time() - began


def _prior(played: Played) -> Cost:
    labels = played.labels[:_SCORED].tolist()
    prior = Prior()
    risks: Floats = np.empty(len(labels))
    began = time.process_time()
    for i, label in enumerate(labels):
        risks[i] = prior.risk()
        prior.learn(label)
    spent = time.process_time() - began
    return Cost(cpu_s=_MILLION * spent / max(len(labels), 1), bytes=len(pickle.dumps(prior, protocol=5)))
