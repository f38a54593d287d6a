"""Silence is declared when outcomes stop, and not when merely nothing fails for a while."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.labels.silence import EXPECTED, LabelSilence

HOUR_US = 3_600_000_000
MINUTE_US = HOUR_US // 60
DAY_US = 24 * HOUR_US
HORIZON_US = DAY_US
START_US = 1_000 * DAY_US


class Run:
    """Event time passes in steps of ten minutes; outcomes arrive an hour after they happen."""

    def __init__(self, seed: int = 1, horizon_us: int = HORIZON_US) -> None:
        self.watch = LabelSilence(horizon_us)
        self.now_us = START_US
        self.begun_us: list[int] = []
        self.over_us: list[int] = []
        self._rng = np.random.default_rng(seed)

    def hours(self, hours: float, a_day: float, together: int = 1) -> "Run":
        """Let time pass with so many outcomes a day; of each, ``together`` are told in one request."""
        for _ in range(round(hours * 6)):
            self.now_us += 10 * MINUTE_US
            if self.watch.advance(self.now_us):
                self.begun_us.append(self.now_us)
            for _ in range(self._rng.poisson(a_day / 144)):
                self.tell([self.now_us - HOUR_US] * together)
        return self

    def tell(self, ts_us: list[int]) -> None:
        if self.watch.arrive(ts_us):
            self.over_us.append(self.now_us)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("a_day", [1, 20, 200])
def test_a_fleet_that_tells_is_never_silent(seed: int, a_day: float) -> None:
    """Two months at any steady rate."""
    run = Run(seed).hours(60 * 24, a_day)
    assert run.begun_us == []
    assert run.watch.since_us is None


def test_a_silence_begins_with_the_last_outcome_and_ends_with_the_next() -> None:
    """At 48 a day a dozen are missed after six hours and some."""
    run = Run().hours(10 * 24, 48)
    stopped_us = run.now_us
    run.hours(3 * 24, 0)
    (begun_us,) = run.begun_us
    assert 5 * HOUR_US < begun_us - stopped_us < 10 * HOUR_US
    assert 0 <= stopped_us - (run.watch.since_us or 0) < 3 * HOUR_US
    run.tell([run.now_us - HOUR_US])
    assert run.over_us == [run.now_us]
    assert run.watch.since_us is None
    assert run.hours(10 * 24, 48).begun_us == [begun_us]


def test_many_at_one_instant_are_one() -> None:
    """A request that tells of twenty failures at the same instant raises the rate by one."""
    one, twenty = Run().hours(10 * 24, 10), Run().hours(10 * 24, 10, together=20)
    assert one.watch.rate() == twenty.watch.rate()


def test_what_was_held_back_does_not_raise_the_rate() -> None:
    """After a silence a hundred outcomes of its days are told; the next gap is judged by the old rate."""
    run = Run().hours(20 * 24, 24)
    before = run.watch.rate()
    run.hours(4 * 24, 0)
    for _ in range(20):
        run.tell([run.now_us - int(share * 4 * DAY_US) for share in np.linspace(0, 1, 5)])
    assert run.watch.rate() == pytest.approx(before)
    assert run.hours(20 * 24, 24).watch.rate() == pytest.approx(before, rel=0.15)


def test_history_does_not_raise_the_rate() -> None:
    """A year of old outcomes is imported on the first day."""
    run = Run().hours(12, 10)
    before = run.watch.rate()
    run.tell([START_US - day * DAY_US // 10 for day in range(20, 3650)])
    assert run.watch.rate() <= before


def test_nothing_is_declared_before_outcomes_were_seen() -> None:
    """A fleet that never tells is no fleet that has fallen silent, nor is one that has told of nine."""
    assert Run().hours(60 * 24, 0).begun_us == []
    run = Run()
    run.hours(1, 0)
    for _ in range(9):
        run.hours(1, 0)
        run.tell([run.now_us])
    assert run.hours(60 * 24, 0).begun_us == []


def test_a_short_gap_is_no_silence_however_much_was_expected() -> None:
    """At two a minute a dozen are missed at once; but it takes an eighth of the horizon."""
    run = Run().hours(24, 2880)
    stopped_us = run.now_us
    run.hours(24, 0)
    assert 3 * HOUR_US <= run.begun_us[0] - stopped_us <= 3.5 * HOUR_US


def test_time_does_not_go_back() -> None:
    """A watermark that is behind the newest changes nothing; outcomes before the first reading are not judged."""
    watch = LabelSilence(HORIZON_US)
    assert not watch.arrive([START_US])
    assert not watch.advance(START_US)
    assert not watch.arrive([])
    for hour in range(1, 40):
        watch.advance(START_US + hour * HOUR_US)
        watch.advance(START_US)
        watch.arrive([START_US + hour * HOUR_US])
    assert watch.rate() * HOUR_US == pytest.approx(1.0, abs=0.2)
    hours = next(hour for hour in range(1, 100) if watch.advance(START_US + (39 + hour) * HOUR_US))
    assert hours == pytest.approx(EXPECTED, abs=4)
    assert watch.since_us == START_US + 39 * HOUR_US


STEPS = st.lists(
    st.tuples(st.integers(0, 50 * HOUR_US), st.lists(st.integers(-5 * DAY_US, 0), max_size=3)), max_size=40
)


@given(STEPS, st.integers(0, 40))
def test_it_goes_on_where_it_was_pickled(steps: list[tuple[int, list[int]]], cut: int) -> None:
    """A restored watch declares and ends the same silences; each that ends had begun."""
    whole, parted, now_us = LabelSilence(HORIZON_US), LabelSilence(HORIZON_US), START_US
    for n, (passed_us, outcomes) in enumerate(steps):
        if n == cut:
            parted = pickle.loads(pickle.dumps(parted, protocol=5))
        now_us += passed_us
        silent = whole.since_us is not None
        begins = whole.advance(now_us)
        assert begins == parted.advance(now_us)
        assert not (silent and begins)
        told = [now_us + ago_us for ago_us in outcomes]
        assert whole.arrive(told) == parted.arrive(told) == bool((silent or begins) and told)
    assert vars(whole) == vars(parted)
