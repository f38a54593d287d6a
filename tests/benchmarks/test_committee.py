"""The committee's benchmark: its comparisons mean what they say, and a small stream goes through it."""

from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.committee.figures import calibration, rows_of
from benchmarks.committee.rules import by_rule
from benchmarks.prequential.kept import kept
from benchmarks.prequential.played import DAY_US
from benchmarks.prequential.stream import Stream, played
from benchmarks.workload import Workload
from service.evaluation.metrics import pr_auc
from tests.benchmarks.lived import lived


def test_after_a_turn_the_gap_says_what_was_won_back() -> None:
    """A blend that knows of the turn closes it; the frozen member has lost it all."""
    stream = Stream(name="turned", drift_from=0.5, drift_until=0.5)
    value = {row.id: row.value for row in rows_of(stream, lived(turn=True), 1)}

    assert (value["committee.turned.after.frozen.pr_auc"] or 1.0) < 0.1
    assert (value["committee.turned.gap"] or 0.0) > 0.3
    assert 0.9 < (value["committee.turned.gap_closed"] or 0.0) < 1.3
    assert (value["committee.turned.minus_best_member"] or 0.0) > 0.1
    low, high = value["committee.turned.minus_best_member.low"], value["committee.turned.minus_best_member.high"]
    assert low is not None
    assert high is not None
    assert low < (value["committee.turned.minus_best_member"] or 0.0) < high


def test_calibrated_risks_have_a_slope_of_one() -> None:
    """Half the log odds double the slope; risks twice too small fail twice as often as expected."""
    rng = np.random.default_rng(1)
    logit = rng.normal(-3.0, 1.5, 100_000)
    risk = 1.0 / (1.0 + np.exp(-logit))
    labels = rng.random(len(risk)) < risk

    def of(risks: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[float | None]:
        return [row.value for row in calibration("c", labels, risks)]

    assert [1.0, 1.0] == pytest.approx(of(risk), abs=0.05)
    assert of(1.0 / (1.0 + np.exp(-logit / 2.0)))[0] == pytest.approx(2.0, abs=0.1)
    assert of(risk / 2.0)[1] == pytest.approx(2.0, abs=0.1)


def test_too_few_failures_stop_no_benchmark() -> None:
    """Whatever a tiny stream gives, there are rows; where nothing can be told they have no value."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        risks = rng.beta(0.3, 8.0, int(rng.integers(20, 400)))
        labels = rng.random(len(risks)) < 0.03
        labels[0] = True
        assert ["c.slope", "c.top_decile_observed_over_expected"] == [r.id for r in calibration("c", labels, risks)]


def test_a_small_stream_goes_all_the_way(tmp_path: Path) -> None:
    """A fleet of eight homes, five days: all figures that need no failures in plenty are there."""
    stream = Stream(name="small", scenario="stationary", homes=8, days=5.0)
    with kept(Workload(data=tmp_path, seed=1, full=False)) as workload:
        result = played(stream, workload)
    value = {row.id: row.value for row in rows_of(stream, result, 1)}

    assert (value["committee.small.examples"] or 0) > 3_000
    assert (value["committee.small.failing_devices"] or 0) > 3
    assert np.all(np.diff(result.ts) >= 0)
    assert not np.isnan(result.blend).any()
    assert 0.0 < (value["committee.small.blend.pr_auc"] or 0.0) <= 1.0
    assert "baseline" in result.members
    assert result.readings > len(result.ts)
    assert result.failures is not None
    assert np.isin(result.device[result.labels], result.failures.device).all()  # also where a report was retracted
    assert {"baseline", "forest", "logistic", "prior", "committee"} <= set(result.costs)
    assert all(cost.cpu_s > 0.0 and (cost.bytes or 0) > 0 for cost in result.costs.values())


def test_rules_know_of_a_correction_when_it_comes() -> None:
    """Until then, or for ever where it never does, they go by what was believed."""
    played = lived(days=10)
    feature = played.rows[:, 0].astype(np.float64)
    members = {name: 1.0 / (1.0 + np.exp(-sign * feature)) for name, sign in (("forest", 1.0), ("logistic", -1.0))}
    wrong, at_us = (~played.labels).astype(np.int8), int(played.ts[0]) + 6 * DAY_US
    told = {
        "never": msgspec.structs.replace(
            played, members=members, believed=wrong, corrected_us=np.full(len(wrong), 2**62)
        ),
        "late": msgspec.structs.replace(
            played, members=members, believed=wrong, corrected_us=np.full(len(wrong), at_us)
        ),
        "turned": msgspec.structs.replace(played, members=members, labels=wrong == 1),
    }
    scores = {name: by_rule(stream)["champion"] for name, stream in told.items()}

    assert np.array_equal(scores["never"], scores["turned"])
    before = played.ts < at_us
    assert np.array_equal(scores["late"][before], scores["never"][before])
    assert not np.array_equal(scores["late"][~before], scores["never"][~before])


def test_a_champion_is_replaced_once_losses_are_known_and_not_before() -> None:
    """After a turn the old champion goes on for the time that labels take; then the one that is right now leads."""
    told = lived(turn=True, days=40)
    feature = told.rows[:, 0].astype(np.float64)
    members = {"logistic": 1.0 / (1.0 + np.exp(-(feature - 2.0))), "forest": 1.0 / (1.0 + np.exp(feature + 2.0))}
    two = msgspec.structs.replace(told, members={**members, "prior": np.full(len(feature), 0.1)})
    scores = by_rule(two)
    turned = told.ts[0] + 20 * DAY_US
    before, unknown = told.ts < turned, (told.ts >= turned) & (told.ts < turned + DAY_US)
    long_after = told.ts >= turned + 10 * DAY_US

    def follows(rule: str, member: str, where: npt.NDArray[np.bool_]) -> bool:
        ours, theirs = scores[rule][where], members[member][where]
        return bool((np.argsort(ours, kind="stable") == np.argsort(theirs, kind="stable")).all())

    assert follows("champion", "logistic", before & (told.ts > told.ts[0] + 3 * DAY_US))
    assert follows("champion", "logistic", unknown)
    assert follows("champion", "forest", long_after)
    labels = told.labels[long_after]
    figure = {rule: pr_auc(labels, scores[rule][long_after]) or 0.0 for rule in scores}
    assert figure["champion"] > figure["softmax"] > figure["equal"]
