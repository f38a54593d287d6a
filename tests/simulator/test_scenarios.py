"""The scenarios: each of its stated size, each with what it changes within its span."""

import msgspec
import pytest

from simulator.arrays import DAY_S, SECOND
from simulator.fleet import Fleet
from simulator.scenarios import NO_CHANGES, SCENARIOS, Changes, Scenario
from simulator.world.devices import DEVICE_TYPES
from simulator.world.homes import HOME_TYPES

END = 1_750_000_000 * SECOND


def _fleet(scenario: Scenario) -> Fleet:
    start = END - int(scenario.days * DAY_S) * SECOND
    return Fleet(
        scenario.homes, 0, start, END, failure_rate=scenario.failure_rate, interval_scale=scenario.interval_scale,
        changes=scenario.changes,
    )  # fmt: skip


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=list(SCENARIOS))
def test_a_scenario_is_of_its_stated_size(scenario: Scenario) -> None:
    """About as many failures as it says."""
    assert len(_fleet(scenario).failures.ts) == pytest.approx(scenario.failures, rel=0.3)


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=list(SCENARIOS))
def test_a_scenario_changes_what_it_says_from_its_onset_on(scenario: Scenario) -> None:
    """One thing, or none; what has an onset begins then, and what ends does so after it and within the span."""
    changes = [change for change in msgspec.structs.astuple(scenario.changes) if change is not None]

    assert len(changes) <= 1
    assert (scenario.onset is not None) == bool(changes)
    for change in changes:
        begin = getattr(change, "begin", getattr(change, "at", 0.0))
        end = getattr(change, "end", getattr(change, "done", 1.0))
        assert begin == scenario.onset
        assert 0 <= begin < end <= 1


def test_names_in_changes_are_known() -> None:
    """Home types and device types are those of the fleet."""
    for scenario in SCENARIOS.values():
        if scenario.changes.firmware is not None:
            assert set(scenario.changes.firmware.device_types) <= {kind.name for kind in DEVICE_TYPES}
        if scenario.changes.outage is not None:
            assert scenario.changes.outage.home_type in {kind.name for kind in HOME_TYPES}


def test_all_that_can_happen_has_its_scenario() -> None:
    """Every kind of change is in one of them, and one has none."""
    happening = [
        name for name in Changes.__struct_fields__
        if any(getattr(scenario.changes, name) is not None for scenario in SCENARIOS.values())
    ]  # fmt: skip

    assert happening == list(Changes.__struct_fields__)
    assert SCENARIOS["stationary"].changes == NO_CHANGES
    assert all(name == scenario.name for name, scenario in SCENARIOS.items())


def test_stories_keep_their_word() -> None:
    """What a story says in figures is so."""
    outage, labels = SCENARIOS["outage"], SCENARIOS["label_outage"]
    assert outage.changes.outage is not None
    assert labels.changes.label_outage is not None

    silence_h = (outage.changes.outage.end - outage.changes.outage.begin) * outage.days * 24
    quiet_days = (labels.changes.label_outage.end - labels.changes.label_outage.begin) * labels.days
    assert "18 hours" in outage.story
    assert silence_h == pytest.approx(18, abs=0.1)
    assert "five days" in labels.story
    assert quiet_days == pytest.approx(5, abs=0.1)
