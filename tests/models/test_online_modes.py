"""Failure modes: what is compiled gives River's own numbers, and stays small."""

import pickle
import subprocess
import sys

import msgspec
import numpy as np
import pytest

from service.contracts.errors import BadModel
from service.models.compiled_modes import CompiledOnlineModes
from service.models.online_modes import MOST_MODES, OTHER, OnlineModes
from tests.models.rows import NAMES, Rows, as_dicts, some_rows

COLUMNS = np.arange(len(NAMES), dtype=np.int32)


def modes_of(rows: Rows) -> list[str]:
    filled = np.nan_to_num(rows.astype(np.float64))
    return [str(mode) for mode in np.where(filled[:, 0] > 0.5, "battery", np.where(filled[:, 1] > 0, "radio", "wear"))]


def learned(n: int, seed: int = 1) -> OnlineModes:
    model = OnlineModes()
    rows = some_rows(n, seed)
    for row, mode in zip(as_dicts(rows), modes_of(rows), strict=True):
        model.learn(row, mode)
    return model


def compiled(model: OnlineModes) -> CompiledOnlineModes:
    form = model.compiled()
    assert form is not None
    return form


def bind(form: CompiledOnlineModes, names: list[str] = NAMES) -> "np.ndarray[tuple[int], np.dtype[np.int32]]":
    return np.array([names.index(name) if name in names else -1 for name in form.names], np.int32)


def test_it_learns_which_mode_is_likely() -> None:
    """After some hundred positives it names the mode of most devices, and shares add up to 1."""
    model = learned(1500)
    rows = some_rows(500, 2, missing=0.0)
    found = [model.shares(row) for row in as_dicts(rows)]
    right = [max(shares, key=shares.__getitem__) == mode for shares, mode in zip(found, modes_of(rows), strict=True)]
    assert np.mean(right) > 0.75
    assert [sum(shares.values()) for shares in found] == pytest.approx([1.0] * 500)


@pytest.mark.parametrize("count", [1, 2, 3, 10, 300])
def test_compiled_equals_river(count: int) -> None:
    """At any moment, with missing values: the same shares to 1e-9."""
    model = learned(count)
    form = msgspec.msgpack.decode(msgspec.msgpack.encode(compiled(model)), type=CompiledOnlineModes)
    rows = some_rows(300, 9, missing=0.4)
    for row, values in zip(rows, as_dicts(rows), strict=True):
        assert form.shares(row, bind(form)) == pytest.approx(model.shares(values), abs=1e-9)


def test_a_layout_that_lacks_features_leaves_them_out() -> None:
    """Columns that a layout or an older, shorter row does not have count as unknown."""
    model = learned(300)
    form = compiled(model)
    row, values = some_rows(1, 9, missing=0.0)[0], as_dicts(some_rows(1, 9, missing=0.0))[0]
    few = {name: values[name] for name in NAMES[:4]}
    assert form.shares(row, bind(form, NAMES[:4])) == pytest.approx(model.shares(few), abs=1e-9)
    assert form.shares(row[:4], bind(form)) == pytest.approx(model.shares(few), abs=1e-9)


def test_nothing_learned_nothing_compiled() -> None:
    """Before the first positive there is neither a compiled form nor a share."""
    model = OnlineModes()
    assert model.compiled() is None
    assert model.shares({"f0": 1.0}) == {}


def test_modes_are_bounded() -> None:
    """The first modes keep their names; what comes when there are many is counted as other."""
    model = OnlineModes()
    for number in range(3 * MOST_MODES):
        model.learn({"f0": float(number)}, f"mode {number}")
    assert model.modes == [f"mode {number}" for number in range(MOST_MODES - 1)] + [OTHER]
    model.learn({"f0": 1.0}, "mode 3")
    assert len(compiled(model).modes) == MOST_MODES
    assert model.learned == 3 * MOST_MODES + 1


def test_it_goes_on_where_it_was_pickled() -> None:
    """A restored model continues to the bit, and its pickle holds nothing but plain values."""
    whole, rows = learned(200), some_rows(200, 5)
    blob = pickle.dumps(learned(200), protocol=5)
    assert b"river" not in blob
    assert b"copy" not in blob
    restored: OnlineModes = pickle.loads(blob)
    for model in (whole, restored):
        for row, mode in zip(as_dicts(rows), modes_of(rows), strict=True):
            model.learn(row, mode)
    assert msgspec.structs.asdict(compiled(whole)) == msgspec.structs.asdict(compiled(restored))
    assert pickle.dumps(whole, protocol=5) == pickle.dumps(restored, protocol=5)


@pytest.mark.parametrize("part", ["mean", "scale", "weight", "names", "modes"])
def test_arrays_that_do_not_fit_are_refused(part: str) -> None:
    """BadModel, and no guess."""
    form = compiled(learned(20))
    short = msgspec.structs.replace(form, **{part: getattr(form, part)[:-1]})
    with pytest.raises(BadModel):
        short.shares(np.zeros(len(NAMES), np.float32), bind(form))


def test_the_compiled_form_needs_no_river() -> None:
    """The service asks it in a process that has not imported River."""
    code = "import sys, service.models.compiled_modes; sys.exit('river' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
