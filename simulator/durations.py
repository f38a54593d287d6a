"""Durations as users write them, in flags and in mappings."""

import re

from simulator.arrays import DAY_S, HOUR_S, SECOND

_UNITS_US = {"ms": 1_000, "s": SECOND, "m": 60 * SECOND, "h": HOUR_S * SECOND, "d": DAY_S * SECOND}
_LONGEST_US = 10_000 * 366 * DAY_S * SECOND
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")


def duration_us(text: str) -> int:
    """Return a duration such as ``90s``, ``15m``, ``1.5h`` or ``7d`` in microseconds.

    Raises:
        ValueError: If ``text`` is none.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no duration such as '90s', '15m', '1h' or '7d'")
    us = float(match[1]) * _UNITS_US[match[2]]
    if us > _LONGEST_US:
        raise ValueError(f"{text[:20]!r} is longer than ten thousand years")
    return round(us)
