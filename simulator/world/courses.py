"""Courses: how each failure mode runs, from its first sign to the repair."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

FAILURES_PER_DEVICE_DAY = 0.03
"""Mean failure rate at ``failure_rate`` 1. Far above real life: a demo of some days must show some hundreds."""


class Course(Struct, frozen=True, kw_only=True):
    """How a mode runs: all pairs are (low, high) of uniform draws.

    Attributes:
        lead_h: From the first sign to the failure, in hours.
        growth: Exponent of the degradation over that time; 1 is linear, more comes late.
        repair_h: From the failure to the repair, in hours.
        silent: Share of failures after which the device says nothing until its repair.
        averted: Share of degradations that do not end in a failure, unless a home type has its own.
        peak_hour: Local hour around which failures of this mode gather.
        summer: How much more often it strikes in summer, and less in winter; negative for winter's modes.
        use: How far it follows the use of things over the days: 0 not at all, 1 in proportion.
    """

    lead_h: tuple[float, float]
    growth: tuple[float, float]
    repair_h: tuple[float, float]
    silent: float
    averted: float
    peak_hour: float
    summer: float
    use: float


COURSES: Mapping[str, Course] = MappingProxyType({
    "wear": Course(
        lead_h=(24, 72), growth=(1.0, 2.0),
        repair_h=(8, 40), silent=0.5, averted=0.15, peak_hour=19, summer=0.0, use=1.8,
    ),
    "sudden": Course(
        lead_h=(0.05, 0.5), growth=(1.0, 1.0),
        repair_h=(4, 24), silent=0.9, averted=0.0, peak_hour=19, summer=0.0, use=1.0,
    ),
    "intermittent": Course(
        lead_h=(14, 48), growth=(0.7, 1.5),
        repair_h=(8, 40), silent=0.3, averted=0.25, peak_hour=20, summer=0.0, use=1.2,
    ),
    "battery": Course(
        lead_h=(18, 60), growth=(1.0, 1.6),
        repair_h=(3, 30), silent=0.95, averted=0.25, peak_hour=6, summer=-0.85, use=0.0,
    ),
    "network": Course(
        lead_h=(10, 36), growth=(0.8, 1.6),
        repair_h=(3, 20), silent=0.7, averted=0.25, peak_hour=20.5, summer=0.0, use=1.8,
    ),
    "overheating": Course(
        lead_h=(10, 36), growth=(0.8, 1.8),
        repair_h=(4, 30), silent=0.6, averted=0.2, peak_hour=15, summer=0.9, use=0.8,
    ),
    "drift": Course(
        lead_h=(24, 72), growth=(0.8, 1.5),
        repair_h=(8, 48), silent=0.1, averted=0.2, peak_hour=12, summer=0.4, use=0.0,
    ),
    "lockup": Course(
        lead_h=(20, 60), growth=(0.8, 1.6),
        repair_h=(2, 12), silent=0.9, averted=0.15, peak_hour=3, summer=0.0, use=0.0,
    ),
})  # fmt: skip
