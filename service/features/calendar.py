"""Calendar features: where in the day, the week and the year an instant lies, in the home's own time.

Positions are points on a circle (sine and cosine), so that 23:59 lies beside 00:00. Readings whose time is a cycle
count have none: their columns stay NaN.
"""

import numba
import numpy as np
import numpy.typing as npt

US_PER_S = 1_000_000
_DAY_S = 86_400
_YEAR_S = 365.2425 * _DAY_S
_THURSDAY_TO_MONDAY_DAYS = 3  # 1970-01-01 was a Thursday


@numba.njit(nogil=True, cache=True)
def fill_calendar(
    ts_us: npt.NDArray[np.int64],
    offset_s: npt.NDArray[np.int32],
    cycle: npt.NDArray[np.bool_],
    out: npt.NDArray[np.float32],
    first: int,
) -> None:
    """Sine and cosine of the hour of day, the weekday and the season.

    Args:
        ts_us: Instants in microseconds since the epoch; shape (n,).
        offset_s: Offset of local time from UTC in seconds; shape (n,).
        cycle: Whether the time is a cycle count; shape (n,).
        out: Feature rows, (n, f); six columns of it are filled in the order of `BASE_COLUMNS`, NaN where ``cycle``.
        first: The first of them.
    """
    turn = 2.0 * np.pi
    for i in range(len(ts_us)):
        if cycle[i]:
            out[i, first : first + 6] = np.nan
            continue
        local_s = ts_us[i] / US_PER_S + offset_s[i]
        day = turn * (local_s % _DAY_S) / _DAY_S
        week = turn * ((local_s / _DAY_S + _THURSDAY_TO_MONDAY_DAYS) % 7.0) / 7.0
        year = turn * (local_s % _YEAR_S) / _YEAR_S
        out[i, first], out[i, first + 1] = np.sin(day), np.cos(day)
        out[i, first + 2], out[i, first + 3] = np.sin(week), np.cos(week)
        out[i, first + 4], out[i, first + 5] = np.sin(year), np.cos(year)
