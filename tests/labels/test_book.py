"""The book of outcomes: what is held true after all corrections."""

from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.contracts.outcomes import Failure, Outcome, Repair, Retraction
from service.labels.book import Mark, OutcomeBook, instant_us

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAMP = ("home1", "lamp")


def failure(
    outcome_id: str, hours: float = 0.0, *, supersedes: str | None = None, mode: str = "battery", device: str = "lamp"
) -> Failure:
    about = {"outcome_id": outcome_id, "home_id": "home1", "device_id": device, "mode": mode}
    ts = T0 + timedelta(hours=hours)
    return Failure(**about, ts=ts) if supersedes is None else Failure(**about, ts=ts, supersedes=supersedes)


def repair(outcome_id: str, hours: float = 0.0) -> Repair:
    return Repair(outcome_id=outcome_id, home_id="home1", device_id="lamp", ts=T0 + timedelta(hours=hours))


def retraction(outcome_id: str, retracts: str) -> Retraction:
    return Retraction(outcome_id=outcome_id, retracts=retracts)


def entered(*outcomes: Outcome) -> OutcomeBook:
    book = OutcomeBook()
    for outcome in outcomes:
        book.enter(outcome)
    return book


def ids(book: OutcomeBook, device: str = "lamp") -> list[str]:
    return [mark.outcome_id for mark in book.marks(("home1", device))]


def test_marks_are_in_order_of_time() -> None:
    """However the reports came in, a device's marks are in order of event time, each with its kind and mode."""
    book = entered(failure("c", 5, mode="radio"), repair("b", 3), failure("a", 1))
    at = instant_us(T0)

    assert book.marks(LAMP) == [
        Mark(at + 3_600_000_000, "failure", "battery", "a"),
        Mark(at + 3 * 3_600_000_000, "repair", "", "b"),
        Mark(at + 5 * 3_600_000_000, "failure", "radio", "c"),
    ]
    assert book.marks(("home2", "lamp")) == []


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_failure_comes_before_repair_at_one_instant(order: tuple[int, ...]) -> None:
    """A device that failed and was repaired at the same instant works afterwards."""
    both: list[Outcome] = [failure("z"), repair("a")]
    book = entered(*(both[k] for k in order))

    assert [mark.kind for mark in book.marks(LAMP)] == ["failure", "repair"]


@pytest.mark.parametrize("order", list(permutations(range(2))))
@pytest.mark.parametrize(("correction", "left"), [(failure("b", 2, supersedes="a"), ["b"]), (retraction("b", "a"), [])])
def test_correction_before_or_after_its_target(order: tuple[int, ...], correction: Outcome, left: list[str]) -> None:
    """What is corrected is void, whichever of the two came first."""
    both: list[Outcome] = [failure("a"), correction]
    book = entered(*(both[k] for k in order))

    assert left == ids(book)
    assert len(book) == 2


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_chain_of_corrections_leaves_the_last(order: tuple[int, ...]) -> None:
    """a, superseded by b, superseded by c: only c counts, in every order of arrival."""
    chain = [failure("a", 0), failure("b", 1, supersedes="a"), failure("c", 2, supersedes="b")]

    assert ids(entered(*(chain[k] for k in order))) == ["c"]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_retracting_a_correction_brings_nothing_back(order: tuple[int, ...]) -> None:
    """An outcome is void for good: if its successor is withdrawn too, nothing is left."""
    acts: list[Outcome] = [failure("a"), failure("b", 1, supersedes="a"), retraction("r", "b")]

    assert ids(entered(*(acts[k] for k in order))) == []


def test_same_id_twice_changes_nothing() -> None:
    """A retry is recognised by its id, also if it says something else, also after its target was withdrawn."""
    book = entered(failure("a", 1))

    assert book.enter(failure("a", 1)) is None
    assert book.enter(failure("a", 9, mode="radio")) is None
    assert len(book) == 1
    assert book.known("a") == failure("a", 1)

    book.enter(retraction("r", "a"))
    assert book.enter(failure("a", 1)) is None
    assert ids(book) == []
    assert book.known("nobody") is None


def test_enter_names_the_device_that_changed() -> None:
    """The device whose marks changed is returned, None if none did."""
    book = OutcomeBook()

    assert book.enter(failure("a")) == LAMP
    assert book.enter(retraction("r", "a")) == LAMP
    assert book.enter(retraction("r2", "a")) is None
    assert book.enter(retraction("early", "later")) is None
    assert book.enter(failure("later")) is None
    assert book.enter(failure("b", supersedes="a")) == LAMP


@pytest.mark.parametrize(
    ("outcome", "field"),
    [
        (failure("x", supersedes="x"), "supersedes"),
        (retraction("x", "x"), "retracts"),
        (failure("x", supersedes="other"), "supersedes"),
        (failure("x", supersedes="withdrawal"), "supersedes"),
        (retraction("x", "withdrawal"), "retracts"),
    ],
)
def test_senseless_corrections_are_objected_to(outcome: Outcome, field: str) -> None:
    """Of itself, of another device's outcome, of a retraction: the field and a sentence say so."""
    book = entered(failure("other", device="lock"), retraction("withdrawal", "other"))
    objection = book.objection(outcome)

    assert objection is not None
    assert field == objection[0]
    assert objection[1]


@pytest.mark.parametrize(
    "outcome",
    [failure("x"), repair("x"), retraction("x", "a"), failure("x", supersedes="a"), retraction("x", "not yet here")],
)
def test_sensible_outcomes_meet_no_objection(outcome: Outcome) -> None:
    """Also a correction whose target has not come."""
    assert entered(failure("a")).objection(outcome) is None


def test_a_correction_that_came_first_cannot_void_another_devices_outcome() -> None:
    """An early correction that names an id of another device has no more effect than a late one, which is refused."""
    book = entered(failure("fix", supersedes="a", device="lock"))
    late = failure("a")

    assert book.objection(late) is not None or (book.enter(late), ids(book))[1] == ["a"]


def test_one_failure_corrected_twice_counts_once() -> None:
    """Two corrections of the same outcome are not two failures: the second one is objected to, or takes the place."""
    book = entered(failure("a"), failure("b", 1, supersedes="a"))
    second = failure("c", 2, supersedes="a")
    if book.objection(second) is None:
        book.enter(second)

    assert len(ids(book)) == 1


@given(
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)),  # noqa: DTZ001 - the zone is drawn beside it
    st.integers(-14 * 60, 14 * 60),
)
def test_instants_are_exact(naive: datetime, offset_min: int) -> None:
    """To the microsecond, whatever the year and the offset."""
    ts = naive.replace(tzinfo=timezone(timedelta(minutes=offset_min)))

    assert (ts - EPOCH) // timedelta(microseconds=1) == instant_us(ts)


@st.composite
def histories(draw: st.DrawFn) -> list[Outcome]:
    """Outcomes of one device, some of which correct earlier ones; each is corrected at most once."""
    out: list[Outcome] = []
    open_ids: list[str] = []
    for k in range(draw(st.integers(1, 8))):
        name = f"o{k}"
        act = draw(st.sampled_from(["failure", "repair", "supersede", "retract"]))
        target = draw(st.sampled_from(open_ids)) if open_ids else None
        if act == "retract" and target is not None:
            out.append(retraction(name, target))
            open_ids.remove(target)
            continue
        if act == "supersede" and target is not None:
            out.append(failure(name, k, supersedes=target))
            open_ids.remove(target)
        else:
            out.append(repair(name, k) if act == "repair" else failure(name, k))
        open_ids.append(name)
    return out


@given(histories(), st.randoms(use_true_random=False))
def test_order_of_arrival_does_not_matter(history: list[Outcome], random: Random) -> None:
    """Reports, corrections and retries in any order lead to the same marks."""
    shuffled = [*history, *history[::2]]
    random.shuffle(shuffled)

    assert entered(*history).marks(LAMP) == entered(*shuffled).marks(LAMP)
