"""A trained model on the disk: what comes back is what was written, or BadModel."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.contracts.checkpoints import HeldOut
from service.contracts.errors import BadModel
from service.models.artifact import Manifest, canary_of, from_arrays, modes_from_arrays, to_arrays
from service.models.bound import BoundModel
from service.models.compiled import CompiledForest
from service.models.forest import compile_random_forest, train_forest, train_modes
from service.models.modes import CompiledModes
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
MODES = train_modes(TRAIN, np.where(TRAIN[:, 3] > 0.0, "heat", "battery").tolist(), NAMES, seed=1)
FULL = msgspec.structs.replace(
    ABOUT,
    home_type="villa",
    number=7,
    created_us=5,
    seq_first=1,
    seq_last=90,
    quality=HeldOut(
        examples=60, positives=9, failing_devices=4, base_rate=0.1, pr_auc=0.5, recall_at_1pct_far=0.25, brier=0.1,
        log_loss=0.3, mode_recall={"heat": 0.5},
    ),
    modes=["battery", "heat"],
    canary=canary_of(FOREST, MODES, TRAIN),
)  # fmt: skip


def test_round_trip_through_a_file(tmp_path: Path) -> None:
    """Written and read back: the same forest, the same manifest, the same risks."""
    digest = save_arrays(tmp_path / "a" / "model.npz", to_arrays(FOREST), MANIFEST)
    model, about = from_arrays(*load_arrays(tmp_path / "a" / "model.npz", digest))
    column = np.arange(len(NAMES), dtype=np.int32)

    assert model == FOREST
    assert about == ABOUT
    assert BoundModel(FOREST, column).score(TRAIN).tolist() == BoundModel(model, column).score(TRAIN).tolist()


def save_whole(path: Path) -> str:
    return save_arrays(path, to_arrays(FOREST, MODES), msgspec.json.encode(FULL))


def load_whole(path: Path) -> tuple[CompiledForest, CompiledModes | None, Manifest]:
    arrays, manifest = load_arrays(path)
    model, about = from_arrays(arrays, manifest)
    return model, modes_from_arrays(arrays, about), about


def test_a_mode_forest_lies_in_the_same_file(tmp_path: Path) -> None:
    """It comes back with the rest of the manifest, and the canary is answered as it was."""
    save_whole(tmp_path / "model.npz")

    assert (FOREST, MODES, FULL) == load_whole(tmp_path / "model.npz")
    assert modes_from_arrays(to_arrays(FOREST), ABOUT) is None
    assert FULL.canary is not None
    assert 8 == len(FULL.canary.rows) == len(FULL.canary.shares)
    assert FULL.canary.risks == sorted(FULL.canary.risks)


@settings(max_examples=300)
@given(data=st.data())
def test_flipped_bytes_give_the_same_model_or_none(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Wherever a file is damaged, without its digest being known: BadModel, or nothing that matters was hit."""
    path = tmp_path_factory.mktemp("flips") / "model.npz"
    save_whole(path)
    content = bytearray(path.read_bytes())
    places = st.integers(0, len(content) - 1) | st.integers(len(content) - 1500, len(content) - 1)
    for place, flip in data.draw(st.lists(st.tuples(places, st.integers(1, 255)), min_size=1, max_size=4)):
        content[place] ^= flip
    path.write_bytes(content)
    try:
        found = load_whole(path)
    except BadModel:
        return
    assert (FOREST, MODES, FULL) == found


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"risks": [0.5] * 8}, id="other risks"),
        pytest.param({"risks": [0.5]}, id="fewer risks"),
        pytest.param({"shares": [[0.5, 0.5]] * 8}, id="other shares"),
        pytest.param({"shares": []}, id="no shares"),
        pytest.param({"rows": [[1.0]] * 8}, id="narrow rows"),
        pytest.param({"rows": [[None] * 8] * 8}, id="other rows"),
        pytest.param({"rows": [[1.0], []]}, id="ragged rows"),
    ],
)
def test_a_canary_that_is_answered_otherwise(change: dict[str, Any]) -> None:
    """Whole arrays of another model under this manifest: BadModel."""
    assert FULL.canary is not None
    other = msgspec.structs.replace(FULL, canary=msgspec.structs.replace(FULL.canary, **change))
    from_arrays(to_arrays(FOREST, MODES), msgspec.json.encode(FULL))
    with pytest.raises(BadModel, match="canary"):
        from_arrays(to_arrays(FOREST, MODES), msgspec.json.encode(other))


def test_arrays_of_modes_that_do_not_fit() -> None:
    """Modes without arrays, arrays without modes, a matrix of another width."""
    arrays = to_arrays(FOREST, MODES)
    for wrong, about in (
        (to_arrays(FOREST), FULL),
        (arrays, ABOUT),
        (arrays | {"modes_share": np.ones((3, 1))}, FULL),
        (arrays | {"modes_share": arrays["modes_share"].astype(np.float32)}, FULL),
        (arrays | {"modes_root": np.array([10**6], np.int32)}, FULL),
    ):
        with pytest.raises(BadModel):
            from_arrays(wrong, msgspec.json.encode(about))


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
        pytest.param(broken("value", to_arrays(FOREST)["value"].reshape(1, -1)), id="other shape"),
        pytest.param(broken("value", np.full_like(to_arrays(FOREST)["value"], np.nan)), id="no numbers"),
        pytest.param(broken("surprise", np.zeros(3)), id="an array too many"),
    ],
)
def test_arrays_that_do_not_fit(arrays: Arrays) -> None:
    """BadModel, before anything is scored with them."""
    with pytest.raises(BadModel):
        from_arrays(arrays, MANIFEST)


def changed_manifest(**changes: Any) -> bytes:
    return msgspec.json.encode(msgspec.to_builtins(ABOUT) | changes)


def test_a_manifest_of_an_earlier_version() -> None:
    """It told how features were distributed, which nothing read: the model loads, and the rest is as it was."""
    reference = {"villa": {"f0": {"edges": [0.1 * n for n in range(9)], "missing": 0.25}}}
    earlier = msgspec.json.encode(msgspec.to_builtins(FULL) | {"reference": reference})

    assert (FOREST, FULL) == from_arrays(to_arrays(FOREST, MODES), earlier)


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{}", id="no fields"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(MANIFEST.replace(b"scikit", b"sci\xffit"), id="a name that is no text"),
        pytest.param(MANIFEST.replace(b"battery", b"batt\xffry"), id="a value that is no text"),
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
