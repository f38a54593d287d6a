"""Clock: what time it is in a home, and what kind of day.

Homes lie in time zones of their own, whose clocks change for daylight saving, and in countries with public holidays of
their own. Both are tables over a simulation's span, in steps of a quarter of an hour, which the inner loop looks up.
"""

from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from simulator.arrays import DAY_S, Codes, Floats, Indices, Ints
from simulator.world.patterns import Patterns

QUARTER_S = 900
BEYOND_D = 7
"""Days for which the tables go on after the end: what then happens may announce itself before."""
WORKDAY, WEEKEND, HOLIDAY = 0, 1, 2
"""Kinds of days."""


class Zone(NamedTuple):
    """A time zone, by its IANA name, and the country whose holidays are kept there."""

    name: str
    country: str


ZONES: tuple[Zone, ...] = (
    Zone("America/Los_Angeles", "US"),
    Zone("America/Chicago", "US"),
    Zone("America/New_York", "US"),
    Zone("Europe/London", "GB"),
    Zone("Europe/Paris", "FR"),
    Zone("Europe/Berlin", "DE"),
    Zone("Europe/Helsinki", "FI"),
)


class Clock:
    """Local time in all zones over a simulation.

    Args:
        start_s: First second, since the epoch.
        end_s: Last second.
        patterns: Says whether there is daylight saving and whether there are weekends and holidays.

    Attributes:
        origin_s: Second at which the tables begin: some days before the start.
        offset_s: Offset of local time from UTC, (zones, quarters) int32.
        day_kind: `WORKDAY`, `WEEKEND` or `HOLIDAY`, by local date, (zones, quarters) int8.
        summer: How much of summer it is, by day of UTC, (days,): the pattern's strength in its middle, the negative of
            that in the middle of winter.
    """

    def __init__(self, start_s: int, end_s: int, patterns: Patterns) -> None:
        self.origin_s = (start_s // DAY_S - 2) * DAY_S
        days = end_s // DAY_S + 1 + BEYOND_D - self.origin_s // DAY_S
        seconds = self.origin_s + np.arange(days * DAY_S // QUARTER_S, dtype=np.int64) * QUARTER_S
        day = self.origin_s // DAY_S + np.arange(days)
        season = patterns.seasonal.size
        self.summer: Floats = season * np.cos(2 * np.pi * (day - 197.0) / 365.2425)
        saving = patterns.daylight_saving.on
        self.offset_s: Indices = np.stack([_offsets(zone.name, seconds, saving) for zone in ZONES])
        self.day_kind: Codes = np.stack(
            [_day_kinds(zone, seconds + offset, patterns) for zone, offset in zip(ZONES, self.offset_s, strict=True)]
        )

    def offsets(self, zone: npt.NDArray[np.integer], second: Ints) -> Indices:
        """Return the offset of local time from UTC, in seconds, (n,), for zones (n,) and instants (n,).

        Instants beyond the tables get the offset at their edge.
        """
        quarter = np.clip((second - self.origin_s) // QUARTER_S, 0, self.offset_s.shape[1] - 1)
        return np.asarray(self.offset_s[zone, quarter])


def _offsets(name: str, seconds: Ints, saving: bool) -> Indices:
    """Offsets by quarter; each day is asked once, and quarter by quarter only where its offset changes."""
    zone = _zone(name)

    def offset(second: int) -> int:
        there = datetime.fromtimestamp(second, UTC).astimezone(zone)
        whole, extra = there.utcoffset(), there.dst()
        assert whole is not None
        return int((whole if saving or extra is None else whole - extra).total_seconds())

    per_day = DAY_S // QUARTER_S
    by_day = np.array([offset(second) for second in seconds[::per_day].tolist()], dtype=np.int32)
    offsets = np.repeat(by_day, per_day)
    for day in np.nonzero(np.diff(by_day))[0].tolist():
        rows = slice(day * per_day, (day + 1) * per_day)
        offsets[rows] = [offset(second) for second in seconds[rows].tolist()]
    return offsets


def _zone(name: str) -> ZoneInfo:
    """Read a zone as the pinned package has it, not the machine: the same seed shall give the same world anywhere."""
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def _day_kinds(zone: Zone, local: Ints, patterns: Patterns) -> Codes:
    day = local // DAY_S
    kinds = np.full(len(day), WORKDAY, dtype=np.int8)
    if patterns.weekly.size > 0:
        kinds[(day + 3) % 7 >= 5] = WEEKEND
    if patterns.holidays.size > 0:
        years = range(1970 + int(day[0] // 365.2425) - 1, 1970 + int(day[-1] // 365.2425) + 2)
        kinds[np.isin(day, public_holidays(zone.country, tuple(years)))] = HOLIDAY
    return kinds


@cache
def public_holidays(country: str, years: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Return the public holidays of a country as days since the epoch, (h,)."""
    # Takes a moment to import, and only a simulation with holidays needs it.
    from holidays import country_holidays

    epoch = datetime(1970, 1, 1, tzinfo=UTC).date()
    return np.array(sorted((day - epoch).days for day in country_holidays(country, years=years)), dtype=np.int64)
