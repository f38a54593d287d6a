"""The fold of versions: what any sequence of decisions leaves."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from service.contracts.events import (
    Act,
    CheckpointImported,
    CheckpointPublished,
    LearnerStood,
    Pinned,
    RolledBack,
    TrainingAsked,
    TrainingEnded,
)
from service.models.committee import BASELINE, CHECKPOINT
from service.pipeline.versions import KEPT, Versions

HOME_TYPES = (None, "villa", "studio")


def published(number: int, home_type: str | None = "villa", **changes: Any) -> CheckpointPublished:
    fields: dict[str, Any] = {
        "received_us": number,
        "member": CHECKPOINT,
        "version": number,
        "home_type": home_type,
        "metrics": [],
        "shift": 0.0,
        "file": f"{home_type}-{number}",
        "sha256": f"{number:064d}",
    }
    return CheckpointPublished(**(fields | changes))


def imported(number: int, home_type: str | None = "villa") -> CheckpointImported:
    return CheckpointImported(
        received_us=number, home_type=home_type, version=number, metrics=[], shift=0.0, file=f"{home_type}-{number}",
        sha256=f"{number:064d}", by="ada", why="to see",
    )  # fmt: skip


def ended(number: int, home_type: str | None = "villa", outcome: Any = "rejected") -> TrainingEnded:
    return TrainingEnded(
        received_us=number, job="j", home_type=home_type, outcome=outcome, version=number,
        file=f"{home_type}-{number}", sha256=f"{number:064d}",
    )  # fmt: skip


def rolled_back(number: int, home_type: str | None = "villa") -> RolledBack:
    return RolledBack(received_us=1_000, home_type=home_type, version=number, by="ada", why="to see")


def folded(*events: Act) -> Versions:
    versions = Versions()
    for event in events:
        versions.apply(event)
    return versions


def acts() -> st.SearchStrategy[Act]:
    number, home_type = st.integers(0, 30), st.sampled_from(HOME_TYPES)
    made: list[st.SearchStrategy[Act]] = [
        st.builds(published, number, home_type),
        st.builds(imported, number, home_type),
        st.builds(ended, number, home_type, st.sampled_from(["rejected", "too_few", "failed"])),
        st.builds(rolled_back, number, home_type),
        st.builds(
            Pinned,
            received_us=number,
            home_type=st.sampled_from(["villa", "studio"]),
            member=st.sampled_from([None, "forest"]),
            by=st.just("ada"),
            why=st.just("to see"),
        ),
        st.builds(LearnerStood, received_us=number, stale=st.booleans(), why=st.just("it lags")),
        st.builds(
            TrainingAsked,
            received_us=number,
            job=st.just("j"),
            home_type=home_type,
            by=st.just("ada"),
            why=st.just("to see"),
        ),
    ]
    return st.one_of(made)


@given(st.lists(acts(), max_size=80))
def test_whatever_is_decided(events: list[Act]) -> None:
    """At most one version of a home type serves, numbers are unique, the next one is free, and no more are kept."""
    versions = folded(*events)
    for home_type in HOME_TYPES:
        of = versions.of.get(home_type or "", [])
        numbers = [version.number for version in of]
        assert 1 >= sum(version.state == "serving" for version in of)
        assert len(numbers) == len(set(numbers)) <= KEPT
        assert versions.next_number(home_type) > max(numbers, default=1)
        before = versions.previous(home_type)
        assert before is None or before.state == "archived"
    assert versions.in_force() <= {version.sha256 for of in versions.of.values() for version in of}
    assert len(versions.files()) == sum(len(of) for of in versions.of.values())


def test_what_serves_is_never_forgotten() -> None:
    """Others come and go, the oldest first; their numbers are not given again."""
    versions = folded(published(2), *(ended(n) for n in range(3, 3 + 2 * KEPT)))
    assert [2, *range(4 + KEPT, 3 + 2 * KEPT)] == [version.number for version in versions.of["villa"]]
    assert 3 + 2 * KEPT == versions.next_number("villa")


def test_back_and_forth() -> None:
    """Back to what served before, step by step; what was rejected or brought in serves if it is named."""
    versions = folded(published(2), ended(3), imported(4), published(5))
    assert ["archived", "rejected", "candidate", "serving"] == [version.state for version in versions.of["villa"]]
    before = versions.previous("villa")
    assert before is not None
    assert 2 == before.number
    for number in (2, 3, 4):
        versions.apply(rolled_back(number))
        own = versions.own("villa")
        assert own is not None
        assert (number, "ada") == (own.number, own.by)
    versions.apply(rolled_back(0))
    assert versions.own("villa") is None
    versions.apply(rolled_back(77))
    assert versions.own("villa") is None


def test_the_global_one_serves_who_has_none() -> None:
    """A home type's own goes first; the baseline is a member of its own, and its file is kept."""
    first = published(1, None, member=BASELINE, file="baseline-1.npz")
    versions = folded(first, published(2, None), published(2, "villa"))
    serving = {name: versions.serving(name) for name in ("villa", "studio")}
    assert {"villa": "villa-2", "studio": "None-2"} == {name: v.file for name, v in serving.items() if v is not None}
    assert {"baseline-1.npz", "villa-2", "None-2"} == versions.files()
    assert first == versions.baseline


def test_pins_and_staleness() -> None:
    """The last word holds; trainings that came to nothing change nothing."""
    versions = Versions()
    pin = Pinned(received_us=1, home_type="villa", member="forest", by="ada", why="to see")
    assert versions.apply(pin)
    assert {"villa": pin} == versions.pins
    versions.apply(Pinned(received_us=2, home_type="villa", member=None, by="ada", why="seen"))
    versions.apply(LearnerStood(received_us=3, stale=True, why="it lags"))
    assert ({}, "it lags") == (versions.pins, versions.stale)
    versions.apply(LearnerStood(received_us=4, stale=False, why="it is back"))
    versions.apply(ended(5, outcome="too_few"))
    assert not versions.apply(TrainingAsked(received_us=6, job="j", home_type=None, by="ada", why="to see"))
    assert Versions() == versions
