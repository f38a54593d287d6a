"""A trained batch model as it lies on the disk: arrays of a `CompiledForest` and a manifest that says what it is."""

from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from service.contracts.errors import BadModel
from service.models.bound import BoundModel
from service.models.compiled import CompiledForest

_DTYPES: dict[str, type] = {
    "feature": np.int32,
    "threshold": np.float64,
    "left": np.int32,
    "right": np.int32,
    "missing_left": np.bool_,
    "value": np.float64,
    "mass": np.float64,
    "root": np.int32,
    "tree_weight": np.float64,
}


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model file says of itself.

    Attributes:
        kind: Always ``random_forest``.
        features: Feature names, in the order that the arrays number them.
        metrics: Metrics it was trained on.
        horizon_s: The horizon its labels had, in seconds.
        samples, positives: What it was trained on.
        shift: By how much its class weights raise its log odds.
        seed: Seed of data and training.
        made_with: Versions of the libraries.
    """

    kind: Literal["random_forest"]
    features: list[str]
    metrics: list[str]
    horizon_s: float
    samples: int
    positives: int
    shift: float
    seed: int
    made_with: dict[str, str]


def to_arrays(model: CompiledForest) -> dict[str, npt.NDArray[np.generic]]:
    """The arrays of a forest by name."""
    return {name: np.frombuffer(getattr(model, name), dtype) for name, dtype in _DTYPES.items()}


def from_arrays(arrays: dict[str, npt.NDArray[np.generic]], manifest: bytes) -> tuple[CompiledForest, Manifest]:
    """The forest and the manifest, checked so that no walk can leave the arrays.

    Raises:
        BadModel: They do not fit.
    """
    try:
        about = msgspec.json.decode(manifest, type=Manifest)
        parts = {name: arrays[name].astype(dtype, casting="no").tobytes() for name, dtype in _DTYPES.items()}
    except (KeyError, TypeError, msgspec.MsgspecError) as error:
        raise BadModel(f"not a forest: {error}") from error
    model = CompiledForest(names=about.features, **parts)
    try:
        BoundModel(model, np.full(len(model.names), -1, np.int32))
    except ValueError as error:
        raise BadModel(str(error)) from error
    return model, about
