"""Data sets: labelled samples of a simulated fleet, with the features that the service itself computes.

The service's own windows fold the fleet's readings, so a feature is written once. Labels are the hidden truth: whether
the device fails within the horizon, reported or not. Samples are drawn evenly over the readings that a service would
keep as examples, after a warm-up, as long as their whole horizon lies within the simulation.
"""

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from service.features.windows import Windows
from simulator.arrays import SECOND
from simulator.devices import DEVICE_TYPES
from simulator.fleet import Failures, Fleet

_DAY_US = 86_400 * SECOND
_END = 1_767_225_600 * SECOND  # 2026-01-01T00:00:00Z; fixed, so that the same seed gives the same samples
_SAMPLES_PER_HOME = 60
_SLOTS = 48


class Samples(Struct, frozen=True, kw_only=True):
    """Labelled samples in order of time.

    Attributes:
        columns: Feature names; (f,).
        rows: Feature rows, NaN where unknown; float32 (n, f).
        labels: Whether the device fails within the horizon; bool (n,).
        ts: Instants in microseconds; int64 (n,).
        device: Row of the fleet's device table; int32 (n,).
    """

    columns: list[str]
    rows: npt.NDArray[np.float32]
    labels: npt.NDArray[np.bool_]
    ts: npt.NDArray[np.int64]
    device: npt.NDArray[np.int32]


def labelled_samples(samples: int, *, seed: int, horizon_us: int) -> Samples:
    """Draw samples of a fleet made for them: its length follows the horizon, its size the number of samples.

    Args:
        samples: How many, at least 100.
        seed: Seed of fleet and choice.
        horizon_us: The horizon in microseconds.

    Raises:
        ValueError: ``samples`` is too small, or the horizon is longer than 90 days.
    """
    if samples < 100:
        raise ValueError(f"{samples} samples are too few; at least 100")
    if horizon_us > 90 * _DAY_US:
        raise ValueError("the simulator's failures build up over hours and days; a horizon is at most 90 days")
    warm_up_us = max(2 * _DAY_US, 2 * horizon_us)
    span_us = warm_up_us + horizon_us + max(6 * _DAY_US, 4 * horizon_us)
    fleet = Fleet(max(20, samples // _SAMPLES_PER_HOME), seed, _END - span_us, _END)
    offered = _offered(fleet, horizon_us, _END - span_us + warm_up_us, _END - horizon_us)
    if len(offered.ts) < samples:
        raise ValueError(f"a horizon of {horizon_us / 1e6:g} s leaves only {len(offered.ts)} samples")
    chosen = np.sort(np.random.default_rng([seed, samples]).choice(len(offered.ts), samples, replace=False))
    return Samples(
        columns=offered.columns,
        rows=offered.rows[chosen],
        labels=offered.labels[chosen],
        ts=offered.ts[chosen],
        device=offered.device[chosen],
    )


def _offered(fleet: Fleet, horizon_us: int, first_us: int, last_us: int) -> Samples:
    """All examples with ``first_us <= ts <= last_us`` whose device was not failed then."""
    table = fleet.devices
    windows = Windows(horizon_us=horizon_us, slot_us=max(horizon_us // _SLOTS, 1))
    windows.layout.extend(fleet.metric_names, [kind.name for kind in DEVICE_TYPES])
    windows.reserve(len(table))
    device_type = table.device_type.astype(np.int16)
    repairs = np.argsort(fleet.failures.repaired, kind="stable")
    repaired = 0
    kept: list[tuple[npt.NDArray[np.float32], npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.bool_]]] = []
    for block in fleet.blocks():
        while repaired < len(repairs) and fleet.failures.repaired[repairs[repaired]] <= block.ts[0]:
            windows.forget_past(int(fleet.failures.device[repairs[repaired]]))
            repaired += 1
        windows.sift(block.device, block.ts)
        cycle = np.zeros(len(block), np.bool_)
        rows, example = windows.fold(
            block.device, device_type[block.device], block.ts, block.offset_s, cycle, block.metrics.copy()
        )
        positive, failed = _truth(fleet.failures, block.device, block.ts, horizon_us)
        take = np.flatnonzero(example & ~failed & (block.ts >= first_us) & (block.ts <= last_us))
        kept.append((rows[take], block.ts[take], block.device[take], positive[take]))
    return Samples(
        columns=list(windows.layout.columns),
        rows=np.concatenate([part[0] for part in kept]),
        ts=np.concatenate([part[1] for part in kept]),
        device=np.concatenate([part[2] for part in kept]),
        labels=np.concatenate([part[3] for part in kept]),
    )


def _truth(
    failures: Failures, device: npt.NDArray[np.int32], ts: npt.NDArray[np.int64], horizon_us: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Whether each reading's device fails in (ts, ts + H], and whether it stands failed at ts; bool (n,) each."""
    positive, failed = np.zeros(len(ts), np.bool_), np.zeros(len(ts), np.bool_)
    if not len(failures.ts):
        return positive, failed
    order = np.lexsort((failures.ts, failures.device))
    of_device, at, until = failures.device[order], failures.ts[order], failures.repaired[order]
    # All devices on one axis, their spans of time one after the other.
    low, high = int(min(at.min(), ts.min())), int(max(at.max(), ts.max()))
    span = high - low + 1
    axis, here = of_device.astype(np.int64) * span + (at - low), device.astype(np.int64) * span + (ts - low)
    following = np.searchsorted(axis, here, side="right")
    has_next = following < len(at)
    nxt = np.minimum(following, len(at) - 1)
    positive = has_next & (of_device[nxt] == device) & (at[nxt] <= ts + horizon_us)
    prev = np.maximum(following - 1, 0)
    failed = (following > 0) & (of_device[prev] == device) & (ts < until[prev])
    return positive, failed
