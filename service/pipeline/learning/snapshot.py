"""The learner's fold as bytes and back, in two parts.

The *fold* part holds labels, counts, losses and devices; the *models* part holds the River models, which do not survive
River's upgrades. If the models part is missing or foreign, the models learn again from the training store, in the
original order, and come out the same.

The columns of the fold part lie beside the pickle, as they are in memory: a snapshot of millions of pending examples
takes no memory to make.

Reading uses an unpickler that knows a short list of names and resolves no others; the bytes come from a
`service.storage.snapshots.SnapshotStore`, which checks them under the folder's key before.
"""

import io
import pickle
import struct
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Any

import numpy as np

from service.contracts.events import SCHEMA
from service.contracts.ports import EventLog, ExampleStore, MaturedExamples
from service.models.online import OnlineModel
from service.pipeline.learning.config import LearnSettings
from service.pipeline.learning.learn import LearnerFold

_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

FOLD_MADE_WITH = {"events": str(SCHEMA), "learner": "9", "python": _PYTHON, "numpy": version("numpy").split(".")[0]}
"""A fold part of other versions is not read."""

MODELS_MADE_WITH = {"models": "3", "python": _PYTHON, "river": version("river")}
"""A models part of other versions is not read, and the models learn again."""

_COUNT = struct.Struct("<Q")

_ALLOWED = {
    "builtins": {"bool", "bytearray", "dict", "float", "frozenset", "int", "list", "set", "tuple"},
    "collections": {"Counter", "OrderedDict", "defaultdict", "deque"},
    "datetime": {"datetime", "timedelta", "timezone"},
    "functools": {"partial"},
    "msgspec._core": {"UNSET"},
    "msgspec._utils": {"rebuild"},
    "numpy": {"dtype", "ndarray"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.numeric": {"_frombuffer"},
    "random": {"Random"},
    "service.contracts.events": {"CheckpointPublished", "Pinned"},
    "service.contracts.outcomes": {"Failure", "Repair", "Retraction"},
    "service.contracts.journal": {"JournalRecord"},
    "service.evaluation.alarm": {"LossWatch"},
    "service.evaluation.calibration": {"Platt"},
    "service.evaluation.drift": {"LossDrift", "LossDrifted"},
    "service.evaluation.feature_drift": {"FeatureDrift"},
    "service.evaluation.stability": {"Reference"},
    "service.features.layout": {"Layout"},
    "service.labels.book": {"Mark", "OutcomeBook"},
    "service.labels.pending": {"Pending", "_Bucket"},
    "service.labels.sampling": {"Sampler"},
    "service.labels.silence": {"LabelSilence"},
    "service.labels.watermark": {"Watermark"},
    "service.models.capped": {"CappedForest", "CappedTree", "LeanSplitter"},
    "service.models.splitter": {"LeanSplitter"},
    "service.models.committee": {"MemberLoss", "Scales"},
    "service.models.online": {"OnlineModel", "signed_log"},
    "service.models.online_modes": {"OnlineModes"},
    "service.models.prior": {"Prior"},
    "service.models.stacking": {"Stacking", "_Ring"},
    "service.pipeline.learning.calibration": {"Calibration", "HomeTypeCalibration"},
    "service.pipeline.learning.diary": {"Diary"},
    "service.pipeline.learning.due": {"Due"},
    "service.pipeline.learning.feature_watch": {"FeatureWatch", "_Sample"},
    "service.pipeline.learning.fleet": {"Fleet"},
    "service.pipeline.learning.home_type": {"HomeTypeFold"},
    "service.pipeline.learning.tally": {"OutcomeTally"},
    "service.pipeline.versions": {"Version", "Versions"},
}


class _Pickler(pickle.Pickler):
    """Leaves the models out of the fold: each is named in its place."""

    def __init__(
        self, file: io.BytesIO, names: dict[int, str], set_aside: Callable[[pickle.PickleBuffer], None]
    ) -> None:
        super().__init__(file, protocol=5, buffer_callback=set_aside)
        self._names = names

    def persistent_id(self, obj: Any) -> str | None:
        return self._names.get(id(obj)) if isinstance(obj, OnlineModel) else None


class _Unpickler(pickle.Unpickler):
    """Resolves the names above, and classes of River; nothing else."""

    def __init__(
        self, file: io.BytesIO, models: dict[str, OnlineModel], columns: Iterable[bytearray] | None = None
    ) -> None:
        super().__init__(file, buffers=columns)
        self._models = models

    def find_class(self, module: str, name: str) -> Any:
        if name in _ALLOWED.get(module, ()):
            return super().find_class(module, name)
        if module.split(".")[0] == "river" and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is not allowed in a snapshot")

    def persistent_load(self, pid: Any) -> OnlineModel:
        return self._models[pid]


def dump_fold(fold: LearnerFold) -> list[bytes | memoryview]:
    """The fold part in pieces, most of which are the fold's own memory: use them before it goes on.

    First the sizes of all that follows, then kinds and seeds of the models, then the state with models and columns left
    out, then the columns.
    """
    file, columns = io.BytesIO(), list[memoryview]()
    models = fold.models()
    pickle.Pickler(file, protocol=5).dump(
        {key: (model.kind, model.seed, model.since_seq) for key, model in models.items()}
    )
    names = {id(model): key for key, model in models.items()}
    _Pickler(file, names, lambda column: columns.append(column.raw())).dump(fold.state())
    sizes = [file.tell(), *(column.nbytes for column in columns)]
    return [_COUNT.pack(len(sizes)), struct.pack(f"<{len(sizes)}Q", *sizes), file.getvalue(), *columns]


def _pieces(blob: bytes) -> list[memoryview]:
    """The pickles of a fold part, and its columns."""
    (count,) = _COUNT.unpack_from(blob)
    sizes = struct.unpack_from(f"<{count}Q", blob, _COUNT.size)
    start = _COUNT.size + 8 * count
    if start + sum(sizes) != len(blob):
        raise ValueError("its length is not what its head says")
    pieces = []
    for size in sizes:
        pieces.append(memoryview(blob)[start : start + size])
        start += size
    return pieces


def dump_models(fold: LearnerFold) -> list[bytes | memoryview]:
    """The models part, in one piece."""
    return [pickle.dumps(fold.models(), protocol=5)]


def load_models(blob: bytes) -> dict[str, OnlineModel]:
    """The models of a models part.

    Raises:
        ValueError: It cannot be read.
    """
    try:
        models: dict[str, OnlineModel] = _Unpickler(io.BytesIO(blob), {}).load()
    except Exception as error:  # a pickle can fail in any way
        raise ValueError(f"not a models part: {error}") from error
    return models


def load_fold(
    blob: bytes,
    models: dict[str, OnlineModel] | None,
    settings: LearnSettings,
    log: EventLog,
    examples: ExampleStore,
) -> LearnerFold:
    """The fold of a fold part, with its models, or (None) with models that have learned again from ``examples``.

    Raises:
        ValueError: It cannot be read.
    """
    fold = LearnerFold(settings, log, examples)
    try:
        pickles, *columns = _pieces(blob)
        file = io.BytesIO(pickles)
        seeds = _Unpickler(file, {}).load()
        known = models or {
            key: OnlineModel(kind, seed, since_seq=since_seq) for key, (kind, seed, since_seq) in seeds.items()
        }
        fold.restore(_Unpickler(file, known, map(bytearray, columns)).load())
    except Exception as error:  # a pickle can fail in any way
        raise ValueError(f"not a fold part: {error}") from error
    if models is None:
        relearn(fold, examples)
    return fold


def relearn(fold: LearnerFold, examples: ExampleStore) -> int:
    """Let a fold's untrained models learn what the training store holds, in the original order.

    Returns:
        How many examples they learned.
    """
    count = 0
    blocks = examples.blocks(up_to_seq=fold.seq)
    for block in sorted(blocks, key=lambda block: (block.at_seq, block.place)):
        count += _relearn(fold, block)
    return count


def _relearn(fold: LearnerFold, block: MaturedExamples) -> int:
    chosen = np.frombuffer(block.chosen, np.int32)
    if not len(chosen):
        return 0
    learned = block.was_learned()
    labels = np.frombuffer(block.label, np.int8)
    rows = np.frombuffer(block.features, np.float32).reshape(len(chosen), block.columns)
    for position, values in zip(chosen[learned].tolist(), rows[learned].tolist(), strict=True):
        fold.learn_again(block.home_type, values, bool(labels[position] == 1), block.at_seq)
    return int(learned.sum())
