"""Figures: the blend against its members and rivals, and how well its risks are calibrated."""

import numpy as np
import numpy.typing as npt

from benchmarks.committee.rivals import every_us, oracle, retrained
from benchmarks.committee.rules import by_rule
from benchmarks.committee.stream import HOUR_US, Played, Stream
from benchmarks.report import Row
from service.evaluation.bootstrap import device_draws
from service.evaluation.metrics import Steps, pr_auc
from service.models.committee import BASELINE, PRIOR

_RESAMPLES = 200
_TAIL = 0.05
_SETTLED_US = 72 * HOUR_US
"""After a drift is through, so long passes until it is asked how much of the gap is closed."""
_EPSILON = 1e-6

Floats = npt.NDArray[np.float64]


def rows_of(stream: Stream, played: Played, seed: int) -> list[Row]:
    """All figures of a stream."""
    name = f"committee.{stream.name}"
    rows = [
        Row(f"{name}.examples", len(played.ts), "examples", "higher"),
        Row(f"{name}.failing_devices", len(np.unique(played.device[played.labels])), "devices", "higher"),
        Row(f"{name}.seconds", round(played.seconds, 1), "s", "lower"),
        Row(f"{name}.blend.pr_auc", pr_auc(played.labels, played.blend), "", "higher"),
    ]
    best, figure = "", -1.0
    for member, risks in played.members.items():
        told = np.where(np.isnan(risks), 0.0, risks)  # where it gave no risk it found nothing
        value = pr_auc(played.labels, told)
        rows.append(Row(f"{name}.{member}.pr_auc", value, "", "higher"))
        if member != PRIOR and value is not None and value > figure:
            best, figure = member, value
    told = np.nan_to_num(played.members[best])
    rows += _difference(f"{name}.minus_best_member", played, played.blend, told, np.ones(len(told), np.bool_), seed)
    rows += [
        Row(f"{name}.rule.{rule}.pr_auc", pr_auc(played.labels, scores), "", "higher")
        for rule, scores in by_rule(played).items()
    ]
    rival = retrained(played, every_us(played, real=stream.table is not None), seed)
    asked = ~np.isnan(rival)
    rows.append(Row(f"{name}.retrained.pr_auc", pr_auc(played.labels[asked], rival[asked]), "", "higher"))
    rows += _difference(f"{name}.minus_retrained", played, played.blend, np.nan_to_num(rival), asked, seed)
    if stream.drift_from is not None and stream.drift_until is not None:
        rows += _gap(name, stream.drift_from, stream.drift_until, played, seed)
    if stream.name == "stationary":
        rows += calibration("calibration.stationary", played.labels[asked], played.blend[asked])
    return rows


def _difference(
    name: str, played: Played, ours: Floats, theirs: Floats, where: npt.NDArray[np.bool_], seed: int
) -> list[Row]:
    """PR-AUC of one minus that of another, with the 90 % interval of a paired bootstrap over devices."""
    labels = played.labels[where]
    one, two = Steps(labels, ours[where]), Steps(labels, theirs[where])
    drawn = []
    for times in device_draws(played.device[where], seed=seed, resamples=_RESAMPLES):
        weights = times.astype(np.float64)
        a, b = one.pr_auc(weights), two.pr_auc(weights)
        if a is not None and b is not None:
            drawn.append(a - b)
    all_of = np.ones(len(labels))
    a, b = one.pr_auc(all_of), two.pr_auc(all_of)
    point = a - b if a is not None and b is not None else None
    low, high = np.quantile(drawn, [_TAIL, 1.0 - _TAIL]) if drawn else (None, None)
    return [
        Row(name, point, "", "higher"),
        Row(f"{name}.low", None if low is None else float(low), "", "higher"),
        Row(f"{name}.high", None if high is None else float(high), "", "higher"),
    ]


def _gap(name: str, begins: float, through: float, played: Played, seed: int) -> list[Row]:
    """How much of what was lost by a drift has been won back some days after it was through."""
    first, last = int(played.ts[0]), int(played.ts[-1] + played.horizon_us)
    since_us = int(first + through * (last - first))
    risks = oracle(played, int(first + max(begins, through) * (last - first)), seed)
    asked = (played.ts >= since_us + _SETTLED_US) & ~np.isnan(risks)
    labels = played.labels[asked]
    frozen = pr_auc(labels, np.nan_to_num(played.members[BASELINE][asked]))
    knowing, blend = pr_auc(labels, risks[asked]), pr_auc(labels, played.blend[asked])
    if frozen is None or knowing is None or blend is None:
        return [Row(f"{name}.gap_closed", None, "", "higher")]
    return [
        Row(f"{name}.after.frozen.pr_auc", frozen, "", "higher"),
        Row(f"{name}.after.oracle.pr_auc", knowing, "", "higher"),
        Row(f"{name}.after.blend.pr_auc", blend, "", "higher"),
        Row(f"{name}.gap", knowing - frozen, "", "higher"),
        Row(f"{name}.gap_closed", (blend - frozen) / (knowing - frozen) if knowing > frozen else None, "", "higher"),
    ]


def calibration(name: str, labels: npt.NDArray[np.bool_], risks: Floats) -> list[Row]:
    """Slope of a logistic regression of the labels on the log odds answered; observed over expected in the top decile.

    Source: Cox, "Two further applications of a model for binary regression", Biometrika 45 (1958).
    """
    clipped = np.clip(risks, _EPSILON, 1.0 - _EPSILON)
    design = np.column_stack([np.ones(len(risks)), np.log(clipped / (1.0 - clipped))])
    theta = np.array([0.0, 1.0])
    for _ in range(30):
        fitted = 1.0 / (1.0 + np.exp(-(design @ theta)))
        gradient = design.T @ (labels - fitted)
        theta = theta + np.linalg.solve((design * (fitted * (1.0 - fitted))[:, None]).T @ design, gradient)
    top = risks >= np.quantile(risks, 0.9)
    return [
        Row(f"{name}.slope", float(theta[1]), "", "higher"),
        Row(f"{name}.top_decile_observed_over_expected", float(labels[top].sum() / risks[top].sum()), "", "higher"),
    ]
