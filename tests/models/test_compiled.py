"""Compiled models: arrays that do not fit are refused before anything walks over them."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service.contracts.errors import BadModel
from service.models.bound import BoundModel
from service.models.compiled import CompiledForest, CompiledLinear, CompiledModel, ForestBuilder, encode_model

COLUMN = np.array([0, 1], np.int32)


def two_leaves(feature: int = 0, threshold: float = 0.5, *, missing_left: bool = True) -> CompiledForest:
    builder = ForestBuilder()
    builder.begin_tree(1.0)
    branch = builder.branch(feature, threshold)
    left, right = builder.leaf(0.25), builder.leaf(0.75)
    builder.join(branch, left, right, missing_left=missing_left)
    return builder.build(["a", "b"])


def with_array(name: str, values: list[Any], dtype: type) -> CompiledForest:
    return msgspec.structs.replace(two_leaves(), **{name: np.array(values, dtype).tobytes()})


def linear(**changes: Any) -> CompiledLinear:
    parts = {name: np.ones(2).tobytes() for name in ("mean", "scale", "weight")}
    return msgspec.structs.replace(CompiledLinear(names=["a", "b"], intercept=0.0, **parts), **changes)


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(with_array("left", [0, 0, 0], np.int32), id="child is its own parent"),
        pytest.param(with_array("right", [-1, 0, 0], np.int32), id="child before the arrays"),
        pytest.param(with_array("right", [3, 0, 0], np.int32), id="child behind the arrays"),
        pytest.param(with_array("left", [2**31 - 1, 0, 0], np.int32), id="child far behind the arrays"),
        pytest.param(with_array("feature", [2, -1, -1], np.int32), id="feature without a name"),
        pytest.param(with_array("feature", [0, 0, -1], np.int32), id="inner node that points back"),
        pytest.param(with_array("root", [3], np.int32), id="root behind the arrays"),
        pytest.param(with_array("root", [-1], np.int32), id="root before the arrays"),
        pytest.param(with_array("root", [0, 0], np.int32), id="more roots than weights"),
        pytest.param(with_array("tree_weight", [], np.float64), id="no weights"),
        pytest.param(with_array("threshold", [0.5, 0.0], np.float64), id="a threshold too few"),
        pytest.param(with_array("value", [0.5] * 4, np.float64), id="a value too many"),
        pytest.param(with_array("mass", [1.0], np.float64), id="masses too few"),
        pytest.param(with_array("missing_left", [True], np.bool_), id="directions too few"),
        pytest.param(msgspec.structs.replace(two_leaves(), names=["a"]), id="fewer names than columns"),
        pytest.param(msgspec.structs.replace(two_leaves(), feature=b"\0" * 11), id="bytes that are no int32"),
        pytest.param(msgspec.structs.replace(two_leaves(), value=b"\0" * 11), id="bytes that are no float64"),
        pytest.param(two_leaves(threshold=float("nan")), id="a threshold that is no number"),
        pytest.param(linear(mean=np.ones(1).tobytes()), id="means too few"),
        pytest.param(linear(weight=np.ones(3).tobytes()), id="weights too many"),
        pytest.param(linear(names=["a"]), id="linear: fewer names than columns"),
        pytest.param(linear(scale=b"\0" * 11), id="linear: bytes that are no float64"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(model: CompiledForest | CompiledLinear) -> None:
    """No walk over them could be trusted to end, or to stay inside: BadModel, and nothing else."""
    with pytest.raises(BadModel):
        BoundModel(model, COLUMN)


@given(st.lists(st.tuples(*[st.integers(-2, 5)] * 3), min_size=1, max_size=5), st.integers(-1, 5))
def test_whatever_is_accepted_can_be_walked(nodes: list[tuple[int, int, int]], root: int) -> None:
    """Any arrays are either refused or scored to an end."""
    feature, left, right = (np.array(part, np.int32).tobytes() for part in zip(*nodes, strict=True))
    n = len(nodes)
    model = CompiledForest(
        names=["a", "b"],
        feature=feature,
        threshold=np.zeros(n).tobytes(),
        left=left,
        right=right,
        missing_left=np.zeros(n, np.bool_).tobytes(),
        value=np.full(n, 0.5).tobytes(),
        mass=np.ones(n).tobytes(),
        root=np.array([root], np.int32).tobytes(),
        tree_weight=np.ones(1).tobytes(),
    )
    try:
        bound = BoundModel(model, COLUMN)
    except BadModel:
        return
    assert bound.score(np.array([[1, -1], [-1, 1]], np.float32)).tolist() == [0.5, 0.5]


WIDE = st.floats(width=64, allow_nan=False)
VALUES = st.one_of(st.floats(width=32), st.sampled_from([0.0, -0.0, 0.1, 1.0, float("inf"), float("nan")]))


@st.composite
def forests(draw: st.DrawFn) -> CompiledForest:
    """Any trees over two features, more than go down in step at a time."""
    builder = ForestBuilder()

    def node(depth: int) -> int:
        if depth == 0 or draw(st.booleans()):
            return builder.leaf(draw(st.floats(0, 1)), draw(st.sampled_from([0.0, 1.0])))
        threshold = draw(st.one_of(WIDE, st.floats(width=32, allow_nan=False), st.sampled_from([0.0, 0.1, 1.0])))
        branch = builder.branch(draw(st.integers(0, 1)), threshold)
        left, right = node(depth - 1), node(depth - 1)
        builder.join(branch, left, right, missing_left=draw(st.booleans()))
        return branch

    for _ in range(draw(st.integers(1, 12))):
        builder.begin_tree(draw(st.floats(0.1, 2)))
        node(3)
    return builder.build(["a", "b"])


def walked(model: CompiledForest, row: list[float]) -> float:
    """The probability of a row by the definition of `CompiledForest`, step by step."""
    feature, left, right, root = (
        np.frombuffer(part, np.int32) for part in (model.feature, model.left, model.right, model.root)
    )
    threshold, value, mass, weight = (
        np.frombuffer(part) for part in (model.threshold, model.value, model.mass, model.tree_weight)
    )
    missing_left = np.frombuffer(model.missing_left, np.bool_)
    positive = total = 0.0
    for tree, node in enumerate(root):
        while feature[node] >= 0:
            v = float(np.float32(row[feature[node]]))
            node = left[node] if (missing_left[node] if v != v else v <= threshold[node]) else right[node]
        positive += weight[tree] * value[node]
        total += weight[tree] * mass[node]
    return float(positive / total) if total > 0.0 else 0.0


@given(forests(), st.lists(st.lists(VALUES, min_size=2, max_size=2), min_size=1, max_size=3))
def test_every_row_ends_in_the_leaf_that_the_definition_says(model: CompiledForest, rows: list[list[float]]) -> None:
    """Whatever the thresholds and values, infinite, unknown, or between two float32: the same bits.

    Only an infinite value at an infinite threshold is left open: such thresholds split off what is unknown, and what is
    known is finite (`service.features.layout.ABSURD`).
    """
    assume(not (np.isinf(rows).any() and np.isinf(np.frombuffer(model.threshold)).any()))
    scored = BoundModel(model, COLUMN).score(np.array(rows, np.float32))

    assert [walked(model, row) for row in rows] == scored.tolist()


@pytest.mark.parametrize(
    ("value", "missing_left", "risk"),
    [(0.5, True, 0.25), (0.50001, True, 0.75), (np.nan, True, 0.25), (np.nan, False, 0.75), (-np.inf, True, 0.25)],
)
def test_walk(value: float, missing_left: bool, risk: float) -> None:
    """At or below the threshold goes left; what is unknown goes where the node says."""
    bound = BoundModel(two_leaves(missing_left=missing_left), COLUMN)

    assert [risk] == bound.score(np.array([[value, 9.0]], np.float32)).tolist()


def test_leaves_without_an_opinion_abstain() -> None:
    """The others are averaged by weight; if nobody has an opinion the probability is 0."""
    builder = ForestBuilder()
    for weight, value, mass in ((1.0, 0.2, 1.0), (3.0, 0.6, 1.0), (9.0, 0.0, 0.0)):
        builder.begin_tree(weight)
        builder.leaf(value, mass)
    silent = ForestBuilder()
    silent.begin_tree(1.0)
    silent.leaf(0.0, 0.0)
    row, nobody = np.zeros((1, 0), np.float32), np.zeros(0, np.int32)

    assert BoundModel(builder.build([]), nobody).score(row)[0] == pytest.approx(0.5)
    assert BoundModel(silent.build([]), nobody).score(row)[0] == 0.0


def test_extreme_linear_sums_do_not_overflow() -> None:
    """However large the sum, the probability lies within [0, 1]."""
    for intercept in (-1e308, -800.0, 800.0, 1e308):
        risk = BoundModel(linear(intercept=intercept), COLUMN).score(np.zeros((1, 2), np.float32))[0]
        assert risk == (1.0 if intercept > 0 else 0.0)


def test_no_rows() -> None:
    """No rows, no risks."""
    assert BoundModel(two_leaves(), COLUMN).score(np.zeros((0, 2), np.float32)).shape == (0,)


def test_round_trip() -> None:
    """Both kinds."""
    for model in (two_leaves(), linear()):
        assert model == msgspec.msgpack.decode(encode_model(model), type=CompiledModel)
