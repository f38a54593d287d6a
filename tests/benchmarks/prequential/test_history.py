"""What could be known at an instant, and nothing else."""

from collections.abc import Callable

import numpy as np
import pytest
from msgspec.structs import replace

from benchmarks.prequential.history import History, Questions, questions
from benchmarks.prequential.played import DAY_US, HOUR_US, NOT_BELIEVED, Floats, Played
from benchmarks.prequential.rivals import frozen, retrained
from benchmarks.prequential.stream import Stream, every_us
from tests.benchmarks.lived import lived

RIVALS: dict[str, Callable[[Questions, History], Floats]] = {
    "frozen": lambda asked, history: frozen(asked, history, 1).risks,
    "forest": lambda asked, history: retrained(asked, history, DAY_US, 1, "forest").risks,
    "lightgbm": lambda asked, history: retrained(asked, history, DAY_US, 1, "lightgbm").risks,
}


def _turned_over(played: Played, cut_us: int) -> Played:
    """All labels that are not final at an instant are the opposite."""
    return replace(played, labels=np.where(played.final_us() > cut_us, ~played.labels, played.labels))


def _taken_away(played: Played, cut_us: int) -> Played:
    """Nobody ever knew them."""
    later = played.final_us() > cut_us
    return replace(
        played,
        believed=np.where(later, NOT_BELIEVED, played.labels).astype(np.int8),
        corrected_us=np.where(later, 2**62, played.final_us()),
    )


@pytest.mark.parametrize("poison", [_turned_over, _taken_away])
@pytest.mark.parametrize("rival", RIVALS)
def test_what_is_not_final_changes_no_risk(rival: str, poison: Callable[[Played, int], Played]) -> None:
    """Whatever is done to labels that are not final at an instant, each risk given until then stays as it was."""
    honest = lived(days=8, devices=60)
    cut_us = int(honest.ts[0]) + 5 * DAY_US
    poisoned = poison(honest, cut_us)

    one = RIVALS[rival](questions(honest), History(honest))
    other = RIVALS[rival](questions(poisoned), History(poisoned))

    until = honest.ts <= cut_us
    assert np.isnan(one[0])
    assert not np.isnan(one[until]).all()
    assert np.array_equal(one[until], other[until], equal_nan=True)
    if rival != "frozen":  # which knew all it ever will
        assert not np.array_equal(one[~until], other[~until], equal_nan=True)


def test_a_label_is_known_a_horizon_and_its_grace_later() -> None:
    """Not a microsecond before."""
    played = lived(days=4, devices=5)
    history = History(played)
    final_us = int(played.ts[0]) + played.horizon_us + played.horizon_us // 24

    assert len(history.known(final_us - 1).examples) == 0
    assert len(history.known(final_us).examples) == 5
    assert history.final_at(1) == final_us
    assert history.final_at(len(played.ts) + 1) is None


def test_a_late_report_is_not_known_before_it_comes() -> None:
    """Until then the label is what was believed, or is no example where nobody knew."""
    played = lived(days=4, devices=3)
    count = len(played.ts)
    labels, believed = np.zeros(count, np.bool_), np.zeros(count, np.int8)
    labels[:2], believed[1] = True, NOT_BELIEVED
    told_us = np.full(count, -1)
    told_us[:2] = int(played.ts[0]) + 3 * DAY_US
    history = History(replace(played, labels=labels, believed=believed, corrected_us=told_us))

    before, after = history.known(int(told_us[0]) - 1), history.known(int(told_us[0]))

    assert 1 not in before.examples
    assert not before.labels.any()
    assert [0, 1] == sorted(after.examples[after.labels].tolist())


def test_questions_hold_no_label() -> None:
    """A rival cannot look."""
    assert Questions.__struct_fields__ == ("rows", "ts", "device", "readings")


def test_rivals_are_told_the_home_type() -> None:
    """As the service is, which has models of each."""
    played = lived(days=4, devices=4)
    played = replace(played, device=played.device + (played.device % 2 << 32))

    assert np.array_equal(questions(played).rows[:, -1], played.device >> 32)


def test_who_is_asked_in_the_last_horizon_is_not_judged() -> None:
    """All of it is cut that comes after the newest negative, and what is left fits together."""
    played = lived(days=4, devices=5)
    labels = played.labels.copy()
    labels[12:], labels[11] = True, False

    closed = replace(played, labels=labels, believed=labels.astype(np.int8)).closed()

    first = int(np.searchsorted(played.ts, played.ts[11], side="right"))
    assert len(closed.ts) == len(closed.rows) == len(closed.blend) == len(closed.members["prior"]) == first
    assert closed.believed is not None
    assert len(closed.believed) == first
    assert closed.corrected_us is None
    assert replace(played, labels=np.zeros(len(labels), np.bool_)).closed().ts is played.ts


@pytest.mark.parametrize(
    ("table", "horizon_h", "days", "expected_h"),
    [(False, 6, 20, 24), (True, 6, 20, 6), (True, 30, 20, 24), (True, 6, 300, 48)],
)
def test_rivals_are_retrained_every_day(table: bool, horizon_h: int, days: int, expected_h: int) -> None:
    """Beside tables also every shorter horizon, and at most 150 times."""
    stream = Stream(name="s", scenario=None if table else "stationary", table=("a", "b") if table else None)
    ts = np.array([0, days * DAY_US])
    played = replace(lived(days=1, devices=1), ts=ts, horizon_us=horizon_h * HOUR_US)

    assert every_us(stream, played) == expected_h * HOUR_US
