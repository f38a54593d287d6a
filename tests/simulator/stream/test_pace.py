"""Not faster than asked, and no slower than need be."""

from dataclasses import dataclass

import pytest

from simulator.arrays import SECOND
from simulator.stream.pace import Pace


@dataclass
class Clock:
    """Stands still but for who waits."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def sent_at(pace: Pace, clock: Clock, requests: list[tuple[int, int]], took_s: float = 0.0) -> list[float]:
    """When requests (event second, readings) go out; each then takes a while."""
    out = []
    for second, readings in requests:
        clock.now += pace.wait_s(second * SECOND, readings)
        out.append(clock.now - 100.0)
        clock.now += took_s
    return out


def test_event_time_sets_the_pace() -> None:
    """Ten event seconds a second; time lost to a slow service is caught up with."""
    requests = [(0, 1), (10, 1), (20, 1), (40, 1)]
    clock = Clock()
    assert [0, 1, 2, 4] == sent_at(Pace(10.0, None, clock), clock, requests)
    clock = Clock()
    assert [0, 1.5, 3.0, 4.5] == sent_at(Pace(10.0, None, clock), clock, requests, took_s=1.5)


def test_the_rate_is_kept_and_lost_time_stays_lost() -> None:
    """A request waits for the readings before it; after a stall there is no burst."""
    clock = Clock()
    pace = Pace(None, 100.0, clock)
    assert [0, 0.5, 1.0] == sent_at(pace, clock, [(0, 50), (0, 50), (0, 50)])
    clock.now += 10.0
    assert [11.0, 11.5] == sent_at(pace, clock, [(0, 50), (0, 50)])


def test_the_slower_wins() -> None:
    """Speed and rate together; outcomes cost nothing."""
    requests = [(0, 100), (1, 100), (30, 0), (30, 100)]
    clock = Clock()
    assert [0, 1, 3, 3] == sent_at(Pace(10.0, 100.0, clock), clock, requests)
    clock = Clock()
    assert [0, 0, 0, 0] == sent_at(Pace(0, None, clock), clock, requests)


@pytest.mark.parametrize(("rate", "most"), [(None, 500), (1e6, 500), (100.0, 25), (0.5, 1)])
def test_requests_are_small_where_the_rate_is(rate: float | None, most: int) -> None:
    """A quarter of a second's readings at most."""
    assert most == Pace(None, rate).most_readings(500)
