"""The watermark: how far event time has surely advanced."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.labels.watermark import NEVER, Watermark


def hear(watermark: Watermark, *readings: tuple[int, int], slot: int = 1) -> None:
    """(device, ts) pairs, each the first of its device in a slot of this width within the call."""
    device, ts = np.array([d for d, _ in readings], np.int32), np.array([t for _, t in readings], np.int64)
    slots = [(d, t // slot) for d, t in readings]
    turn = np.array([place not in slots[:n] for n, place in enumerate(slots)])
    watermark.hear(device, ts, turn)


def test_one_device_sets_it_alone() -> None:
    """In a home type of one device the watermark is its newest instant, minus the lateness."""
    watermark = Watermark(30)
    assert watermark.value_us == NEVER

    hear(watermark, (7, 1000), (7, 1100))

    assert watermark.value_us == 1070
    assert watermark.newest_us == 1100


def test_it_is_the_median_device() -> None:
    """Of an even number the earlier of the two in the middle: surely is surely."""
    watermark = Watermark(0)
    hear(watermark, *((device, 100 * device) for device in range(1, 5)))

    assert watermark.value_us == 200


@pytest.mark.parametrize("odd", [10, 10**9])
def test_one_wrong_clock_cannot_move_it(odd: int) -> None:
    """Among three devices, one in the past or ahead of time leaves the watermark between the other two."""
    watermark = Watermark(0)
    for step in range(50):
        hear(watermark, (0, 1000 + step), (1, 1000 + step), (2, odd + step))
        assert 1000 <= watermark.value_us <= 1000 + step


def test_a_talkative_device_with_a_wrong_clock_cannot_move_it() -> None:
    """Also if it sends very many readings in one request while the others keep to their rhythm."""
    watermark = Watermark(0)
    fleet = [(device, 1000) for device in range(10)]
    hear(watermark, *fleet)
    hear(watermark, *((99, 10**6 + k) for k in range(300)), slot=60)

    assert watermark.value_us == 1000


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 90), st.integers(0, 10**6)), min_size=1, max_size=30), min_size=1, max_size=20
    )
)
def test_it_never_goes_back_nor_ahead_of_the_newest(batches: list[list[tuple[int, int]]]) -> None:
    """Monotone, and never later than the newest reading minus the lateness."""
    watermark = Watermark(50)
    before = watermark.value_us
    newest = 0
    for batch in batches:
        hear(watermark, *batch)
        newest = max(newest, *(ts for _, ts in batch))
        assert before <= watermark.value_us <= newest - 50
        assert newest == watermark.newest_us
        before = watermark.value_us


def test_it_follows_the_last_64_devices() -> None:
    """Device number 65 takes the place of the one unheard for longest."""
    watermark = Watermark(0)
    hear(watermark, *((device, 0) for device in range(64)))
    for device in range(64, 96):
        hear(watermark, (device, 1000))
    at_half = watermark.value_us
    hear(watermark, (96, 1000))

    assert at_half == 0
    assert watermark.value_us == 1000


def test_a_device_heard_often_keeps_its_place() -> None:
    """The ring is not filled twice by one device, and a device that goes on keeps its newest instant."""
    watermark = Watermark(0)
    for ts in range(200):
        hear(watermark, (1, ts), (2, 10**6 + ts), (3, ts))

    assert watermark.value_us == 199


def test_removed_devices_do_not_hold_it_back() -> None:
    """Of a small fleet half is removed: after 256 slots begun by the others event time goes on without them."""
    watermark = Watermark(0)
    hear(watermark, *((device, 0) for device in range(6)))
    for step in range(130):
        hear(watermark, (0, 1000 + step), (1, 1000 + step))

    assert watermark.value_us >= 1100


def test_an_operator_moves_it_forward_only() -> None:
    """Advance sets it, but never back; readings behind it do not pull it back either."""
    watermark = Watermark(0)
    watermark.advance(500)
    watermark.advance(400)
    hear(watermark, (0, 450))

    assert watermark.value_us == 500

    hear(watermark, (0, 501))
    assert watermark.value_us == 501
