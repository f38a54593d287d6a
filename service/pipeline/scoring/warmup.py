"""Warm-up: every kernel of the hot path is compiled, or loaded from its cache, before the service says ready."""

from datetime import UTC, datetime

import numpy as np

from service.contracts.readings import Reading
from service.models.bound import BoundModel
from service.models.compiled import CompiledLinear, ForestBuilder
from service.pipeline.scoring.fleet import FleetState
from service.pipeline.scoring.intake.arrivals import Limits
from service.pipeline.scoring.intake.readings import take_readings
from service.pipeline.scoring.score import Panel


def warm_up() -> None:
    """Run one reading through a fleet of its own, and one row through each kind of compiled model."""
    reading = Reading(
        home_id="h", device_id="d", home_type="t", device_type="k", ts=datetime.now(UTC), metrics={"battery_pct": 1.0}
    )
    fleet = FleetState(horizon_us=3_600_000_000, slot_us=75_000_000)
    limits = Limits(max_metrics=1, max_device_types=1, max_home_types=1, max_devices=1, alert_risk=1.0)
    now_us = int(reading.ts.timestamp() * 1e6)
    take_readings([reading], now_us, 1, fleet, Panel(), limits)
    builder = ForestBuilder()
    builder.begin_tree(1.0)
    builder.leaf(0.5)
    row, column = np.zeros((1, 1), np.float32), np.zeros(1, np.int32)
    one = np.ones(1).tobytes()
    linear = CompiledLinear(names=["x"], mean=one, scale=one, weight=one, intercept=0.0)
    for model in (builder.build(["x"]), linear):
        BoundModel(model, column).score(row)
