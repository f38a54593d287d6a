"""The watch over the learner: when it counts as stale, and when it is back."""

from service.contracts.events import LearnerStood
from service.pipeline.stale import LearnerWatch


class Run:
    """A watch on a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0
        self.stale: str | None = None
        self.watch = LearnerWatch(30.0, lambda: self.now)

    def look(self, at_s: float, seq: int, learned_seq: int, fault: str | None = None) -> LearnerStood | None:
        self.now = at_s
        event = self.watch.look(seq, learned_seq, self.stale, fault, now_us=int(at_s * 1e6))
        if event is not None:
            self.stale = event.why if event.stale else None
        return event


def test_behind_for_long() -> None:
    """Stale from so many seconds on, said once; back at half of that, also said once."""
    run = Run()
    assert run.look(0, 10, 9) is None
    assert run.look(29, 500, 9) is None
    event = run.look(30, 900, 9)
    assert event is not None
    assert (True, "nothing that was logged in the last 30 s is learned yet") == (event.stale, event.why)
    assert run.look(31, 950, 9) is None
    assert run.look(45, 999, 499) is None  # 16 s: still more than half
    event = run.look(46, 999, 900)
    assert event is not None
    assert (False, 46_000_000) == (event.stale, event.received_us)
    assert run.look(47, 1000, 950) is None


def test_many_events_behind_are_not_long() -> None:
    """What counts is how long the oldest has waited, not how many wait; and a quiet log makes nobody stale."""
    run = Run()
    for second in range(100):
        assert run.look(second, 1000 * second, 1000 * (second - 5)) is None
    assert run.look(10_000, 99_000, 99_000) is None
    assert 0.0 == run.watch.lag_s
    assert run.look(20_000, 99_001, 99_000) is None


def test_the_reason_is_what_ails_it() -> None:
    """A learner that died is told as that."""
    run = Run()
    run.look(0, 1, 0)
    event = run.look(40, 1, 0, "the learner ended with status 3")
    assert event is not None
    assert "the learner ended with status 3" == event.why
