"""A member that goes wrong: its votes in the log are spoiled from some hour on, and the fleet lives on without it."""

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest

from service.contracts.events import CheckpointPublished, Event, GroupColumns, ReadingsLogged
from service.evaluation.drift import LossDrifted
from service.pipeline.learning.bench import benched, carrying
from service.pipeline.learning.config import LearnSettings
from service.pipeline.learning.home_type import HomeTypeFold
from service.pipeline.learning.snapshot import dump_fold, load_fold
from tests.pipeline.learning.test_learn import digest
from tests.pipeline.lockstep import LockStep
from tests.pipeline.streams import NOW_US, SETTINGS, hourly

SPOILED, WRONG_FROM, HOURS = "logistic", 130, 200


class Spoiled(LockStep):
    """Lock-step in which one member of condos gives everybody the same high risk, once it is told to."""

    wrong = False

    def _put(self, event: Event | None) -> None:
        if self.wrong and isinstance(event, ReadingsLogged):
            groups = []
            for group in event.groups:
                risks = GroupColumns(group).member_risk.copy()
                names = [vote.member for vote in group.votes]
                if SPOILED in names:
                    risks[:, names.index(SPOILED)] = 0.6
                groups.append(msgspec.structs.replace(group, member_risk=risks.tobytes()))
            event = msgspec.structs.replace(event, groups=groups)
        super()._put(event)


def lived(on_drift: Sequence[str]) -> Spoiled:
    both = Spoiled(msgspec.structs.replace(SETTINGS, on_drift=tuple(on_drift), min_positives=50, train_every_us=0))
    for hour, (readings, outcomes) in enumerate(hourly(HOURS, devices=40, home_type="condo")):
        both.wrong = hour >= WRONG_FROM
        both.tell(*outcomes)
        both.read(readings)
    return both


@pytest.fixture(scope="module")
def benching() -> Spoiled:
    return lived(["train", "bench"])


@pytest.fixture(scope="module")
def anew() -> Spoiled:
    return lived(["reset"])


def test_it_is_benched_while_others_carry(benching: Spoiled) -> None:
    """Soon after its labels come, with the reason; nobody else is, and the weights of the rest add up to 1."""
    told = [record for record in benching.journal("benched") if record.member == SPOILED]
    assert told
    assert "its loss has risen" in told[0].sentence
    assert told[0].home_type == "condo"
    members = benching.members()
    assert ("alarm", 0.0) == (members[SPOILED].benched, members[SPOILED].weight)
    assert [None] * 3 == [members[name].benched for name in ("forest", "global_forest", "global_logistic")]
    assert 1.0 == pytest.approx(sum(member.weight for member in members.values()))
    assert {SPOILED} == {record.member for record in benching.journal("benched")}


def test_the_drift_is_told_with_what_when_and_how_much(benching: Spoiled) -> None:
    """The member, event time, and by how much its loss has risen."""
    drift = next(record for record in benching.journal("member_drift") if record.member == SPOILED)
    assert drift.amount is not None
    assert drift.amount > 0.1
    assert drift.at_us is not None
    assert "it is in alarm" in drift.sentence


def test_a_training_is_due_at_once(benching: Spoiled) -> None:
    """Although its time has not come."""
    assert ["the loss of logistic has risen"] * len(benching.fold.due()) == [due.why for due in benching.fold.due()]
    assert "a training is due: the loss of logistic has risen" in {
        record.sentence for record in benching.journal("training_due")
    }


def test_it_begins_anew_if_that_is_the_policy(anew: Spoiled) -> None:
    """Another seed, and only what matured since; what is published is the new one."""
    (reset,) = anew.journal("reset")
    model = anew.fold.home_types["condo"].models[SPOILED]
    assert reset.seq == model.since_seq
    assert reset.amount is not None
    assert 0 < model.learned < reset.amount
    assert model.seed != HomeTypeFold("condo", SETTINGS, 0).models[SPOILED].seed
    assert model.learned == anew.members()[SPOILED].version


def test_a_replay_decides_the_same(benching: Spoiled, anew: Spoiled) -> None:
    """Event for event."""
    for both in (benching, anew):
        again = both.replayed()
        assert digest(both.fold) == digest(again.fold)
        assert msgspec.json.encode(both.journal()) == msgspec.json.encode(again.journal())


def test_a_snapshot_knows_who_began_anew(anew: Spoiled) -> None:
    """Models that are lost learn again from the store what each of them had learned, and no more."""
    heir = load_fold(b"".join(dump_fold(anew.fold)), None, anew.settings, anew.log, anew.store)
    assert digest(anew.fold) == digest(heir)


def test_warning_changes_nothing(benching: Spoiled) -> None:
    """With the policy ``warn`` the same drift is told, and that is all."""
    warned = lived(["warn"])
    drifts = [[r.sentence for r in both.journal("member_drift")][:1] for both in (warned, benching)]
    assert drifts[0] == drifts[1] != []
    assert [] == warned.journal("benched", "reset", "training_due")
    assert [] == warned.fold.due()
    assert warned.members()[SPOILED].weight > 0.0


@pytest.mark.parametrize("serves", ["condo", None])
def test_another_version_is_not_benched_for_its_predecessor(serves: str | None) -> None:
    """An alarm of the checkpoint ends when another one takes its place, of the home type or the global one."""
    both = LockStep()
    both.live(range(3), "lamp")
    watch = both.fold.home_types["condo"].watch
    watch.in_alarm["checkpoint"], watch._blocks_left["checkpoint"] = _drift(), 9
    both.act(
        CheckpointPublished(
            received_us=NOW_US,
            member="checkpoint",
            version=2,
            home_type=serves,
            metrics=[],
            shift=0.0,
            file="x",
            sha256="0" * 64,
        )
    )
    assert {} == watch.in_alarm


@pytest.mark.parametrize(
    ("voters", "carry"),
    [
        (["forest", "checkpoint", "baseline"], ["forest", "checkpoint", "baseline"]),
        (["checkpoint", "baseline"], ["checkpoint"]),
        (["baseline"], ["baseline"]),
        ([], []),
    ],
)
def test_without_online_members_one_carries_alone(voters: list[str], carry: list[str]) -> None:
    """The checkpoint, else the baseline; else nobody, which means the prior."""
    assert carry == carrying(voters)


def test_cold_goes_before_silence_before_alarm() -> None:
    """Of several reasons the one is told that lasts without the others."""
    both = LockStep()
    both.live(range(3), "lamp")
    fleet, fold = both.fold._fleet, both.fold.home_types["condo"]
    drift = _drift()
    fold.watch.in_alarm["forest"] = fold.watch.in_alarm["checkpoint"] = drift
    fleet.silence.since_us = 5
    settings: LearnSettings = SETTINGS
    assert "cold" == benched(fleet, fold, settings)["forest"]
    fold.models["forest"].positives = 1000
    assert "silence" == benched(fleet, fold, settings)["forest"]
    assert "alarm" == benched(fleet, fold, settings)["checkpoint"]
    fleet.silence.since_us = None
    assert "alarm" == benched(fleet, fold, settings)["forest"]
    assert np.isfinite(drift.after)


def _drift() -> LossDrifted:
    return LossDrifted(member="forest", seq=1, at_us=1, before=0.0, after=1.0)
