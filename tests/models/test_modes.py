"""The mode forest: it says what scikit-learn says, and leaves no array."""

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from sklearn.ensemble import RandomForestClassifier

from service.contracts.errors import BadModel
from service.models.forest import MODE_LEAVES, MODE_POSITIVES, MODE_TREES, train_modes
from service.models.modes import CompiledModes
from tests.models.rows import NAMES, some_rows

TRAIN = some_rows(400, 1)


def modes_of(rows: npt.NDArray[np.float32]) -> list[str]:
    first = np.nan_to_num(rows[:, 0])
    return ["heat" if v > 0.5 else "battery" if v < -0.5 else "network" for v in first.tolist()]


def trained() -> CompiledModes:
    model = train_modes(TRAIN, modes_of(TRAIN), NAMES, seed=3)
    assert model is not None
    return model


MODEL = trained()


@pytest.mark.parametrize("missing", [0.0, 0.3, 1.0])
def test_shares_are_those_of_scikit_learn(missing: float) -> None:
    """The same probabilities to 1e-12, wherever values are unknown."""
    same = RandomForestClassifier(
        n_estimators=MODE_TREES, max_leaf_nodes=MODE_LEAVES, min_samples_leaf=2, random_state=3
    ).fit(TRAIN, modes_of(TRAIN))
    rows = some_rows(200, 2, missing=missing)

    expected = same.predict_proba(rows)
    found = [list(MODEL.shares(row).values()) for row in rows]
    assert ["battery", "heat", "network"] == same.classes_.tolist() == MODEL.modes
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(np.sum(found, axis=1), 1.0, rtol=0, atol=1e-12)


def test_columns_may_stand_elsewhere() -> None:
    """Bound to another layout, a row gets the same shares; a column that is not there is an unknown value."""
    row = some_rows(1, 2, missing=0.0)[0]
    lost = row.copy()
    lost[2] = np.nan
    column = np.arange(len(NAMES), dtype=np.int32)[::-1].copy()
    column[2] = -1

    assert MODEL.shares(lost) == MODEL.shares(row[::-1], column)


def test_modes_that_are_rare_or_unknown_are_not_told_apart() -> None:
    """At least two modes need ten positives each; others are as if they were not there."""
    rows = some_rows(3 * MODE_POSITIVES, 1)
    enough, few = ["heat"] * MODE_POSITIVES, ["drift"] * (MODE_POSITIVES - 1)
    nobody = [""] * (MODE_POSITIVES + 1)

    model = train_modes(rows, [*enough, *["battery"] * MODE_POSITIVES, *few, ""], NAMES, seed=1)
    assert model is not None
    assert ["battery", "heat"] == model.modes
    assert train_modes(rows, [*enough, *few, *nobody], NAMES, seed=1) is None
    assert train_modes(rows[:0], [], NAMES, seed=1) is None


def changed(name: str, value: npt.NDArray[np.generic]) -> CompiledModes:
    trees = msgspec.structs.replace(MODEL.trees, **{name: value.tobytes()})
    return msgspec.structs.replace(MODEL, trees=trees)


def column(name: str, dtype: Any) -> npt.NDArray[Any]:
    return np.frombuffer(getattr(MODEL.trees, name), dtype).copy()


LEAF = int(np.flatnonzero(column("feature", np.int32) < 0)[0])
BRANCH = int(np.flatnonzero(column("feature", np.int32) >= 0)[0])


def put(name: str, dtype: Any, at: int, value: float) -> CompiledModes:
    array = column(name, dtype)
    array[at] = value
    return changed(name, array)


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(put("root", np.int32, 0, 10**6), id="root outside"),
        pytest.param(put("left", np.int32, BRANCH, BRANCH), id="cycle"),
        pytest.param(put("right", np.int32, BRANCH, 10**6), id="child outside"),
        pytest.param(put("feature", np.int32, BRANCH, len(NAMES)), id="unknown feature"),
        pytest.param(put("threshold", np.float64, BRANCH, np.nan), id="no threshold"),
        pytest.param(put("value", np.float64, LEAF, 1e6), id="leaf without shares"),
        pytest.param(put("value", np.float64, LEAF, np.nan), id="leaf without a number"),
        pytest.param(changed("left", column("left", np.int32)[:-1]), id="too short"),
        pytest.param(changed("root", np.zeros(0, np.int32)), id="no trees"),
        pytest.param(msgspec.structs.replace(MODEL, share=MODEL.share[:-8]), id="half a row of shares"),
        pytest.param(msgspec.structs.replace(MODEL, share=MODEL.share[:-1]), id="half a number"),
        pytest.param(
            msgspec.structs.replace(MODEL, share=(2.0 * np.frombuffer(MODEL.share)).tobytes()), id="more than all"
        ),
        pytest.param(msgspec.structs.replace(MODEL, modes=[]), id="no modes"),
    ],
)
def test_arrays_that_do_not_fit(model: CompiledModes) -> None:
    """BadModel, before a row is asked for."""
    MODEL.check()
    with pytest.raises(BadModel):
        model.check()
