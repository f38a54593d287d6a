"""The schedule: who is called when, and which expressions it takes."""

import threading

import pytest

from service.jobs.schedule import Schedule, check_cron

PATIENCE_S = 30.0


def test_what_is_due_every_second_comes_back() -> None:
    """Again and again, each task in a thread of its own: one that hangs does not hold up the other."""
    twice, hanging, release = threading.Semaphore(0), threading.Event(), threading.Event()

    def hang() -> None:
        hanging.set()
        release.wait(PATIENCE_S)

    schedule = Schedule([hang, twice.release], "", lambda: None)
    schedule.start()
    try:
        assert hanging.wait(PATIENCE_S)
        assert twice.acquire(timeout=PATIENCE_S)
        assert twice.acquire(timeout=PATIENCE_S)
    finally:
        release.set()
        schedule.stop()


def test_a_task_does_not_overtake_itself() -> None:
    """While it runs it is not started again; what was missed is not made up for in a row."""
    running, most, calls = 0, 0, threading.Semaphore(0)
    long_enough = threading.Event()

    def task() -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        long_enough.wait(1.5)
        running -= 1
        calls.release()

    schedule = Schedule([task], "", lambda: None)
    schedule.start()
    assert calls.acquire(timeout=PATIENCE_S)
    assert calls.acquire(timeout=PATIENCE_S)
    long_enough.set()
    schedule.stop()
    assert 1 == most


def test_cron_is_planned_in_utc() -> None:
    """The next time is what the expression says."""
    schedule = Schedule([], "30 4 * * *", lambda: None)
    schedule.start()
    try:
        (instant,) = schedule.next_cron()
        assert (4, 30, "UTC") == (instant.hour, instant.minute, str(instant.tzinfo))
    finally:
        schedule.stop()


def test_stop_without_start() -> None:
    """A service that could not start can be stopped."""
    Schedule([lambda: None], "* * * * *", lambda: None).stop()


@pytest.mark.parametrize("text", ["", "0 3 * * *", "*/15 * * * mon-fri"])
def test_expressions_that_are_taken(text: str) -> None:
    """None, or five fields."""
    check_cron(text)


@pytest.mark.parametrize("text", ["daily", "0 3 * *", "61 * * * *", "0 3 * * * *", " "])
def test_expressions_that_are_not(text: str) -> None:
    """A ValueError that the start of the service tells."""
    with pytest.raises(ValueError, match=r"\w"):
        check_cron(text)
