"""What could be known at an instant, and nothing else."""

from collections.abc import Callable

import numpy as np
import pytest
from msgspec.structs import replace

from benchmarks.prequential.history import History, Questions, questions
from benchmarks.prequential.played import DAY_US, NOT_BELIEVED, Floats, Played
from benchmarks.prequential.rivals import frozen, retrained
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
