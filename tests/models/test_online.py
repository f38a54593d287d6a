"""The online members: what they compile to gives River's own numbers."""

import pickle
from functools import cache

import msgspec
import numpy as np
import pytest

from service.models.bound import BoundModel
from service.models.compiled import CompiledModel, encode_model
from service.models.online import BUILDERS, OnlineModel, Row, signed_log
from tests.models.rows import CONSTANT, NAMES, Rows, as_dicts, labels_of, some_rows

EXACT = 1e-12


def drifting(n: int, seed: int) -> list[tuple[Row, bool]]:
    """A world that turns into its opposite twice, so that trees are warned, grown aside and replaced."""
    third = n // 3
    out: list[tuple[Row, bool]] = []
    for part in range(3):
        rows = some_rows(third, seed + part)
        out += zip(as_dicts(rows), labels_of(rows, seed, flipped=part == 1).tolist(), strict=True)
    return out


@cache
def trained(kind: str, n: int) -> OnlineModel:
    model = OnlineModel(kind, seed=42)
    for row, label in drifting(2400, 7)[:n]:
        model.learn(row, label)
    return model


def scores(model: OnlineModel, rows: Rows, names: list[str] = NAMES) -> list[float]:
    compiled = model.compiled()
    assert compiled is not None
    column = np.array([names.index(name) if name in names else -1 for name in compiled.names], np.int32)
    out: list[float] = BoundModel(compiled, column).score(rows).tolist()
    return out


def test_the_stream_replaces_trees() -> None:
    """The comparison below covers trees that split, were replaced after a drift, and grow in the background."""
    forest = trained("forest", 2400)._model

    assert sum(forest._drift_tracker.values()) > 0
    assert sum(forest._warning_tracker.values()) > 0
    assert sum(tree.n_branches for tree in forest) > 20


@pytest.mark.parametrize("kind", list(BUILDERS))
def test_compiled_equals_river(kind: str) -> None:
    """Ten thousand rows with missing values, after drift: the same risk to 1e-12."""
    model = trained(kind, 2400)
    rows = some_rows(10_000, 99, missing=0.3)
    expected = [model.predict(row) for row in as_dicts(rows)]

    assert len(set(expected)) > 100
    np.testing.assert_allclose(scores(model, rows), expected, rtol=0, atol=EXACT)


@pytest.mark.parametrize("kind", list(BUILDERS))
@pytest.mark.parametrize("learned", [1, 2, 3, 10, 60, 300, 900, 1000, 1100, 1700])
def test_compiled_equals_river_at_any_moment(kind: str, learned: int) -> None:
    """Also after the first examples, and just after a drift, when some trees have seen nothing yet."""
    model = trained(kind, learned)
    rows = some_rows(300, 5, missing=0.5)
    expected = [model.predict(row) for row in as_dicts(rows)]

    np.testing.assert_allclose(scores(model, rows), expected, rtol=0, atol=EXACT)


@pytest.mark.parametrize("kind", list(BUILDERS))
def test_nothing_learned_nothing_compiled(kind: str) -> None:
    """Before the first example there is no compiled form, and the probability is 0."""
    model = OnlineModel(kind, seed=1)

    assert model.compiled() is None
    assert model.predict({"f0": 1.0}) == 0.0
    assert (model.learned, model.positives) == (0, 0)


@pytest.mark.parametrize("kind", list(BUILDERS))
@pytest.mark.parametrize("label", [True, False])
def test_one_example_of_one_class(kind: str, label: bool) -> None:
    """A model that has seen a single class gives River's number for it."""
    model = OnlineModel(kind, seed=1)
    for row in as_dicts(some_rows(5, 3)):
        model.learn(row, label)
    rows = some_rows(200, 4)

    np.testing.assert_allclose(scores(model, rows), [model.predict(row) for row in as_dicts(rows)], rtol=0, atol=EXACT)


@pytest.mark.parametrize("kind", list(BUILDERS))
def test_unknown_columns_and_empty_rows(kind: str) -> None:
    """A layout without some of the model's features, and rows without any value, are scored as River scores them."""
    model = trained(kind, 2400)
    kept = ["f5", "f4", "f0"]
    rows = some_rows(300, 11)[:, [5, 4, 0]]
    empty = np.full((3, 3), np.nan, np.float32)

    np.testing.assert_allclose(
        scores(model, rows, kept), [model.predict(row) for row in as_dicts(rows, kept)], rtol=0, atol=EXACT
    )
    np.testing.assert_allclose(scores(model, empty, kept), [model.predict({})] * 3, rtol=0, atol=EXACT)


@pytest.mark.parametrize("kind", list(BUILDERS))
def test_values_at_the_thresholds(kind: str) -> None:
    """A value equal to a split's threshold goes where River sends it; float32 is compared as float64."""
    model = OnlineModel(kind, seed=2)
    grid = [float(np.float32(k / 10)) for k in range(11)]
    for k in range(3000):
        model.learn({"f0": grid[k % 11], "f1": grid[(k * 7) % 11]}, grid[k % 11] > 0.45)
    rows = np.array([[a, b] for a in grid for b in grid], np.float32)

    np.testing.assert_allclose(
        scores(model, rows, ["f0", "f1"]),
        [model.predict(row) for row in as_dicts(rows, ["f0", "f1"])],
        rtol=0,
        atol=EXACT,
    )


def test_constant_feature_does_not_speak() -> None:
    """The logistic regression leaves a feature without variance out, as River's scaler does, also off its constant."""
    model = trained("logistic", 2400)
    rows = some_rows(500, 21)
    moved = rows.copy()
    moved[:, CONSTANT] = 1e30

    assert scores(model, rows) == scores(model, moved)


def test_a_feature_that_comes_late() -> None:
    """A metric that appears in mid-stream is learned and scored from then on."""
    for kind in BUILDERS:
        model = OnlineModel(kind, seed=4)
        for row, label in drifting(900, 3):
            model.learn(row, label)
        for k, (row, label) in enumerate(drifting(900, 3)):
            model.learn(row | {"late": float(label) + 0.01 * (k % 5)}, label)
        names = [*NAMES, "late"]
        rows = np.column_stack([some_rows(400, 6), np.linspace(-1, 2, 400, dtype=np.float32)])

        np.testing.assert_allclose(
            scores(model, rows, names), [model.predict(row) for row in as_dicts(rows, names)], rtol=0, atol=EXACT
        )


@pytest.mark.parametrize("kind", list(BUILDERS))
def test_restored_model_continues_bit_for_bit(kind: str) -> None:
    """A model from a snapshot, and one that never stopped, compile to the same bytes after the same examples."""
    stream = drifting(1500, 13)
    lived = OnlineModel(kind, seed=5)
    for row, label in stream[:700]:
        lived.learn(row, label)
    restored: OnlineModel = pickle.loads(pickle.dumps(lived))
    for row, label in stream[700:]:
        lived.learn(row, label)
        restored.learn(row, label)
    one, two = lived.compiled(), restored.compiled()

    assert one is not None
    assert two is not None
    assert encode_model(one) == encode_model(two)
    assert (lived.learned, lived.positives) == (restored.learned, restored.positives)


@pytest.mark.parametrize("kind", list(BUILDERS))
def test_asking_does_not_change_what_is_learned(kind: str) -> None:
    """Predictions and compilations between the examples leave no trace, not even for features never learned."""
    silent, asked = OnlineModel(kind, seed=5), OnlineModel(kind, seed=5)
    for row, label in drifting(600, 17):
        silent.learn(row, label)
        asked.learn(row, label)
        asked.predict({"never": 1.0} | row)
        asked.compiled()
    one, two = silent.compiled(), asked.compiled()

    assert one is not None
    assert two is not None
    assert encode_model(one) == encode_model(two)


@pytest.mark.parametrize("kind", list(BUILDERS))
def test_order_of_keys_does_not_matter(kind: str) -> None:
    """The same values in another order of keys lead to the same risks."""
    one, two = OnlineModel(kind, seed=5), OnlineModel(kind, seed=5)
    for row, label in drifting(600, 19):
        one.learn(row, label)
        two.learn(dict(reversed(row.items())), label)
    rows = some_rows(200, 23)

    np.testing.assert_allclose(scores(one, rows), scores(two, rows), rtol=0, atol=EXACT)


def test_compiled_form_survives_the_wire() -> None:
    """Encoded and decoded, it is the same model."""
    for kind in BUILDERS:
        compiled = trained(kind, 300).compiled()
        assert compiled is not None
        assert compiled == msgspec.msgpack.decode(encode_model(compiled), type=CompiledModel)


def test_signed_log_is_odd_and_monotone() -> None:
    """Zero stays zero, signs stay, the order stays, and 1e30 becomes small."""
    values = [-1e30, -5.0, -1e-9, 0.0, 1e-9, 5.0, 1e30]
    out = list(signed_log({str(k): v for k, v in enumerate(values)}).values())

    assert out == sorted(out)
    assert out == [-v for v in reversed(out)]
    assert max(out) < 70.0
