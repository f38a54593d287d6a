"""Card, part three: how far ahead each mode of failure can be seen, measured without any model.

A sample *stands out* if one of its metrics runs further from the device's own normal than in 95 of 100 healthy samples
of that device type. How many samples stand out, by mode and by hours before the failure, says what there is to find.
"""

from typing import Final

import numpy as np
from msgspec import Struct

from simulator.arrays import HOUR_S, SECOND, Codes, Floats, Ints
from simulator.dataset import Sampling
from simulator.samples.panel import Panel
from simulator.samples.truth import NO_FAILURE, Truth
from simulator.world.devices import DEVICE_TYPES, MODES

EDGES_H: Final = (0, 2, 4, 8, 12, 18, 24, 36, 48, 72)
"""Bounds of the classes of hours before a failure."""

FALSE_ALARMS: Final = 0.05


class Warnings(Struct, frozen=True, kw_only=True):
    """What stands out when.

    Attributes:
        share: Share of samples that stand out, by mode and class of hours before the failure, (modes, classes); NaN
            where there are too few.
        within: The same within the horizon, (modes,).
        positives: Positive samples by mode, (modes,).
        features: How many features a sample has.
        samples: Samples by home type, (8,).
        positive_share: Share of positive ones by home type, (8,).
    """

    share: Floats
    within: Floats
    positives: Ints
    features: int
    samples: Ints
    positive_share: Floats


def measure_warnings(panel: Panel, seed: int) -> Warnings:
    """Measure what stands out in the samples of a panel."""
    sampling = Sampling(panel, seed)
    far = Truth(sampling.fleet.failures, EDGES_H[-1] * HOUR_S * SECOND)
    trends = [i for i, name in enumerate(sampling.columns) if name.endswith(".trend")]
    scores, modes, ahead_h, labels, device_types, home_types = [], [], [], [], [], []
    for batch in sampling.batches():
        standing = far.at(batch.device, batch.ts)
        scores.append(np.abs(batch.rows[:, trends]).max(axis=1))
        modes.append(standing.mode)
        ahead_h.append(standing.ahead_us / (HOUR_S * SECOND))
        labels.append(batch.labels)
        device_types.append(batch.device_type)
        home_types.append(batch.home_type)
    mode, label, home_type = np.concatenate(modes), np.concatenate(labels), np.concatenate(home_types)
    out = _stands_out(np.concatenate(scores), mode, np.concatenate(device_types))
    bins = np.digitize(np.concatenate(ahead_h), EDGES_H[1:])
    share = np.full((len(MODES), len(EDGES_H) - 1), np.nan)
    within = np.full(len(MODES), np.nan)
    for code in range(len(MODES)):
        for column in range(share.shape[1]):
            here = (mode == code) & (bins == column)
            if here.sum() >= 30:
                share[code, column] = out[here].mean()
        if (mode == code)[label].any():
            within[code] = out[label & (mode == code)].mean()
    samples = np.bincount(home_type, minlength=len(panel.quotas))
    return Warnings(
        share=share,
        within=within,
        positives=np.bincount(mode[label], minlength=len(MODES)),
        features=len(sampling.columns),
        samples=samples,
        positive_share=np.bincount(home_type, label, minlength=len(panel.quotas)) / samples,
    )


def _stands_out(score: Floats, mode: Codes, device_type: Codes) -> Floats:
    out = np.zeros(len(score))
    for code in range(len(DEVICE_TYPES)):
        here = device_type == code
        healthy = score[here & (mode == NO_FAILURE)]
        if len(healthy):
            out[here] = score[here] > np.quantile(healthy, 1.0 - FALSE_ALARMS)
    return out
