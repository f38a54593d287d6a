"""The waiting room before the scorer."""

import threading
import time

import pytest

from service.contracts.errors import Busy, Unavailable
from service.pipeline.scoring.waiting import WaitingRoom


def test_first_come_first_served_in_groups() -> None:
    """Nobody overtakes; a group is no larger than was asked for."""
    room: WaitingRoom[int] = WaitingRoom(10)
    for number in range(5):
        room.put(number)

    assert [[0, 1, 2], [3, 4]] == [room.take(3), room.take(3)]


def test_it_is_bounded_and_can_be_closed() -> None:
    """A full room is `Busy`, a closed one `Unavailable`; who was in it is still taken, then nobody."""
    room: WaitingRoom[int] = WaitingRoom(1)
    room.put(1)
    with pytest.raises(Busy):
        room.put(2)
    room.close()
    with pytest.raises(Unavailable):
        room.put(3)

    assert [[1], []] == [room.take(9), room.take(9)]


def test_who_was_answered_is_waited_for_but_not_for_long() -> None:
    """Clients that come back at once go together; if they do not, nobody waits longer than was said."""
    room: WaitingRoom[int] = WaitingRoom(10)
    room.answering(3)
    room.put(1)

    def come_back() -> None:
        room.put(2)
        room.put(3)
        room.wake()

    threading.Timer(0.05, come_back).start()
    together = room.take(10, 10, 30.0)
    room.answering(3)
    room.put(4)
    began = time.monotonic()
    alone = room.take(10, 10, 0.05)

    assert ([1, 2, 3], [4]) == (together, alone)
    assert time.monotonic() - began < 10.0


def test_a_single_client_is_never_made_to_wait() -> None:
    """One that is answered alone expects nobody."""
    room: WaitingRoom[int] = WaitingRoom(10)
    room.answering(1)
    room.put(1)

    assert [1] == room.take(10, 10, 600.0)


def test_closing_ends_every_wait() -> None:
    """Also that for clients who come back."""
    room: WaitingRoom[int] = WaitingRoom(10)
    room.answering(5)
    room.put(1)
    threading.Timer(0.05, room.close).start()

    assert [1] == room.take(10, 10, 600.0)
    assert [] == room.take(10, 10, 600.0)


def test_small_ones_go_before_large_ones() -> None:
    """Nobody who brings little waits for those who bring much; among their like all keep their order."""
    room: WaitingRoom[str] = WaitingRoom(10, small=2)
    for name, weight in (("large", 900), ("larger", 950), ("a", 1), ("last", 90), ("b", 2)):
        room.put(name, weight)

    assert [["a", "b", "large"], ["larger"], ["last"]] == [room.take(1_000) for _ in range(3)]


def test_one_that_weighs_too_much_goes_alone() -> None:
    """Whatever it weighs, it is not left behind."""
    room: WaitingRoom[str] = WaitingRoom(10)
    room.put("heavy", 5_000)
    room.put("light", 1)

    assert [["heavy"], ["light"]] == [room.take(1_000), room.take(1_000)]
