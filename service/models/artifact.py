"""A trained batch model as it lies on the disk: arrays of a `CompiledForest` and a manifest that says what it is.

Beside the forest lies, where enough failure modes are known, a small forest that tells them apart.
"""

from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from service.contracts.checkpoints import HeldOut
from service.contracts.decoding import UNDECODABLE
from service.contracts.errors import BadModel
from service.models.bound import BoundModel
from service.models.compiled import CompiledForest
from service.models.modes import CompiledModes

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
_MODES = "modes_"
_SHARE = "modes_share"
_CANARY_ROWS = 8
_EXACT = 1e-9
_NO_LONGER_KEPT = "reference"
"""A field of earlier manifests, which nothing reads."""


class Canary(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A few feature rows and what the model made of them when it was trained.

    Attributes:
        rows: In the order of the features, None where unknown; (n, f).
        risks: The forest's raw probabilities; (n,).
        shares: The shares of the modes, where there is a mode forest; (n, m).
    """

    rows: list[list[float | None]]
    risks: list[float]
    shares: list[list[float]] = []


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model file says of itself. What has a default, files from before it was kept do not say.

    Attributes:
        kind: Always ``random_forest``.
        home_type: Whose checkpoint it is; None for a global one.
        number: Its number among those of the home type.
        created_us: When its training was ordered, in microseconds; 0 for a baseline, which depends on no instant.
        features: Feature names, in the order that the arrays number them.
        metrics: Metrics it was trained on.
        horizon_s: The horizon its labels had, in seconds.
        seq_first, seq_last: The first and the last event at which an example matured that it was trained on.
        trained_to_us: Instant of the newest example that it was trained on, in microseconds; 0 for a baseline.
        samples, positives: What it was trained on.
        shift: By how much leaving negatives out raised its log odds.
        seed: Seed of data and training.
        quality: On a hold-out, fitted to the rest.
        modes: The failure modes that its mode forest tells apart.
        canary: Rows and answers by which the loaded model is checked.
        made_with: Versions of the libraries.
    """

    kind: Literal["random_forest"]
    home_type: str | None = None
    number: int = 1
    created_us: int = 0
    features: list[str]
    metrics: list[str]
    horizon_s: float
    seq_first: int = 0
    seq_last: int = 0
    trained_to_us: int = 0
    samples: int
    positives: int
    shift: float
    seed: int
    quality: HeldOut | None = None
    modes: list[str] = []
    canary: Canary | None = None
    made_with: dict[str, str]


def to_arrays(model: CompiledForest, modes: CompiledModes | None = None) -> dict[str, npt.NDArray[np.generic]]:
    """The arrays of a forest, and of its mode forest, by name."""
    arrays: dict[str, npt.NDArray[np.generic]] = _named(model)
    if modes is not None:
        arrays |= {_MODES + name: array for name, array in _named(modes.trees).items()}
        arrays[_SHARE] = np.frombuffer(modes.share).reshape(-1, len(modes.modes))
    return arrays


def canary_of(model: CompiledForest, modes: CompiledModes | None, rows: npt.NDArray[np.float32]) -> Canary:
    """A canary of rows with low to high risks among ``rows``, (n, f), in the order of the model's features."""
    risks = _risks(model, rows)
    by_risk = np.argsort(risks, kind="stable")
    chosen = by_risk[np.unique(np.linspace(0, len(rows) - 1, min(_CANARY_ROWS, len(rows))).astype(np.intp))]
    return Canary(
        rows=[[v if v == v else None for v in row] for row in rows[chosen].tolist()],
        risks=risks[chosen].tolist(),
        shares=_shares(modes, rows[chosen]) if modes is not None else [],
    )


def from_arrays(arrays: dict[str, npt.NDArray[np.generic]], manifest: bytes) -> tuple[CompiledForest, Manifest]:
    """The forest and the manifest, checked so that no walk can leave the arrays and the canary is answered as ever.

    Raises:
        BadModel: They do not fit.
    """
    about = _manifest(manifest)
    model = _forest(arrays, "", about.features)
    modes = modes_from_arrays(arrays, about)
    known = set(_DTYPES) | ({_SHARE, *(_MODES + name for name in _DTYPES)} if modes is not None else set())
    if set(arrays) != known:
        raise BadModel(f"arrays that belong to no forest: {sorted(set(arrays) - known)}")
    if about.canary is not None:
        _check_canary(about.canary, model, modes)
    return model, about


def modes_from_arrays(arrays: dict[str, npt.NDArray[np.generic]], about: Manifest) -> CompiledModes | None:
    """The mode forest beside a forest, or None if there is none.

    Raises:
        BadModel: It does not fit.
    """
    if not about.modes:
        return None
    trees = _forest(arrays, _MODES, about.features)
    share = arrays.get(_SHARE)
    if share is None or share.dtype != np.dtype(np.float64) or share.shape[1:] != (len(about.modes),):
        raise BadModel("the shares of the modes do not fit")
    modes = CompiledModes(modes=about.modes, trees=trees, share=share.tobytes())
    modes.check()
    return modes


def _manifest(manifest: bytes) -> Manifest:
    try:
        fields = msgspec.json.decode(manifest, type=dict[str, Any])
        fields.pop(_NO_LONGER_KEPT, None)
        return msgspec.convert(fields, Manifest)
    except UNDECODABLE as error:
        raise BadModel(f"not a forest: {error}") from error


def _named(model: CompiledForest) -> dict[str, npt.NDArray[np.generic]]:
    return {name: np.frombuffer(getattr(model, name), dtype) for name, dtype in _DTYPES.items()}


def _forest(arrays: dict[str, npt.NDArray[np.generic]], prefix: str, names: list[str]) -> CompiledForest:
    try:
        parts = {name: arrays[prefix + name].astype(dtype, casting="no").tobytes() for name, dtype in _DTYPES.items()}
    except (KeyError, TypeError) as error:
        raise BadModel(f"not a forest: {error}") from error
    model = CompiledForest(names=names, **parts)
    if any(arrays[prefix + name].ndim != 1 for name in _DTYPES):
        raise BadModel("the arrays of a forest are no columns")
    if not all(np.isfinite(arrays[prefix + name]).all() for name in ("value", "mass", "tree_weight")):
        raise BadModel("a forest whose leaves hold no numbers")
    try:
        BoundModel(model, np.full(len(names), -1, np.int32))
    except ValueError as error:
        raise BadModel(str(error)) from error
    return model


def _risks(model: CompiledForest, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    return BoundModel(model, np.arange(len(model.names), dtype=np.int32)).score(np.ascontiguousarray(rows))


def _shares(modes: CompiledModes, rows: npt.NDArray[np.float32]) -> list[list[float]]:
    return [list(modes.shares(row).values()) for row in rows]


def _check_canary(canary: Canary, model: CompiledForest, modes: CompiledModes | None) -> None:
    try:
        rows = np.array(canary.rows, np.float32).reshape(len(canary.rows), len(model.names))  # None becomes NaN
        wanted, shares = np.array(canary.risks, np.float64), np.array(canary.shares, np.float64)
    except ValueError as error:
        raise BadModel(f"the canary does not fit: {error}") from error
    same = len(wanted) == len(rows) and np.allclose(_risks(model, rows), wanted, rtol=0.0, atol=_EXACT)
    if same and modes is not None:
        same = shares.shape == (len(rows), len(modes.modes)) and np.allclose(
            _shares(modes, rows), shares, rtol=0.0, atol=_EXACT
        )
    if not same:
        raise BadModel("the model answers its canary otherwise than when it was trained")
