"""Exact metrics, held against scikit-learn and against their definitions."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from service.evaluation.metrics import (
    FALSE_ALARM_RATE,
    brier,
    log_loss,
    pr_auc,
    quality,
    recall_at_far,
    roc_auc,
    threshold_at_far,
)

Labels = npt.NDArray[np.bool_]
Risks = npt.NDArray[np.float64]


@st.composite
def cases(draw: st.DrawFn) -> tuple[Labels, Risks]:
    """Both classes; risks that are often tied, or all the same, or 0 and 1."""
    n = draw(st.integers(2, 60))
    labels = draw(st.lists(st.booleans(), min_size=n, max_size=n).filter(lambda drawn: any(drawn) and not all(drawn)))
    risk = draw(
        st.sampled_from(
            [st.floats(0, 1), st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.just(0.3), st.sampled_from([0.1 + 0.2, 0.3])]
        )
    )
    return np.array(labels), np.array(draw(st.lists(risk, min_size=n, max_size=n)), np.float64)


@given(cases())
def test_curves_equal_scikit_learn(case: tuple[Labels, Risks]) -> None:
    """PR-AUC (average precision) and ROC-AUC, ties and constants included."""
    labels, risks = case

    assert sk.average_precision_score(labels, risks) == pytest.approx(pr_auc(labels, risks), abs=1e-12)
    assert sk.roc_auc_score(labels, risks) == pytest.approx(roc_auc(labels, risks), abs=1e-12)


@given(cases())
def test_losses_equal_scikit_learn(case: tuple[Labels, Risks]) -> None:
    """Brier score and log loss; 1e-15 away from certainty."""
    labels, risks = case
    kept = np.clip(risks, 1e-15, 1 - 1e-15)

    assert sk.brier_score_loss(labels, risks) == pytest.approx(brier(labels, risks), abs=1e-12)
    assert sk.log_loss(labels, kept, labels=[False, True]) == pytest.approx(
        log_loss(labels, risks), rel=1e-9, abs=1e-12
    )


def by_definition(labels: Labels, risks: Risks, rate: Fraction) -> float:
    """The best recall over all thresholds at which at most this share of the negatives raises an alarm."""
    negatives = int((~labels).sum())
    best = 0.0
    for threshold in {*risks.tolist(), np.inf}:
        alarm = risks >= threshold
        if Fraction(int((alarm & ~labels).sum()), negatives) <= rate:
            best = max(best, float((alarm & labels).sum() / labels.sum()))
    return best


@given(cases(), st.sampled_from([0, 1, 10, 29, 50, 100]))
def test_recall_at_a_false_alarm_rate(case: tuple[Labels, Risks], percent: int) -> None:
    """The share of positives found while at most so many negatives raise an alarm; a tie is taken or left whole."""
    labels, risks = case

    assert by_definition(labels, risks, Fraction(percent, 100)) == recall_at_far(labels, risks, percent / 100)


@pytest.mark.parametrize(("negatives", "alarms_below"), [(100, 1), (700, 7), (99, 0), (1000, 10), (1001, 10)])
def test_recall_at_one_percent_allows_exactly_one_percent(negatives: int, alarms_below: int) -> None:
    """With 100 negatives one false alarm is allowed, with 99 none; rounding of 0.01 does not shift the limit."""
    labels = np.array([False] * (alarms_below + 1) + [True] + [False] * (negatives - alarms_below - 1))
    one_too_many = 1.0 - np.arange(len(labels)) / 1e4
    allowed = one_too_many.copy()
    allowed[0] = 0.0

    assert FALSE_ALARM_RATE == 0.01
    assert recall_at_far(labels, one_too_many) == 0.0
    assert recall_at_far(labels, allowed) == 1.0


@pytest.mark.parametrize(
    ("alarms", "negatives", "rate"), [(29, 100, 0.29), (57, 100, 0.57), (58, 100, 0.58), (7, 25, 0.28)]
)
def test_recall_at_other_rates_allows_exactly_the_rate(alarms: int, negatives: int, rate: float) -> None:
    """29 of 100 negatives are at most 0.29 of them."""
    labels = np.array([False] * alarms + [True] + [False] * (negatives - alarms))

    assert recall_at_far(labels, np.linspace(1, 0, len(labels)), rate) == 1.0


EMPTY = np.array([], np.bool_)


@pytest.mark.parametrize("labels", [EMPTY, np.zeros(5, np.bool_), np.ones(5, np.bool_)])
def test_undefined_is_none(labels: Labels) -> None:
    """A metric that has no meaning is None, not 0 and not NaN; no warning is raised on the way."""
    risks = np.linspace(0, 1, len(labels))

    assert roc_auc(labels, risks) is None
    assert recall_at_far(labels, risks) is None
    assert (pr_auc(labels, risks) is None) == (not labels.any())
    assert (brier(labels, risks) is None) == (len(labels) == 0)
    assert (log_loss(labels, risks) is None) == (len(labels) == 0)


def test_all_positives_have_perfect_precision() -> None:
    """PR-AUC is defined without negatives."""
    assert pr_auc(np.ones(4, np.bool_), np.array([0.1, 0.2, 0.2, 0.9])) == 1.0


@given(cases(), st.data())
def test_quality_leaves_out_what_a_member_did_not_say(case: tuple[Labels, Risks], data: st.DataObject) -> None:
    """Rows whose risk is NaN are as if they were not there; the order of rows does not matter."""
    labels, risks = case
    silent = np.array(data.draw(st.lists(st.booleans(), min_size=len(labels), max_size=len(labels))))
    heard = quality(labels, np.where(silent, np.nan, risks))
    expected = quality(labels[~silent], risks[~silent])

    assert expected == heard
    assert heard.examples == int((~silent).sum())
    assert heard.positives == int(labels[~silent].sum())


def test_a_member_that_never_spoke() -> None:
    """No examples, no numbers."""
    nothing = quality(np.array([True, False]), np.full(2, np.nan))

    assert (nothing.examples, nothing.positives) == (0, 0)
    assert nothing.pr_auc is nothing.roc_auc is nothing.brier is nothing.log_loss is None


@given(cases(), st.data())
def test_a_weight_is_as_many_examples(case: tuple[Labels, Risks], data: st.DataObject) -> None:
    """An example of weight 3 counts as three equal ones, one of weight 0 as none."""
    labels, risks = case
    counts = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(labels), max_size=len(labels))))
    if not counts[labels].sum() or not counts[~labels].sum():
        return
    weights = counts.astype(np.float64)
    many_labels, many_risks = np.repeat(labels, counts), np.repeat(risks, counts)

    assert pr_auc(many_labels, many_risks) == pytest.approx(pr_auc(labels, risks, weights), abs=1e-12)
    assert recall_at_far(many_labels, many_risks, 0.2) == pytest.approx(recall_at_far(labels, risks, 0.2, weights))
    assert brier(many_labels, many_risks) == pytest.approx(brier(labels, risks, weights), abs=1e-12)
    assert log_loss(many_labels, many_risks) == pytest.approx(log_loss(labels, risks, weights), abs=1e-12)


def test_weighted_curve_equals_scikit_learn() -> None:
    """With weights that are no whole numbers, and with ties."""
    rng = np.random.default_rng(1)
    labels, risks, weights = rng.random(500) < 0.2, np.round(rng.random(500), 2), rng.random(500) * 40.0

    expected = sk.average_precision_score(labels, risks, sample_weight=weights)
    assert expected == pytest.approx(pr_auc(labels, risks, weights), abs=1e-12)


def test_threshold_where_no_false_alarm_is_allowed() -> None:
    """If the highest risk is a negative's, only an infinite threshold will do, and nothing is found."""
    labels, risks = np.array([False, True]), np.array([0.9, 0.5])

    assert threshold_at_far(labels, risks, 0.01) == np.inf
    assert recall_at_far(labels, risks, 0.01) == 0.0
    assert threshold_at_far(np.array([True]), np.array([0.5])) is None
