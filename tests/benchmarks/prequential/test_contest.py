"""All side by side: the same examples for all, and figures that mean what they say."""

import numpy as np
import pytest
from msgspec.structs import replace

from benchmarks.online_vs_batch.drift import drift_rows
from benchmarks.prequential.contest import Contest, contest, rows_of
from benchmarks.prequential.curves import curve_rows
from benchmarks.prequential.played import DAY_US, HOUR_US, Cost, Failures, Played
from benchmarks.prequential.stream import STREAMS
from simulator.scenarios import SCENARIOS
from tests.benchmarks.lived import lived


@pytest.fixture(scope="module")
def turned() -> Contest:
    """After half of ten days what foretold failures foretells health; the committee knows of it."""
    return contest(lived(turn=True, days=10, devices=80), DAY_US, 1, table=False)


def test_all_answer_the_same_questions(turned: Contest) -> None:
    """No risk is missing; judged is from the first day on which a retrained model can answer."""
    assert {"committee", "frozen", "retrained_forest", "retrained_lightgbm", "prior"} == set(turned.risks)
    assert not any(np.isnan(risks).any() for risks in turned.risks.values())
    assert turned.played.days()[turned.judged][0] == pytest.approx(turned.answered_day["retrained_forest"])
    assert 1.0 < turned.answered_day["retrained_forest"] < 4.0


def test_every_scenario_is_played() -> None:
    """And what happens in it is marked where the simulator lets it happen, if that is not from the start."""
    assert SCENARIOS.keys() == {stream.scenario for stream in STREAMS.values()} - {None}
    for stream in STREAMS.values():
        if stream.scenario is not None:
            begins = stream.drift_from if stream.event_from is None else stream.event_from
            assert (SCENARIOS[stream.scenario].onset or None) == begins


def test_a_drift_shows_before_and_after(turned: Contest) -> None:
    """The frozen model loses all, who knows of it nothing, and those retrained lose while they wait for labels."""
    value = {row.id: row.value for row in [*rows_of("x", turned, 1), *drift_rows("x", 0.4651, 0.4651, turned, 1)]}

    assert (value["x.frozen.before.pr_auc"] or 0.0) > 0.25
    assert (value["x.frozen.long_after.pr_auc"] or 1.0) < 0.1
    assert (value["x.committee.long_after.pr_auc"] or 0.0) > 0.25
    assert value["x.drift.begins"] == pytest.approx(5.0, abs=0.01)
    assert (value["x.gap_closed"] or 0.0) > 0.8
    assert (value["x.minus_retrained"] or 0.0) > 0.05
    assert (value["x.minus_retrained.low"] or 0.0) < (value["x.minus_retrained"] or 0.0)
    committee, rival = value["x.committee.pr_auc"], value["x.retrained_forest.pr_auc"]
    assert committee is not None
    assert rival is not None
    assert value["x.minus_retrained"] == pytest.approx(committee - rival)
    assert (value["x.retrained_forest.cpu_s_per_million"] or 0.0) > 0.0
    assert (value["x.retrained_lightgbm.memory_mb"] or 0.0) > 0.0


def test_of_a_table_the_last_seventy_per_cent_are_judged() -> None:
    """And of them those from which on all rivals can answer."""
    stream = replace(lived(days=10, devices=60), members={"prior": np.full(2400, 0.1)})
    held, late = contest(stream, DAY_US, 1, table=True), contest(stream, 5 * DAY_US, 1, table=True)

    first = max(held.answered_day[rival] for rival in ("frozen", "retrained_forest", "retrained_lightgbm"))
    assert held.played.days()[held.judged][0] == pytest.approx(max(3.0, first))
    assert late.played.days()[late.judged][0] == pytest.approx(5.25)
    assert all(late.own[rival][late.judged].all() for rival in ("frozen", "retrained_forest", "retrained_lightgbm"))
    assert "baseline" not in held.risks


def test_failures_are_found_as_early_as_they_were_flagged() -> None:
    """Of two failures one is flagged ten hours before, the other never; of two healthy devices one is flagged."""
    hours = np.arange(48)
    ts = np.repeat(hours * HOUR_US, 4) + 1
    device = np.tile(np.arange(4), 48)
    failed_us = np.array([40 * HOUR_US + 1, 44 * HOUR_US + 1])
    due = [(ts < failed_us[number]) & (ts >= failed_us[number] - DAY_US) & (device == number) for number in (0, 1)]
    risks = np.full(len(ts), 0.1)
    risks[due[0] & (ts >= failed_us[0] - 10 * HOUR_US)] = 0.9
    risks[(device == 2) & (hours[0] == 0) & (ts == 5 * HOUR_US + 1)] = 0.9
    played = Played(
        columns=["x"], rows=np.zeros((len(ts), 1), np.float32), ts=ts, labels=due[0] | due[1],
        chosen=np.ones(len(ts), np.bool_), device=device, blend=risks, members={}, horizon_us=DAY_US, seconds=1.0,
        failures=Failures(device=np.array([0, 1]), ts=failed_us),
    )  # fmt: skip
    held = Contest(
        played=played, risks={"committee": risks}, own={"committee": np.ones(len(ts), np.bool_)},
        prior=np.full(len(ts), 0.1), costs={"committee": Cost(cpu_s=2.0, bytes=3_000_000)},
        judged=np.ones(len(ts), np.bool_), answered_day={"committee": 0.0},
    )  # fmt: skip

    value = {row.id: row.value for row in rows_of("x", held, 1)}

    assert 10.0 == pytest.approx(value["x.committee.median_lead"])
    assert 0.5 == value["x.committee.detected_failures"]
    assert 0.5 == value["x.committee.flagged_healthy_devices"]
    assert (2.0, 3.0) == (value["x.committee.cpu_s_per_million"], value["x.committee.memory_mb"])


def test_a_curve_is_plotted_from_its_rows_alone() -> None:
    """Twenty windows of equal length; one without a failure has no figure."""
    days = np.linspace(0.0, 40.0, 4001)
    labels = (np.arange(4001) % 10 == 0) & (days > 2.0)

    value = {row.id: row.value for row in curve_rows("x.m", days, labels, labels.astype(np.float64))}

    assert [1.0, 3.0] == [value["x.m.curve.0.day"], value["x.m.curve.1.day"]]
    assert value["x.m.curve.0.pr_auc"] is None
    assert 1.0 == value["x.m.curve.19.pr_auc"]
    assert 40 == len(value)


def test_a_window_of_positives_only_has_no_point() -> None:
    """Everybody would be perfect there; its day is told all the same."""
    labels = np.arange(100) >= 50
    value = {row.id: row.value for row in curve_rows("x.m", np.arange(100.0), labels, np.ones(100), points=2)}

    assert value["x.m.curve.1.pr_auc"] is None
    assert value["x.m.curve.1.day"] is not None
