"""The watch on features: a fleet whose readings change one day, without a single label."""

from datetime import timedelta

import msgspec
import numpy as np
import pytest

from service.contracts.events import CheckpointPublished
from service.contracts.readings import Reading
from service.features.layout import Layout
from service.pipeline.learning.feature_watch import SAMPLE_ROWS, FeatureWatch
from service.pipeline.records import decode_record
from tests.pipeline.learning.test_learn import digest
from tests.pipeline.lockstep import LockStep
from tests.pipeline.streams import HORIZON_US, NOW_US, SETTINGS, START

SHIFT_DAY, DAYS = 9, 13
DAY_US = 86_400_000_000


def lived(days: range, both: LockStep, *, devices: int = 12) -> LockStep:
    """Readings every hour; from `SHIFT_DAY` on it is warmer, and the signal weaker."""
    rng = np.random.default_rng(days.start)
    for hour in range(24 * days.start, 24 * days.stop):
        shifted = hour >= 24 * SHIFT_DAY
        readings = [
            Reading(
                home_id=f"home-{n}",
                device_id=f"device-{n}",
                home_type="condo",
                device_type="sensor",
                ts=START + timedelta(hours=hour, minutes=n),
                metrics={
                    "temperature_c": 20.0 + 6.0 * shifted + float(rng.normal()),
                    "signal_dbm": -60.0 - 9.0 * shifted + float(rng.normal()),
                },
            )
            for n in range(devices)
        ]
        both.read(readings)
    return both


@pytest.fixture(scope="module")
def moved() -> LockStep:
    return lived(range(DAYS), LockStep())


def test_a_shift_is_told_with_when_what_and_how_much(moved: LockStep) -> None:
    """Both levels, one to two days after the shift, with an index far above where a drift begins."""
    told = moved.journal("feature_drift", "feature_drift_over")
    assert {"temperature_c.fast", "signal_dbm.fast"} == {record.member for record in told}
    for record in told:
        assert record.at_us is not None
        assert record.amount is not None
        days = (record.at_us - START.timestamp() * 1e6) / DAY_US - SHIFT_DAY
        assert 0.4 < days < 2.0
        assert record.amount > 0.25
        assert record.home_type == "condo"
        assert "has moved away: its stability index is" in record.sentence


def test_several_at_once_make_a_training_due(moved: LockStep) -> None:
    """One alone does not; how the policy can be without it, too."""
    assert "2 features have moved away" == moved.fold.home_types["condo"].due.alarm
    calm = LockStep(msgspec.structs.replace(SETTINGS, on_drift=("warn",)))
    for record in moved.log.read(0, limit=10_000):
        calm.fold.apply(record.seq, decode_record(record))
    assert calm.fold.home_types["condo"].due.alarm is None


def test_a_replay_tells_the_same(moved: LockStep) -> None:
    """Event for event, byte for byte."""
    again = moved.replayed()
    assert digest(moved.fold) == digest(again.fold)
    assert msgspec.json.encode(moved.journal()) == msgspec.json.encode(again.journal())


def test_a_checkpoint_that_knows_the_shift_ends_it() -> None:
    """A week after it was published there is a new reference, and nothing is away any more."""
    both = lived(range(DAYS), LockStep())
    published = CheckpointPublished(
        received_us=NOW_US, member="checkpoint", version=2, home_type="condo", metrics=["temperature_c"], shift=0.0,
        file="condo-2.npz", sha256="0" * 64,
    )  # fmt: skip
    both.act(published)
    assert 2 == len(both.fold.home_types["condo"].features.away)
    lived(range(DAYS, DAYS + 8), both)
    assert {} == both.fold.home_types["condo"].features.away
    over = both.journal("feature_drift_over")
    assert ["signal_dbm.fast", "temperature_c.fast"] == sorted(record.member for record in over)
    assert {True} == {"the reference is a new one" in record.sentence for record in over}
    assert "checkpoint 2 serves" in {record.sentence for record in both.journal("published")}


def test_a_checkpoint_leaves_a_reference_that_fits() -> None:
    """Published every day: the watch is not blinded by that."""
    both = LockStep()
    for day in range(SHIFT_DAY + 2):
        lived(range(day, day + 1), both)
        both.act(
            CheckpointPublished(
                received_us=NOW_US,
                member="checkpoint",
                version=day + 2,
                home_type=None,
                metrics=[],
                shift=0.0,
                file="x.npz",
                sha256=f"{day:064d}",
            )
        )
    assert both.journal("feature_drift")


def test_the_sample_is_bounded_and_uniform() -> None:
    """Many rows of a week: a bounded number stays, of all days alike."""
    watch, layout = FeatureWatch(HORIZON_US, 1), Layout()
    layout.extend(["m"], ["sensor"])
    rng = np.random.default_rng(1)
    for seq in range(1, 6 * 24):
        rows = rng.normal(size=(200, layout.width)).astype(np.float32)
        at_us = DAY_US + seq * DAY_US // 24
        watch.add(layout, rows, np.arange(200, dtype=np.int32), np.full(200, at_us), seq=seq, at_us=at_us)
    sample = watch._sample
    assert sample is not None
    assert SAMPLE_ROWS // 3 < len(sample.ts) <= SAMPLE_ROWS
    by_day = np.bincount(sample.ts // DAY_US)[1:6]
    assert by_day.min() > 0.7 * by_day.mean()
