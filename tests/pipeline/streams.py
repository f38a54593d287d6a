"""Readings and outcomes of a small fleet, as objects, for tests inside one process."""

from datetime import UTC, datetime, timedelta

import numpy as np

from service.contracts.outcomes import Failure, Outcome, Repair
from service.contracts.readings import Reading
from service.pipeline.learning.config import LearnSettings
from service.pipeline.scoring.fleet import FleetState
from service.pipeline.scoring.intake.arrivals import Limits

HORIZON_US = 6 * 3_600_000_000
LIMITS = Limits(max_metrics=64, max_device_types=64, max_home_types=8, max_devices=10_000, alert_risk=0.2)
SETTINGS = LearnSettings(
    horizon_us=HORIZON_US,
    grace_us=HORIZON_US // 24,
    lateness_us=HORIZON_US // 48,
    slot_us=HORIZON_US // 48,
    seed=1,
    min_positives=300,
)
START = datetime(2026, 1, 1, tzinfo=UTC)
NOW_US = int((START + timedelta(days=60)).timestamp() * 1e6)


def empty_fleet() -> FleetState:
    return FleetState(horizon_us=HORIZON_US, slot_us=HORIZON_US // 48)


def hourly(
    hours: int, *, devices: int = 12, seed: int = 0, home_type: str | None = None, other_mode: bool = False
) -> list[tuple[list[Reading], list[Outcome]]]:
    """Hour by hour: a reading of each device, warmer the nearer its failure, and the outcomes of that hour.

    Homes are studios and condos in turn, or all of ``home_type``. With ``other_mode`` every fifth device fails
    otherwise.
    """
    rng = np.random.default_rng(seed)
    fails_at = rng.integers(10, 60, devices)
    out: list[tuple[list[Reading], list[Outcome]]] = []
    told = 0
    for hour in range(hours):
        readings: list[Reading] = []
        outcomes: list[Outcome] = []
        for n in range(devices):
            home_id, device_id = f"home-{n // 3}", f"device-{n}"
            if hour == fails_at[n]:
                told += 1
                failed = START + timedelta(hours=hour, minutes=-5)
                mended = failed + timedelta(minutes=2)
                mode = "jam" if other_mode and n % 5 == 4 else "heat"
                outcomes += [
                    Failure(outcome_id=f"f-{told}", home_id=home_id, device_id=device_id, ts=failed, mode=mode),
                    Repair(outcome_id=f"r-{told}", home_id=home_id, device_id=device_id, ts=mended),
                ]
                fails_at[n] += rng.integers(10, 60)
            left = float(fails_at[n] - hour)
            metrics = {
                "temperature_c": 20.0 + 30.0 * np.exp(-left / 3.0) + float(rng.normal()),
                "usage_ratio": float(rng.uniform()),
                "battery_pct": None if n % 4 == 0 else 80.0,
            }
            readings.append(
                Reading(
                    home_id=home_id,
                    device_id=device_id,
                    home_type=home_type or ("studio" if n // 3 % 2 else "condo"),
                    device_type="sensor",
                    ts=START + timedelta(hours=hour, minutes=n),
                    metrics=metrics,
                )
            )
        out.append((readings, outcomes))
    return out
