"""The ring: what it holds is all there is from some event on, or it says that it does not know."""

import numpy as np

from service.contracts.events import ReadingGroup, ReadingsLogged, Vote
from service.pipeline.live.ring import Ring


def event(*risks: float) -> ReadingsLogged:
    n = len(risks)
    group = ReadingGroup(
        home_type="villa",
        new_devices=[],
        new_metrics=[],
        new_device_types=[],
        device=np.arange(n, dtype=np.int32).tobytes(),
        device_type=np.zeros(n, np.int16).tobytes(),
        ts=np.arange(n, dtype=np.int64).tobytes(),
        offset_s=np.zeros(n, np.int32).tobytes(),
        cycle=np.zeros(n, np.bool_).tobytes(),
        values=b"",
        dropped=0,
        example=b"",
        features=b"",
        risk=np.array(risks).tobytes(),
        votes=[Vote("prior", 1, 1.0)],
        member_risk=np.array(risks).tobytes(),
        provisional=True,
    )
    return ReadingsLogged(received_us=0, groups=[group])


def found(ring: Ring, seq: int) -> tuple[list[tuple[int, list[int]]], int] | None:
    since = ring.since(seq)
    if since is None:
        return None
    return [(risky.seq, risky.groups[0].row.tolist()) for risky in since[0]], since[1]


def test_only_what_is_risky_is_held() -> None:
    """And of other events it is known that there is nothing to tell."""
    ring = Ring()
    ring.join(0.5)
    ring.publish(1, [(1, event(0.1, 0.5)), (2, event(0.2))], 4)
    assert ([(1, [1])], 4) == found(ring, 1)
    assert ([], 4) == found(ring, 2)
    assert ([], 9) == found(ring, 9)


def test_what_went_by_while_nobody_listened_is_not_known() -> None:
    """A listener who comes in the middle of a commit, or after others have gone, is sent to the log."""
    ring = Ring()
    ring.publish(1, None, 2)
    assert None is found(ring, 1)
    ring.join(0.5)
    ring.publish(2, None, 3)  # was under way when the listener came
    assert None is found(ring, 2)
    ring.publish(3, [(3, event(0.9))], 4)
    assert (None, ([(3, [0])], 4)) == (found(ring, 2), found(ring, 3))
    ring.leave(0.5)
    ring.publish(4, None, 5)
    assert (False, None) == (ring.listening, found(ring, 3))


def test_a_lower_threshold_begins_anew() -> None:
    """What the ring holds was picked for the former one; a higher one changes nothing."""
    ring = Ring()
    ring.join(0.5)
    ring.publish(1, [(1, event(0.1, 0.5))], 2)
    ring.join(0.8)
    assert ([(1, [1])], 2) == found(ring, 1)
    ring.join(0.1)
    assert None is found(ring, 1)
    ring.publish(2, [(2, event(0.2))], 3)
    assert ([(2, [0])], 3) == found(ring, 2)


def test_the_oldest_go_first() -> None:
    """The room counts readings, and one event is held whatever it holds."""
    ring = Ring(rows=5)
    ring.join(0.0)
    ring.publish(1, [(1, event(0.1, 0.2, 0.3))], 2)
    ring.publish(2, [(2, event(0.1, 0.2, 0.3))], 3)
    assert (None, ([(2, [0, 1, 2])], 3)) == (found(ring, 1), found(ring, 2))
    ring.publish(3, [(3, event(*[0.5] * 9))], 4)
    assert (None, ([(3, list(range(9)))], 4)) == (found(ring, 2), found(ring, 3))


def test_where_devices_are_forgotten_the_ring_forgets_all() -> None:
    """Who listens is sent to the log for what came before; from then on the ring serves again."""
    ring = Ring()
    ring.join(0.5)
    ring.publish(1, [(1, event(0.9))], 2)
    ring.publish(2, None, 3)
    assert None is found(ring, 1)
    assert None is found(ring, 2)
    ring.publish(3, [(3, event(0.9))], 4)
    assert ([(3, [0])], 4) == found(ring, 3)
