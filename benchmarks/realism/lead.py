"""How long before a failure can it be seen coming?"""

import statistics
from typing import Final

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from benchmarks.report import BenchError
from simulator.arrays import DAY_S, HOUR_S, SECOND, Floats, Ints
from simulator.dataset import Sampling
from simulator.samples.panel import plan_panel
from simulator.world.courses import COURSES
from simulator.world.devices import MODES

_GROWING: Final = [code for code, name in enumerate(MODES) if COURSES[name].lead_h[0] >= 1]
"""Modes that announce themselves at all."""

_IN_A_ROW: Final = 2
"""One alarm may be luck: detected is what raises it twice in a row."""


def lead_hours(model: RandomForestClassifier, threshold: float, homes: int, seed: int) -> float:
    """Median time, in hours, between the first two alarms in a row and the failure, over all failures that grow.

    Alarms count from the onset of the degradation on, as the model raises them at ``threshold``. A failure that is
    never seen coming counts as 0 hours. The homes are none that the model has learned from.

    Raises:
        BenchError: No failure fell into the time.
    """
    panel = plan_panel(100, horizon_us=DAY_S * SECOND, year_s=DAY_S, homes=homes)
    sampling = Sampling(panel, seed + 1)
    lives = sampling.fleet.lives
    joins_s = sampling.fleet.devices.joins_s[lives.device]
    rows = np.flatnonzero(
        ~lives.averted
        & np.isin(lives.mode, _GROWING)
        & (lives.onset_s >= joins_s + panel.warm_up_s)
        & (lives.end_s < joins_s + panel.warm_up_s + panel.sampled_s)
    )
    if not len(rows):
        raise BenchError("no failure fell into the time that was watched; ask for more homes")
    owner = np.full(len(sampling.fleet.devices), -1, dtype=np.int64)
    owner[lives.device[rows]] = rows  # of several failures of a device the last counts
    life, second, risk = _risks(sampling, model, owner)
    leads: list[float] = []
    for row in np.unique(owner[owner >= 0]).tolist():
        mine = (life == row) & (second >= lives.onset_s[row]) & (second < lives.end_s[row])
        alarms = risk[mine] >= threshold
        twice = np.flatnonzero(np.convolve(alarms, np.ones(_IN_A_ROW), mode="valid") == _IN_A_ROW)
        seen = second[mine][twice[0] + _IN_A_ROW - 1] if len(twice) else lives.end_s[row]
        leads.append((int(lives.end_s[row]) - int(seen)) / HOUR_S)
    return statistics.median(leads)


def _risks(sampling: Sampling, model: RandomForestClassifier, owner: Ints) -> tuple[Ints, Ints, Floats]:
    """Score all examples of devices with a failure to come: its life, the second and the risk, (n,) each."""
    lives, seconds, features = [], [], []
    for rows, block, take in sampling.examples():
        take = take[owner[block.device[take]] >= 0]
        lives.append(owner[block.device[take]])
        seconds.append(block.ts[take] // SECOND)
        features.append(rows[take])
    risks = model.predict_proba(np.nan_to_num(np.concatenate(features), nan=-1e3))[:, 1]
    return np.concatenate(lives), np.concatenate(seconds), np.asarray(risks)
