"""The parts: what a device, a pending example and a model take, counted allocation by allocation.

The real structures are filled and everything that is allocated meanwhile, and not given back, is counted by
`tracemalloc`, names and room to grow included.
"""

import gc
import tracemalloc
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from benchmarks.crowd import METRIC_NAMES, Crowd
from benchmarks.report import Row
from service.contracts.events import ReadingGroup
from service.evaluation.alarm import LEAST_EXAMPLES, LossWatch
from service.evaluation.drift import MOST_BLOCKS
from service.features.layout import Layout
from service.labels.pending import Pending
from service.models.capped import MAX_LEAVES, TREES
from service.models.compiled import CompiledForest
from service.models.forest import LEAVES
from service.models.forest import TREES as BATCH_TREES
from service.models.online import OnlineModel
from service.models.online_modes import MOST_MODES, OnlineModes
from service.pipeline.learning.calibration import HomeTypeCalibration
from service.pipeline.learning.config import LearnSettings
from service.pipeline.learning.feature_watch import FeatureWatch
from service.pipeline.learning.home_type import HomeTypeFold
from service.pipeline.scoring.fleet import FleetState

_HOUR_US = 3_600_000_000
_DAY_US = 24 * _HOUR_US
_COLUMNS = 90

MEMBERS = ("forest", "logistic", "global_forest", "global_logistic", "baseline", "prior")


def parts(seed: int) -> list[Row]:
    """The figures by part."""
    scorer, learner = scorer_bytes_per_device(12_500), learner_bytes_per_device(12_500)
    forest = leaf_bytes(seed) * MAX_LEAVES * TREES
    return [
        Row("memory.per_device_bytes", scorer + learner, "bytes", "lower"),
        Row("memory.per_device.scorer_bytes", scorer, "bytes", "lower"),
        Row("memory.per_device.learner_bytes", learner, "bytes", "lower"),
        Row("memory.per_pending_example_bytes", pending_bytes_per_example(100_000), "bytes", "lower"),
        Row("memory.per_model_mb", forest / 1e6, "MB", "lower"),
        Row("memory.per_model.compiled_mb", compiled_bytes(TREES, MAX_LEAVES) / 1e6, "MB", "lower"),
        Row("memory.per_model.checkpoint_mb", compiled_bytes(BATCH_TREES, LEAVES) / 1e6, "MB", "lower"),
    ]


def _allocated(make: Callable[[], Any]) -> int:
    """Bytes that what ``make`` returns holds."""
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        made = make()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
        del made
        return after - before
    finally:
        tracemalloc.stop()


def _keys(devices: int) -> list[tuple[str, str]]:
    return Crowd(devices, 0).key


def scorer_bytes_per_device(devices: int) -> float:
    """What the scorer's fold holds of a device with twelve metrics."""

    def fill() -> FleetState:
        fleet = FleetState(horizon_us=_DAY_US, slot_us=_DAY_US // 48)
        state = fleet.home_type("home")
        state.windows.layout.extend(METRIC_NAMES, ["device"])
        for key in _keys(devices):
            fleet.register(state, key)
            state.reserve()  # one by one, as they come
        return fleet

    return _allocated(fill) / devices


def learner_bytes_per_device(devices: int) -> float:
    """What the learner's fold holds of a device, pending examples apart."""
    settings = LearnSettings(horizon_us=_DAY_US, grace_us=_HOUR_US, lateness_us=_HOUR_US // 2, slot_us=1, seed=1)
    empty = ReadingGroup(
        home_type="home", new_devices=[], new_metrics=[], new_device_types=[], device=b"", device_type=b"", ts=b"",
        offset_s=b"", cycle=b"", values=b"", dropped=0, example=b"", features=b"", risk=b"", votes=[], member_risk=b"",
        provisional=False,
    )  # fmt: skip

    def fill() -> tuple[HomeTypeFold, dict[tuple[str, str], str]]:
        fold = HomeTypeFold("home", settings, 0)
        keys = _keys(devices)
        for low in range(0, devices, 100):
            fold.register(msgspec.structs.replace(empty, new_devices=keys[low : low + 100]))
        return fold, dict.fromkeys(keys, "home")

    return _allocated(fill) / devices


def pending_bytes_per_example(examples: int) -> float:
    """What a pending example holds, with the risks of six members, when they come 100 at a time."""

    def fill() -> Pending:
        pending = Pending(_DAY_US // 48)
        device, row = np.arange(100, dtype=np.int32), np.arange(100, dtype=np.int32)
        blend, risks = np.full(100, 0.5), np.full((100, len(MEMBERS)), 0.5)
        slots = 8
        for seq in range(examples // 100):
            ts = np.full(100, (seq % slots) * (_DAY_US // 48), np.int64)
            pending.add(ts, seq, row, device, blend, list(MEMBERS), risks)
        return pending

    return _allocated(fill) / examples


def watches_bytes(metrics: int = 12) -> int:
    """What the watches of a home type and its calibration hold when full: a sample, a reference, all blocks."""
    settings = LearnSettings(horizon_us=_DAY_US, grace_us=_HOUR_US, lateness_us=_HOUR_US // 2, slot_us=1, seed=1)
    rng = np.random.default_rng(1)
    layout = Layout()
    layout.extend([f"metric-{n}" for n in range(metrics)], ["device"])
    days = 8
    rows = rng.standard_normal((days * 24, 40, layout.width)).astype(np.float32)
    place = np.arange(40, dtype=np.int32)

    def fill() -> list[object]:
        calibration, losses = HomeTypeCalibration(), LossWatch(settings.horizon_us, MEMBERS[-1])
        watches = [FeatureWatch(settings.horizon_us, 1) for _ in range(2)]
        for hour in range(days * 24):  # the one is full of a sample, the other has a reference
            at_us = _DAY_US + hour * _HOUR_US
            for watch, last in zip(watches, (6, days), strict=True):
                if hour < 24 * last:
                    ts = np.full(40, at_us)
                    watch.add(layout, rows[hour], place, ts, seq=hour + 1, at_us=at_us)
        risks = dict.fromkeys(MEMBERS, 0.1)
        for block in range(MOST_BLOCKS + 10):
            for example in range(LEAST_EXAMPLES):
                losses.add(example % 9 == 0, risks, seq=block, at_us=block * _DAY_US)
        return [calibration, losses, *watches]

    return _allocated(fill)


def modes_bytes() -> int:
    """What the model of failure modes holds that has learned as many modes as it may."""
    names = [f"feature-{column}" for column in range(_COLUMNS)]

    def fill() -> OnlineModes:
        model = OnlineModes()
        for mode in range(MOST_MODES + 3):
            model.learn(dict.fromkeys(names, float(mode)), f"mode-{mode}")
        return model

    return _allocated(fill)


def leaf_bytes(seed: int, examples: int = 1_500) -> float:
    """What a leaf of an online forest that may still split holds, all that belongs to its tree included."""
    model = grown(seed, examples)
    leaves: int = sum(tree.n_leaves for tree in model._model)
    return _allocated(lambda: grown(seed, examples)) / leaves


def grown(seed: int, examples: int) -> OnlineModel:
    """A forest that has learned something hard: its trees split whenever they may."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((examples, _COLUMNS)).astype(np.float32)
    labels = rows[:, 0] * rows[:, 1] + rows[:, 2] + 0.5 * rng.standard_normal(examples) > 0.5
    names = [f"feature-{column}" for column in range(_COLUMNS)]
    model = OnlineModel("forest", seed)
    for row, label in zip(rows.tolist(), labels.tolist(), strict=True):
        model.learn(dict(zip(names, row, strict=True)), label)
    return model


def compiled_bytes(trees: int, leaves: int) -> int:
    """Size of the arrays of a compiled forest of so many trees and leaves in each."""
    nodes = trees * (2 * leaves - 1)
    per_node = {"feature": 4, "threshold": 8, "left": 4, "right": 4, "missing_left": 1, "value": 8, "mass": 8}
    assert set(per_node) < set(CompiledForest.__struct_fields__)
    return nodes * sum(per_node.values()) + trees * 12
