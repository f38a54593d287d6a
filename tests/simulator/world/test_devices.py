"""The tables of device types."""

from service.contracts.readings import CATALOGUE
from simulator.delivery.outcomes import DELAY_H, NEVER
from simulator.world.courses import COURSES
from simulator.world.devices import DEVICE_TYPES, MODES
from simulator.world.homes import HOME_TYPES
from simulator.world.signals import EFFECTS, THROTTLED


def test_tables_speak_the_same_words() -> None:
    """Metrics are in the catalogue, modes in `MODES`, mixes name the device types."""
    kinds = {kind.name for kind in DEVICE_TYPES}

    for kind in DEVICE_TYPES:
        assert set(kind.metrics) <= set(CATALOGUE)
        assert set(kind.modes) <= set(MODES)
    for home in HOME_TYPES:
        assert set(home.mix) == kinds
        assert set(home.hazard) | set(home.recovers) <= set(MODES)
    assert set(EFFECTS) == set(COURSES) == set(DELAY_H) == set(THROTTLED) == set(NEVER) == set(MODES)


def test_every_metric_is_measured_by_some_type() -> None:
    """No metric of the catalogue is left out."""
    assert {name for kind in DEVICE_TYPES for name in kind.metrics} == set(CATALOGUE)


def test_ranges_are_ranges() -> None:
    """Lower bounds come first."""
    for course in COURSES.values():
        for low, high in (course.lead_h, course.growth, course.repair_h):
            assert 0 <= low <= high
