"""Calibration: fitted by the learner, applied by the scorer, exactly."""

import math

import msgspec
import numpy as np
import pytest

from service.contracts.events import GroupColumns, Pinned, ReadingsLogged, decode_event
from service.pipeline.learning.calibration import REFIT_EXAMPLES, HomeTypeCalibration, blended_logits, fleet_calibration
from service.pipeline.publication import HomeTypeOut
from tests.pipeline.lockstep import LockStep
from tests.pipeline.streams import NOW_US, hourly

Scored = tuple[HomeTypeOut, ReadingsLogged]


@pytest.fixture(scope="module")
def lived() -> tuple[LockStep, list[Scored]]:
    """A fleet, and of its last hours what was published before, and what was answered."""
    both, answered = LockStep(), []
    for hour, (readings, outcomes) in enumerate(hourly(140, devices=24, home_type="condo")):
        both.tell(*outcomes)
        before = both.panel.standing("condo")
        both.read(readings)
        if hour >= 120:
            record = both.log.get(both.log.last_seq())
            assert record is not None
            event = decode_event(record.blob)
            assert isinstance(event, ReadingsLogged)
            answered.append((before, event))
    return both, answered


def log_odds(risk: float) -> float:
    return math.log(risk) - math.log1p(-risk)


def test_the_scorer_applies_what_was_published(lived: tuple[LockStep, list[Scored]]) -> None:
    """Slope times the weighted mean of the members' log odds, plus offset: to the last bits, for every reading."""
    worst, tilted = 0.0, 0
    for out, event in lived[1]:
        (group,) = event.groups
        columns = GroupColumns(group)
        tilted += out.slope != 1.0
        for risk, given in zip(columns.risk.tolist(), columns.member_risk.tolist(), strict=True):
            parts = [(v.weight, r) for v, r in zip(group.votes, given, strict=True) if v.weight > 0.0]
            mean = sum(weight * log_odds(member) for weight, member in parts)
            worst = max(worst, abs(log_odds(risk) - (out.slope * mean + out.offset)))
    assert tilted == len(lived[1])
    assert worst < 1e-9


def test_one_that_answers_alone_is_not_calibrated(lived: tuple[LockStep, list[Scored]]) -> None:
    """A pinned member's risk is its own."""
    both = lived[0]
    both.act(Pinned(received_us=NOW_US, home_type="condo", member="forest", by="test", why="to see"))
    both.read(hourly(141, devices=24, home_type="condo")[-1][0])
    record = both.log.get(both.log.last_seq())
    assert record is not None
    event = decode_event(record.blob)
    assert isinstance(event, ReadingsLogged)
    (group,) = event.groups
    columns, place = GroupColumns(group), [vote.member for vote in group.votes].index("forest")
    np.testing.assert_allclose(columns.risk, columns.member_risk[:, place], rtol=1e-12)
    (told,) = both.journal("pinned")
    assert ("condo", "forest", "forest answers alone, by test: to see") == (
        told.home_type, told.member, told.sentence,
    )  # fmt: skip


def test_fit_makes_overconfident_risks_modest() -> None:
    """Members that say 50 % where one in ten fails are answered with about a tenth."""
    calibration, fleet = HomeTypeCalibration(), fleet_calibration()
    rng = np.random.default_rng(0)
    for block in range(20):
        label = (rng.uniform(size=500) < 0.1).astype(np.int8)
        risks = {"forest": np.full(500, 0.5, np.float32), "prior": np.full(500, np.nan, np.float32)}
        device = np.arange(500, dtype=np.int32) + 500 * block
        calibration.learn(device, label, risks, {"forest": 1.0}, fleet)
    assert 0.1 == pytest.approx(1.0 / (1.0 + math.exp(-calibration.offset)), abs=0.02)
    assert 0.1 == pytest.approx(1.0 / (1.0 + math.exp(-fleet.offset)), abs=0.02)
    assert calibration.positives == calibration.failing == fleet.failing


def test_nothing_is_fitted_of_who_answers_alone() -> None:
    """While the prior carries alone, the fit stays what it is."""
    calibration, fleet = HomeTypeCalibration(), fleet_calibration()
    label = np.ones(2 * REFIT_EXAMPLES, np.int8)
    device = np.zeros(len(label), np.int32)
    calibration.learn(device, label, {"prior": np.full(len(label), 0.02, np.float32)}, {"prior": 1.0}, fleet)
    assert (1.0, 0.0) == (calibration.slope, calibration.offset)


def test_logits_leave_out_who_gave_no_risk() -> None:
    """The others' weights count as if they added up to 1; nobody's word is no number."""
    risks = {"a": np.array([0.2, np.nan, np.nan], np.float32), "b": np.array([0.6, 0.6, np.nan], np.float32)}
    found = blended_logits(risks, {"a": 0.75, "b": 0.25, "c": 0.5})
    by_hand = 0.75 * log_odds(0.2) + 0.25 * log_odds(0.6)
    np.testing.assert_allclose(found, [by_hand, log_odds(0.6), np.nan], rtol=1e-6)
    assert msgspec.json.encode(found.tolist()) == msgspec.json.encode([*found[:2].tolist(), math.nan])


def test_failures_told_late_raise_the_risks() -> None:
    """Of a fleet whose failures are all told late calibration and fleet learn as much as if they had been in time."""
    prompt, tardy = (HomeTypeCalibration(), fleet_calibration()), (HomeTypeCalibration(), fleet_calibration())
    weights = {"forest": 1.0}
    rng = np.random.default_rng(0)
    for block in range(20):
        device = np.arange(500, dtype=np.int32) + 500 * block
        label = (rng.uniform(size=500) < 0.1).astype(np.int8)
        risks = {"forest": np.full(500, 0.02, np.float32)}
        prompt[0].learn(device, label, risks, weights, prompt[1])
        tardy[0].learn(device, np.zeros(500, np.int8), risks, weights, tardy[1])
        failed = {"forest": risks["forest"][label == 1]}
        believed = np.ones(int(label.sum()), np.bool_)
        tardy[0].learn_late(device[label == 1], believed, failed, weights, tardy[1])
    for mine, others in zip(tardy, prompt, strict=True):
        mine.refit()
        assert (others.positives, others.failing) == (mine.positives, mine.failing)
        assert others.offset == pytest.approx(mine.offset, rel=0.1)
        assert mine.offset > 1.0
