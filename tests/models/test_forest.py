"""The RandomForest, and what it compiles to."""

import numpy as np
import pytest

from service.models.bound import BoundModel
from service.models.forest import compile_random_forest, train_forest
from tests.models.rows import NAMES, labels_of, some_rows

EXACT = 1e-12
COLUMNS = np.arange(len(NAMES), dtype=np.int32)


@pytest.mark.parametrize("missing_in_training", [0.0, 0.01, 0.4])
@pytest.mark.parametrize("missing_at_scoring", [0.0, 0.4, 1.0])
def test_compiled_equals_scikit_learn(missing_in_training: float, missing_at_scoring: float) -> None:
    """Ten thousand rows: the same probability to 1e-12, wherever values are unknown."""
    train = some_rows(2000, 1, missing=missing_in_training)
    model = train_forest(train, labels_of(train, 1), seed=3, trees=15, leaves=32)
    rows = some_rows(10_000, 2, missing=missing_at_scoring)
    expected = model.predict_proba(rows)[:, 1]
    compiled = BoundModel(compile_random_forest(model, NAMES), COLUMNS)

    np.testing.assert_allclose(compiled.score(rows), expected, rtol=0, atol=EXACT)


def test_a_column_without_any_value() -> None:
    """A metric that no training row had, and one that no row to score has."""
    train, rows = some_rows(1000, 1), some_rows(1000, 2)
    train[:, 1] = np.nan
    rows[:, 0] = np.nan
    model = train_forest(train, labels_of(train, 1), seed=3, trees=10)
    compiled = BoundModel(compile_random_forest(model, NAMES), COLUMNS)

    np.testing.assert_allclose(compiled.score(rows), model.predict_proba(rows)[:, 1], rtol=0, atol=EXACT)


def test_columns_may_stand_elsewhere() -> None:
    """Bound to another layout, the same rows get the same risks; a column that is not there is an unknown value."""
    train, rows = some_rows(1000, 1), some_rows(500, 2)
    model = train_forest(train, labels_of(train, 1), seed=3, trees=10)
    compiled = compile_random_forest(model, NAMES)
    lost = rows.copy()
    lost[:, 2] = np.nan
    column = COLUMNS[::-1].copy()
    column[2] = -1

    assert BoundModel(compiled, COLUMNS).score(lost).tolist() == BoundModel(compiled, column).score(
        np.ascontiguousarray(rows[:, ::-1])
    ).tolist()  # fmt: skip


def test_rare_failures_are_not_drowned() -> None:
    """At one failure in a hundred they stand out by far, though classes are not weighed."""
    train = some_rows(4000, 1, missing=0.1)
    labels = train[:, 0] > 2.3
    model = train_forest(train, labels, seed=3, trees=10)
    risks = BoundModel(compile_random_forest(model, NAMES), COLUMNS).score(train)

    assert labels.mean() < 0.02
    assert risks[labels].mean() > 0.5 > risks[~labels].mean()


def test_weights_count_within_a_class() -> None:
    """Where half of the negatives stand for a hundred, they are given lower risks; classes stay as they are."""
    rng = np.random.default_rng(1)
    train = rng.normal(size=(3000, len(NAMES))).astype(np.float32)
    labels = rng.random(3000) < 0.5
    many = ~labels & (train[:, 0] > 0.0)
    weights = np.where(many, 100.0, 1.0)
    plain, weighed = (
        BoundModel(compile_random_forest(train_forest(train, labels, seed=3, weights=given), NAMES), COLUMNS)
        for given in (None, weights)
    )

    assert weighed.score(train[many]).mean() < plain.score(train[many]).mean() - 0.1
    assert weighed.score(train[train[:, 0] < 0.0]).mean() > plain.score(train[train[:, 0] < 0.0]).mean() + 0.1


def test_training_is_a_function_of_its_seed() -> None:
    """The same rows and seed give the same forest to the bit, another seed another one."""
    train = some_rows(600, 1)
    labels = labels_of(train, 1)
    one, two, other = (
        compile_random_forest(train_forest(train, labels, seed=seed, trees=5), NAMES) for seed in (3, 3, 4)
    )

    assert one == two
    assert one != other


@pytest.mark.parametrize("labels", [[True] * 10, [False] * 10, []])
def test_both_classes_are_needed(labels: list[bool]) -> None:
    """One class alone is refused in words."""
    with pytest.raises(ValueError, match="failures and non-failures"):
        train_forest(some_rows(len(labels), 1), np.array(labels, np.bool_), seed=1)
