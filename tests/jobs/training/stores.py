"""A training store of a small world, as the learner would have left it: for tests of the trainer."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from service.contracts.checkpoints import Present, Target, TrainingOrder
from service.contracts.ports import MaturedExamples
from service.storage.examples import SqliteExampleStore

HOUR_US = 3_600_000_000
HORIZON_US, GRACE_US = 6 * HOUR_US, HOUR_US // 4
START_US = 1_767_225_600_000_000
KEEP = 0.25
"""Share of the negatives that is learned."""


def columns_of(
    metrics: Sequence[str] = ("battery_pct", "temperature_c"), types: Sequence[str] = ("lamp",)
) -> list[str]:
    """A layout of this world's own: what a trainer makes of it depends on the columns, and they may become more."""
    parts = ("raw", "fast", "slow", "deviation", "trend", "missing")
    base = ["gap_h", "hour_sin", "hour_cos", "weekday_sin", "weekday_cos", "season_sin", "season_cos"]
    return base + [f"{name}.{part}" for name in metrics for part in parts] + [f"device_type={name}" for name in types]


COLUMNS = columns_of()
BATTERY, HEAT = COLUMNS.index("battery_pct.raw"), COLUMNS.index("temperature_c.raw")


def lived(
    home_type: str,
    *,
    hours: int = 240,
    devices: int = 24,
    seed: int = 1,
    strength: float = 3.0,
    chance_until: int = 0,
    first_seq: int = 1,
) -> list[MaturedExamples]:
    """A block for each hour. Every second device fails every day or two, the battery low or the temperature high.

    Args:
        home_type: Whose examples.
        hours, devices: How many.
        seed: Of the noise.
        strength: By how many of its standard deviations a failure shows.
        chance_until: Up to this hour labels are drawn by chance, so that nothing can be learned from them.
        first_seq: The event of the first hour.
    """
    rng = np.random.default_rng(seed)
    number = np.arange(devices)
    period, phase = 24 + number % 5 * 6, rng.integers(0, 48, devices)
    blocks = []
    for hour in range(hours):
        ahead = (hour + phase) % period >= period - 6
        positive = ahead & (number % 2 == 0)
        rows = rng.normal(size=(devices, len(COLUMNS))).astype(np.float32)
        hot = number % 4 == 0
        rows[:, BATTERY] -= strength * (positive & ~hot)
        rows[:, HEAT] += strength * (positive & hot)
        rows[rng.random(rows.shape) < 0.05] = np.nan
        if hour < chance_until:
            positive = rng.permutation(positive)
            hot = positive & (rng.random(devices) < 0.5)
        chosen = np.flatnonzero(positive | (rng.random(devices) < KEEP))
        blocks.append(
            MaturedExamples(
                home_type=home_type,
                at_seq=first_seq + hour,
                seq=np.full(devices, first_seq + hour, np.int64).tobytes(),
                row=number.astype(np.int32).tobytes(),
                device=number.astype(np.int32).tobytes(),
                ts=(START_US + hour * HOUR_US + number).astype(np.int64).tobytes(),
                label=positive.astype(np.int8).tobytes(),
                blend=np.full(devices, 0.1).tobytes(),
                members=["prior"],
                member_risk=np.full(devices, 0.1, np.float32).tobytes(),
                chosen=chosen.astype(np.int32).tobytes(),
                columns=len(COLUMNS),
                features=rows[chosen].tobytes(),
                modes=[("heat" if hot[n] else "battery") if positive[n] else "" for n in chosen],
            )
        )
    return blocks


def settled_late(
    home_type: str, at_seq: int, seq: int, rows: list[int], *, features: list[float] | None, mode: str = "drift"
) -> MaturedExamples:
    """A block that makes examples of one event positive; without features where they had left the log."""
    n = len(rows)
    return MaturedExamples(
        home_type=home_type,
        at_seq=at_seq,
        late=True,
        seq=np.full(n, seq, np.int64).tobytes(),
        row=np.array(rows, np.int32).tobytes(),
        device=np.array(rows, np.int32).tobytes(),
        ts=np.full(n, START_US, np.int64).tobytes(),
        label=np.ones(n, np.int8).tobytes(),
        blend=np.full(n, np.nan).tobytes(),
        members=[],
        member_risk=b"",
        chosen=np.arange(n if features else 0, dtype=np.int32).tobytes(),
        columns=len(features or []),
        features=np.array([features or []] * n, np.float32).tobytes(),
        modes=[mode] * (n if features else 0),
    )


def fill(path: Path, *worlds: list[MaturedExamples]) -> Path:
    """Write a store."""
    store = SqliteExampleStore(path)
    for blocks in worlds:
        store.put(blocks)
    store.close()
    return path


def order_for(
    examples: Path, models: Path, *targets: Target, home_types: Sequence[str] = ("villa",), **changes: int
) -> TrainingOrder:
    """An order for all that is in a store."""
    fields: dict[str, int] = {"up_to_seq": 10**6, "window": 10**6, "min_positives": 30} | changes
    return TrainingOrder(
        examples=str(examples),
        models=str(models),
        targets=list(targets),
        layouts=dict.fromkeys(home_types, COLUMNS),
        horizon_us=HORIZON_US,
        grace_us=GRACE_US,
        seed=1,
        created_us=START_US,
        **fields,
    )


def villa(number: int = 1, present: Present | None = None) -> Target:
    return Target(home_type="villa", number=number, present=present)
