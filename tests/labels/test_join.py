"""The rule by which a label is made."""

import pytest

from service.labels.book import Mark
from service.labels.join import CENSORED, NEGATIVE, POSITIVE, failed_since, label_of

H = 1000
TS = 5000
ALIVE = TS + H


def fails(at: int, mode: str = "battery") -> Mark:
    return Mark(at, "failure", mode, f"f{at}")


def repaired(at: int) -> Mark:
    return Mark(at, "repair", "", f"r{at}")


@pytest.mark.parametrize(
    ("marks", "last_seen", "label", "mode"),
    [
        pytest.param([], ALIVE, NEGATIVE, "", id="nothing, seen exactly at ts+H"),
        pytest.param([], ALIVE - 1, CENSORED, "", id="nothing, last seen just before ts+H"),
        pytest.param([], TS, CENSORED, "", id="silence from ts on"),
        pytest.param([fails(TS + 1)], TS, POSITIVE, "battery", id="failure just after ts"),
        pytest.param([fails(TS + H)], TS, POSITIVE, "battery", id="failure exactly at ts+H"),
        pytest.param([fails(TS + H)], ALIVE + H, POSITIVE, "battery", id="failure at ts+H, still reading"),
        pytest.param([fails(TS + H + 1)], ALIVE + 1, NEGATIVE, "", id="failure just after ts+H"),
        pytest.param([fails(TS + H + 1)], ALIVE - 1, CENSORED, "", id="failure after ts+H, not seen at ts+H"),
        pytest.param([fails(TS)], ALIVE, CENSORED, "", id="failure exactly at ts"),
        pytest.param([fails(TS - 1)], ALIVE, CENSORED, "", id="in a failure"),
        pytest.param([fails(TS - H + 1)], ALIVE, CENSORED, "", id="in a failure for almost H"),
        pytest.param([fails(TS - H)], ALIVE, NEGATIVE, "", id="went on for H after a failure"),
        pytest.param([fails(TS - H), fails(TS + 1)], TS, POSITIVE, "battery", id="went on for H, failed again"),
        pytest.param([fails(TS - 10), fails(TS + 10)], TS, CENSORED, "", id="in a failure, reported once more"),
        pytest.param([fails(TS - H), fails(TS - 1)], ALIVE, CENSORED, "", id="newest of two failures counts"),
        pytest.param([fails(TS - 10), repaired(TS - 5)], ALIVE, NEGATIVE, "", id="repaired before ts"),
        pytest.param([fails(TS - 10), repaired(TS)], ALIVE, NEGATIVE, "", id="repaired exactly at ts"),
        pytest.param([fails(TS - 10), repaired(TS + 1)], ALIVE, CENSORED, "", id="in a failure, repaired later"),
        pytest.param(
            [fails(TS - 10), repaired(TS - 5), fails(TS + 5)], TS, POSITIVE, "battery", id="repaired, failed again"
        ),
        pytest.param([repaired(TS + 1)], ALIVE, CENSORED, "", id="repair in the window"),
        pytest.param([repaired(TS + H)], ALIVE, CENSORED, "", id="repair exactly at ts+H"),
        pytest.param([repaired(TS + H + 1)], ALIVE, NEGATIVE, "", id="repair after ts+H"),
        pytest.param([repaired(TS)], ALIVE, NEGATIVE, "", id="repair exactly at ts"),
        pytest.param([repaired(TS + 1), fails(TS + 2)], ALIVE, CENSORED, "", id="repair, then failure: a new life"),
        pytest.param([fails(TS + 1, "radio"), repaired(TS + 2)], ALIVE, POSITIVE, "radio", id="failure, then repair"),
        pytest.param([fails(TS + 1), repaired(TS + 1)], ALIVE, POSITIVE, "battery", id="both at one instant in window"),
        pytest.param([fails(TS), repaired(TS)], ALIVE, NEGATIVE, "", id="both at ts"),
        pytest.param([fails(TS + 1, "a"), fails(TS + 2, "b")], ALIVE, POSITIVE, "a", id="mode of the first failure"),
        pytest.param([fails(TS - 10), repaired(TS + H + 1)], ALIVE, CENSORED, "", id="in a failure past the window"),
    ],
)
def test_label(marks: list[Mark], last_seen: int, label: int, mode: str) -> None:
    """Positive in (ts, ts+H], negative only if seen alive at ts+H or later, censored where nobody can know."""
    assert (label, mode) == label_of(TS, H, marks, last_seen)


@pytest.mark.parametrize(
    ("marks", "last_seen", "since"),
    [
        ([], TS, None),
        ([fails(TS)], TS - 1, TS),
        ([fails(TS)], TS, TS),
        ([fails(TS)], TS + H - 1, TS),
        ([fails(TS)], TS + H, None),
        ([fails(TS), repaired(TS)], TS, None),
        ([fails(TS), repaired(TS + 5), fails(TS + 9)], TS + 10, TS + 9),
    ],
)
def test_failed_state(marks: list[Mark], last_seen: int, since: int | None) -> None:
    """A device is failed from a failure until a repair, or until it was seen a horizon later."""
    assert since == failed_since(last_seen, H, marks)
