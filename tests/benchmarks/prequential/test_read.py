"""Read: examples are judged by what was known in the end."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from benchmarks.prequential.read import _in_the_end
from service.contracts.outcomes import Failure, Outcome, Retraction
from service.contracts.ports import MaturedExamples
from service.labels.book import OutcomeBook, instant_us
from service.labels.join import CENSORED, NEGATIVE, POSITIVE, UNREPORTED

START = datetime(2026, 3, 1, tzinfo=UTC)
H = timedelta(hours=24)


def _failure(hours: float, name: str = "f") -> Failure:
    return Failure(outcome_id=name, home_id="h", device_id="d", ts=START + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("first", "outcomes", "label"),
    [
        (NEGATIVE, [], NEGATIVE),
        (NEGATIVE, [_failure(5)], POSITIVE),
        (UNREPORTED, [], NEGATIVE),
        (UNREPORTED, [_failure(5)], POSITIVE),
        (UNREPORTED, [_failure(30)], NEGATIVE),
        (POSITIVE, [_failure(5)], POSITIVE),
        (POSITIVE, [_failure(5), Retraction(outcome_id="r", retracts="f")], NEGATIVE),
        (NEGATIVE, [_failure(-1)], NEGATIVE),  # a failed state says nothing: it stays as it was
        (CENSORED, [_failure(5)], CENSORED),  # unless it is told late, which the learner says
    ],
)
def test_the_label_is_that_of_all_outcomes(first: int, outcomes: list[Outcome], label: int) -> None:
    """Whatever was believed when it matured."""
    book = OutcomeBook()
    for outcome in outcomes:
        book.enter(outcome)
    block = MaturedExamples(
        home_type="villa", at_seq=9, seq=np.zeros(1, np.int64).tobytes(), row=np.zeros(1, np.int32).tobytes(),
        device=np.zeros(1, np.int32).tobytes(), ts=np.array([instant_us(START)]).tobytes(),
        label=np.array([first], np.int8).tobytes(), blend=np.zeros(1).tobytes(), members=[], member_risk=b"",
    )  # fmt: skip

    final = _in_the_end(block, book, {("villa", 0): ("h", "d")}, H // timedelta(microseconds=1))

    assert [label] == final.tolist()
