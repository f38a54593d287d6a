"""Who sits in a committee right now: what the learner published, and what has been decided since."""

from msgspec.structs import replace

from service.contracts.events import LearnerStood, Pinned
from service.pipeline.publication import Member
from service.pipeline.scoring.seats import is_blend, resolved, weighed
from service.pipeline.versions import Versions
from tests.pipeline.test_versions import folded, published

FOREST = Member(member="forest", model="forest@villa", version=90, weight=0.7)
OLD = Member(member="checkpoint", model="0" * 64, version=2, weight=0.3)
PRIOR = Member(member="prior", model=None, version=5)
EVERYBODY = {"forest", "checkpoint", "prior"}
PIN = Pinned(received_us=9, home_type="villa", member="checkpoint", by="ada", why="to see")


def weights(members: list[Member], versions: Versions, able: set[str]) -> dict[str, tuple[float, str | None]]:
    seated = weighed(resolved(members, "villa", versions), "villa", versions, able)
    return {member.member: (round(member.weight, 9), member.benched) for member in seated}


def test_what_serves_now_takes_the_seat() -> None:
    """With the weight that the checkpoint had; nobody waits for the learner."""
    (_, seat, _) = resolved([FOREST, OLD, PRIOR], "villa", folded(published(2), published(3)))
    assert (f"{3:064d}", 3, 0.3) == (seat.model, seat.version, seat.weight)


def test_a_seat_of_which_the_learner_has_not_heard() -> None:
    """The first checkpoint is there at once, without a vote; where nobody else can speak it does."""
    versions = folded(published(2))
    assert {"forest": (1.0, None), "prior": (0.0, None), "checkpoint": (0.0, None)} == weights(
        [FOREST, PRIOR], versions, EVERYBODY
    )
    versions.apply(PIN)
    assert {"checkpoint": 1.0} == {
        name: weight for name, (weight, _) in weights([FOREST, PRIOR], versions, EVERYBODY).items() if weight
    }


def test_a_pin_holds_as_long_as_it_can() -> None:
    """The chosen one alone; where it cannot speak the others do."""
    versions = folded(published(2), PIN)
    members = [FOREST, OLD, PRIOR]
    assert {"forest": (0.0, "not chosen"), "checkpoint": (1.0, None), "prior": (0.0, "not chosen")} == weights(
        members, versions, EVERYBODY
    )
    assert {"forest": (1.0, None), "checkpoint": (0.0, None), "prior": (0.0, None)} == weights(
        members, versions, {"forest", "prior"}
    )


def test_a_stale_learner_leaves_the_checkpoint_alone() -> None:
    """Its members are benched; without a checkpoint that can speak, the prior is left."""
    versions = folded(published(2), LearnerStood(received_us=9, stale=True, why="it lags"))
    members = [FOREST, OLD, PRIOR]
    assert {"forest": (0.0, "stale"), "checkpoint": (1.0, None), "prior": (0.0, None)} == weights(
        members, versions, EVERYBODY
    )
    assert {"forest": (0.0, "stale"), "checkpoint": (0.0, None), "prior": (1.0, None)} == weights(
        members, versions, {"forest", "prior"}
    )


def test_a_checkpoint_carries_before_the_learner_has_said_anything() -> None:
    """After a restart prior and baseline have seats already; the checkpoint that serves is preferred to both."""
    versions = folded(published(2))
    baseline = Member(member="baseline", model="baseline", version=1, weight=1.0)
    prior = replace(PRIOR, weight=1.0)
    for members in ([prior], [baseline, prior]):
        seated = weights(members, versions, {*EVERYBODY, "baseline"})
        assert ["checkpoint"] == [name for name, (weight, _) in seated.items() if weight]
    alarmed = replace(OLD, benched="alarm", weight=0.0)
    seated = weights([alarmed, baseline, prior], versions, {*EVERYBODY, "baseline"})
    assert ["baseline"] == [name for name, (weight, _) in seated.items() if weight]


def test_online_members_without_a_weight_leave_the_others_theirs() -> None:
    """That a member has earned no weight benches nobody: checkpoint and baseline go on together, as a blend."""
    baseline = Member(member="baseline", model="baseline", version=1, weight=0.4)
    idle, checkpoint = replace(FOREST, weight=0.0), replace(OLD, weight=0.6)
    versions, able = folded(published(2)), {*EVERYBODY, "baseline"}
    members = [idle, checkpoint, baseline, PRIOR]
    seated = weighed(resolved(members, "villa", versions), "villa", versions, able)
    assert {"forest": 0.0, "checkpoint": 0.6, "baseline": 0.4, "prior": 0.0} == {m.member: m.weight for m in seated}
    assert is_blend(seated, "villa", versions, able)
    members = [replace(idle, benched="silence"), checkpoint, baseline, PRIOR]
    alone = weighed(resolved(members, "villa", versions), "villa", versions, able)
    assert {"checkpoint"} == {m.member for m in alone if m.weight}
    assert not is_blend(alone, "villa", versions, able)
