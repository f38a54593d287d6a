"""Where in the day, the week and the year an instant lies."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.features.calendar import fill_calendar
from service.labels.book import instant_us


def calendar_columns(
    ts_us: npt.NDArray[np.int64], offset_s: npt.NDArray[np.int32], cycle: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float32]:
    """The six columns alone; float32 (n, 6)."""
    out = np.empty((len(ts_us), 6), np.float32)
    fill_calendar(ts_us, offset_s, cycle, out, 0)
    return out


def columns(*instants: datetime, cycle: bool = False) -> list[list[float]]:
    offsets = [int(offset.total_seconds()) for ts in instants if (offset := ts.utcoffset()) is not None]
    out: list[list[float]] = calendar_columns(
        np.array([instant_us(ts) for ts in instants], np.int64),
        np.array(offsets, np.int32),
        np.full(len(instants), cycle),
    ).tolist()
    return out


def turn(sine: float, cosine: float) -> float:
    """Position on the circle, from 0 to 1."""
    return float(np.arctan2(sine, cosine) / (2 * np.pi) % 1.0)


def apart(a: float, b: float) -> float:
    """Distance on the circle."""
    return min((a - b) % 1.0, (b - a) % 1.0)


@given(
    st.datetimes(datetime(1960, 1, 1), datetime(2100, 1, 1)),  # noqa: DTZ001 - the zone is drawn beside it
    st.integers(-14 * 60, 14 * 60),
)
def test_positions_are_those_of_local_civil_time(naive: datetime, offset_min: int) -> None:
    """Hour and weekday are those on the wall at home, whatever the offset, also before 1970."""
    local = naive.replace(tzinfo=timezone(timedelta(minutes=offset_min)))
    hour_sin, hour_cos, week_sin, week_cos, *_ = columns(local)[0]
    of_day = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second) / timedelta(days=1)

    assert apart(of_day, turn(hour_sin, hour_cos)) < 1e-4
    assert apart((local.weekday() + of_day) / 7, turn(week_sin, week_cos)) < 1e-4


@pytest.mark.parametrize("year", [1971, 2000, 2024, 2026])
def test_season_returns_every_year(year: int) -> None:
    """The first of January lies at the start of the circle, the first of July opposite, to within two days."""
    january, july = columns(datetime(year, 1, 1, tzinfo=UTC), datetime(year, 7, 2, 12, tzinfo=UTC))

    assert apart(0.0, turn(*january[4:])) < 2 / 365
    assert apart(0.5, turn(*july[4:])) < 2 / 365


def test_midnight_is_no_cliff() -> None:
    """A minute before and after midnight are near each other in every column."""
    before, after = columns(datetime(2024, 5, 5, 23, 59, tzinfo=UTC), datetime(2024, 5, 6, 0, 1, tzinfo=UTC))

    assert np.abs(np.subtract(before, after)).max() < 0.01


def test_cycle_counts_have_no_calendar() -> None:
    """Rows of a cycle count are unknown, their neighbours are not."""
    ts = np.full(3, instant_us(datetime(2024, 5, 5, tzinfo=UTC)), np.int64)
    rows = calendar_columns(ts, np.zeros(3, np.int32), np.array([False, True, False]))

    assert np.isnan(rows).all(axis=1).tolist() == [False, True, False]
    assert np.isfinite(rows[[0, 2]]).all()


@given(st.lists(st.integers(0, 4 * 10**15), min_size=1, max_size=40))
def test_a_row_is_the_same_alone_and_among_others(ts: list[int]) -> None:
    """Bit for bit, so that it does not matter how a stream was cut into requests."""
    instants, offset, cycle = np.array(ts, np.int64), np.zeros(len(ts), np.int32), np.zeros(len(ts), np.bool_)
    together = calendar_columns(instants, offset, cycle)
    alone = [calendar_columns(instants[i : i + 1], offset[:1], cycle[:1]) for i in range(len(ts))]

    assert together.tobytes() == np.concatenate(alone).tobytes()
