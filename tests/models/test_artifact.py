"""A trained model on the disk: what comes back is what was written, or BadModel."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from service.contracts.errors import BadModel
from service.models.artifact import Manifest, from_arrays, to_arrays
from service.models.bound import BoundModel
from service.models.forest import compile_random_forest, train_forest
from service.storage.registry import load_arrays, save_arrays
from tests.models.rows import NAMES, labels_of, some_rows

Arrays = dict[str, npt.NDArray[np.generic]]
TRAIN = some_rows(300, 1)
FOREST = compile_random_forest(train_forest(TRAIN, labels_of(TRAIN, 1), seed=1, trees=3, leaves=8), NAMES)
ABOUT = Manifest(
    kind="random_forest",
    features=NAMES,
    metrics=["battery_pct"],
    horizon_s=86_400.0,
    samples=300,
    positives=90,
    shift=1.5,
    seed=1,
    made_with={"scikit-learn": "1"},
)
MANIFEST = msgspec.json.encode(ABOUT)


def test_round_trip_through_a_file(tmp_path: Path) -> None:
    """Written and read back: the same forest, the same manifest, the same risks."""
    digest = save_arrays(tmp_path / "a" / "model.npz", to_arrays(FOREST), MANIFEST)
    model, about = from_arrays(*load_arrays(tmp_path / "a" / "model.npz", digest))
    column = np.arange(len(NAMES), dtype=np.int32)

    assert model == FOREST
    assert about == ABOUT
    assert BoundModel(FOREST, column).score(TRAIN).tolist() == BoundModel(model, column).score(TRAIN).tolist()


def broken(name: str, value: npt.NDArray[np.generic] | None) -> Arrays:
    arrays = to_arrays(FOREST)
    if value is None:
        del arrays[name]
    else:
        arrays[name] = value
    return arrays


@pytest.mark.parametrize(
    "arrays",
    [
        pytest.param(broken("feature", None), id="array missing"),
        pytest.param(broken("root", np.array([0, 1, 10**6], np.int32)), id="root outside"),
        pytest.param(broken("left", np.zeros(len(to_arrays(FOREST)["left"]), np.int32)), id="cycle"),
        pytest.param(broken("feature", to_arrays(FOREST)["feature"].astype(np.int64)), id="other type"),
        pytest.param(broken("threshold", to_arrays(FOREST)["threshold"].astype(">f8")), id="other byte order"),
        pytest.param(broken("value", np.array(["x"])), id="text"),
        pytest.param(broken("value", to_arrays(FOREST)["value"][:-1]), id="too short"),
    ],
)
def test_arrays_that_do_not_fit(arrays: Arrays) -> None:
    """BadModel, before anything is scored with them."""
    with pytest.raises(BadModel):
        from_arrays(arrays, MANIFEST)


def changed_manifest(**changes: Any) -> bytes:
    return msgspec.json.encode(msgspec.to_builtins(ABOUT) | changes)


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="no fields"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(changed_manifest(features=NAMES[:1]), id="fewer features than the arrays use"),
        pytest.param(changed_manifest(surprise=1), id="unknown field"),
        pytest.param(changed_manifest(shift="1"), id="text for a number"),
        pytest.param(changed_manifest(kind="naive_bayes"), id="another kind of model"),
    ],
)
def test_manifest_that_does_not_fit(manifest: bytes) -> None:
    """A manifest must say what the arrays are."""
    with pytest.raises(BadModel):
        from_arrays(to_arrays(FOREST), manifest)
