"""Alarms: who becomes worse alone is in alarm, until it is no longer worse; who becomes worse with all is not."""

import pickle
from collections.abc import Callable

import numpy as np
import pytest

from service.evaluation.alarm import LossWatch
from service.evaluation.drift import LossDrifted

HOUR_US = 3_600_000_000
HORIZON_US = 24 * HOUR_US
RATE = 0.05
AN_HOUR = 60  # examples

Skill = Callable[[str, int], float]
"""Member and day: log odds that it sees between failing devices and others."""


def run(
    watch: LossWatch, skill: Skill, days: range, seed: int = 1, rate: float = RATE
) -> tuple[list[LossDrifted], dict[int, set[str]]]:
    """Days of examples, half of which are another look at the same device; the drifts, and who is in alarm by day."""
    rng = np.random.default_rng(seed)
    drifted, alarms = [], {}
    members = ("forest", "logistic", "baseline")
    for day in days:
        labels = rng.random(24 * AN_HOUR) < rate
        noise = {member: rng.standard_normal(len(labels)) for member in members}
        for i, positive in enumerate(labels.tolist()):
            risks = {"prior": rate}
            for member in members:
                odds = np.log(rate / (1 - rate)) + skill(member, day) * (1.0 if positive else -0.05)
                risks[member] = float(1 / (1 + np.exp(-odds - 0.3 * noise[member][i])))
            n = day * len(labels) + i
            drifted += watch.add(positive, risks, seq=n, at_us=n * HOUR_US // AN_HOUR)
        alarms[day] = set(watch.in_alarm)
    return drifted, alarms


def test_nobody_is_in_alarm_while_nothing_changes() -> None:
    """Three weeks of members of different skill, none of which changes."""
    skills = {"forest": 2.0, "logistic": 2.5, "baseline": 1.0}
    drifted, alarms = run(LossWatch(HORIZON_US, "prior"), lambda member, day: skills[member], range(21))
    assert drifted == []
    assert not any(alarms.values())


def test_who_alone_becomes_worse_is_in_alarm_until_it_is_as_good_again() -> None:
    """The logistic member errs from day 10 on and has learned better by day 14."""

    def skill(member: str, day: int) -> float:
        return -2.0 if member == "logistic" and 10 <= day < 14 else 2.0

    watch = LossWatch(HORIZON_US, "prior")
    drifted, alarms = run(watch, skill, range(20))
    first = drifted[0]
    assert (first.member, first.rise) == ("logistic", True)
    assert 10 <= first.at_us / HORIZON_US < 12
    assert not any(alarms[day] for day in range(10))
    assert alarms[12] == alarms[13] == {"logistic"}
    assert not any(alarms[day] for day in range(16, 20))


def test_a_world_that_is_harder_for_all_benches_nobody() -> None:
    """All members lose their skill together: drifts are reported, but none is in alarm."""
    drifted, alarms = run(LossWatch(HORIZON_US, "prior"), lambda member, day: 2.5 if day < 10 else -1.0, range(20))
    assert {report.member for report in drifted if report.rise} == {"forest", "logistic", "baseline"}
    assert not any(alarms.values())


def test_an_alarm_does_not_last_for_ever() -> None:
    """A member that stays worse is let go after eight horizons; its weight is small by then."""

    def skill(member: str, day: int) -> float:
        return -1.0 if member == "baseline" and day >= 10 else 2.0

    _, alarms = run(LossWatch(HORIZON_US, "prior"), skill, range(24))
    assert alarms[12] == alarms[17] == {"baseline"}
    assert alarms[23] == set()


def test_more_failures_are_no_drift() -> None:
    """The base rate doubles: all losses rise, but not against it."""
    watch = LossWatch(HORIZON_US, "prior")
    before, _ = run(watch, lambda member, day: 1.5, range(10))
    after, alarms = run(watch, lambda member, day: 1.5, range(10, 20), rate=2 * RATE)
    assert [report for report in before + after if report.rise] == []
    assert not any(alarms.values())


def test_a_member_that_gives_no_risk_is_left_out() -> None:
    """NaN is no risk. Nor can a member be judged by a part of the examples, or without the yardstick."""
    watch = LossWatch(HORIZON_US, "prior")
    for n in range(24 * AN_HOUR):
        risks = {"prior": RATE, "forest": float("nan"), "logistic": 0.1 if n % 2 else float("nan"), "baseline": 0.2}
        watch.add(n % 20 == 0, risks, seq=n, at_us=n * HOUR_US // AN_HOUR)
    assert watch.recent("forest") is None
    assert watch.recent("logistic") is None
    assert watch.recent("baseline") == pytest.approx(0.6, abs=0.5)
    blind = LossWatch(HORIZON_US, "prior")
    for n in range(24 * AN_HOUR):
        blind.add(n % 20 == 0, {"baseline": 0.2}, seq=n, at_us=n * HOUR_US // AN_HOUR)
    assert blind.recent("baseline") is None


def test_it_goes_on_where_it_was_pickled() -> None:
    """Cut in the middle of an alarm, the restored watch reports the same events and alarms."""

    def skill(member: str, day: int) -> float:
        return -2.0 if member == "logistic" and 10 <= day < 14 else 2.0

    whole, parted = LossWatch(HORIZON_US, "prior"), LossWatch(HORIZON_US, "prior")
    assert run(whole, skill, range(13)) == run(parted, skill, range(13))
    restored = pickle.loads(pickle.dumps(parted, protocol=5))
    assert restored.in_alarm == whole.in_alarm != {}
    assert run(whole, skill, range(13, 18), seed=2) == run(restored, skill, range(13, 18), seed=2)


def test_one_failing_device_is_no_alarm() -> None:
    """Where three positives come in a day nobody is benched, however wrong it was about them."""

    def skill(member: str, day: int) -> float:
        return -6.0 if member == "baseline" and day >= 10 else 4.0

    _, alarms = run(LossWatch(HORIZON_US, "prior"), skill, range(20), rate=0.002)
    assert not any(alarms.values())
    _, alarms = run(LossWatch(HORIZON_US, "prior"), skill, range(20))
    assert "baseline" in alarms[13]
