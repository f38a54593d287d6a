"""Durations have a unit."""

import pytest

from simulator.arrays import DAY_S, SECOND
from simulator.durations import duration_us


def test_durations() -> None:
    """Whole or not, in microseconds."""
    assert duration_us("1.5h") == 5_400 * SECOND
    assert duration_us("7d") == 7 * DAY_S * SECOND


@pytest.mark.parametrize("text", ["1", "h", "-1h", "1 week"])
def test_what_is_none_is_told(text: str) -> None:
    """With what was written."""
    with pytest.raises(ValueError, match=f"'{text}' is no duration"):
        duration_us(text)
