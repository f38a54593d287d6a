"""Due: trainings come by event time, by examples, by drift; and more rarely while they come to nothing."""

from msgspec.structs import replace

from service.pipeline.learning.due import Due
from tests.pipeline.streams import SETTINGS

DAY_US = 86_400_000_000
RULES = replace(SETTINGS, train_every_us=DAY_US, train_examples=10_000, min_positives=100)
START_US = 20_000 * DAY_US


def began(examples: int = 500) -> Due:
    due = Due()
    due.learn(examples, START_US)
    return due


def test_nothing_is_due_before_there_is_something_to_learn() -> None:
    """Not without examples, and not without enough positives."""
    assert Due().why(START_US + 9 * DAY_US, 1_000, RULES) is None
    assert began().why(START_US + 9 * DAY_US, 99, RULES) is None


def test_a_day_of_event_time_makes_it_due_once() -> None:
    """Days begin at midnight, for all at the same instant; a training settles it until the next."""
    due = began()
    assert due.why(START_US + DAY_US - 1, 100, RULES) is None
    assert due.why(START_US + DAY_US, 100, RULES) == "its time has come"

    due.settled(START_US + DAY_US)
    due.learn(300, START_US + DAY_US + 1)
    assert due.why(START_US + 2 * DAY_US - 1, 100, RULES) is None
    assert due.why(START_US + 2 * DAY_US, 100, RULES) is not None


def test_many_examples_or_a_drift_make_it_due_at_once() -> None:
    """Whatever the time; and time alone may be switched off."""
    assert "10000 examples" in (began(10_000).why(START_US, 100, RULES) or "")
    assert began().why(START_US + 99 * DAY_US, 100, replace(RULES, train_every_us=0)) is None
    alarmed = began(1)
    alarmed.alarm = "the world has changed"
    assert alarmed.why(START_US, 100, RULES) == "the world has changed"


def test_what_comes_to_nothing_is_tried_more_rarely_but_never_given_up() -> None:
    """Two days after the first time, four after the second, at most eight; a success ends that."""
    due, day, waits = began(), 1, []
    for _ in range(5):
        due.settled(START_US + day * DAY_US, in_vain=True)
        due.learn(300, START_US + day * DAY_US)
        waited = 1
        while due.why(START_US + (day + waited) * DAY_US, 100, RULES) is None:
            waited += 1
        waits.append(waited)
        day += waited
    due.settled(START_US + day * DAY_US)
    due.learn(300, START_US + day * DAY_US)

    assert waits == [2, 4, 8, 8, 8]
    assert due.why(START_US + (day + 1) * DAY_US, 100, RULES) is not None


def test_time_alone_calls_for_no_training_of_nearly_the_same() -> None:
    """A twentieth has to be new."""
    due = began(1_000)
    due.settled(START_US)
    due.learn(40, START_US + DAY_US)
    assert due.why(START_US + 9 * DAY_US, 100, RULES) is None
    due.learn(15, START_US + DAY_US)
    assert due.why(START_US + 9 * DAY_US, 100, RULES) == "its time has come"
