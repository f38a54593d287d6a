"""Figures: the blend against its members and rivals, and how well its risks are calibrated."""

import numpy as np
import numpy.typing as npt

from benchmarks.committee.rules import by_rule
from benchmarks.prequential.compare import differences, gap_rows
from benchmarks.prequential.played import Floats, Played
from benchmarks.prequential.rivals import retrained_beside
from benchmarks.prequential.stream import Stream, every_us
from benchmarks.report import Row
from service.evaluation.metrics import pr_auc
from service.models.committee import BASELINE, PRIOR

_EPSILON = 1e-6
_STEEPEST = 500.0
"""Log odds, of which the exponential is a number still."""


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
    against = {f"{name}.minus_best_member": np.nan_to_num(played.members[best])}
    rows += differences(played.labels, played.device, played.blend, against, seed)
    rows += [
        Row(f"{name}.rule.{rule}.pr_auc", pr_auc(played.labels, scores), "", "higher")
        for rule, scores in by_rule(played).items()
    ]
    rival = retrained_beside(played, every_us(stream, played), seed).risks
    asked = ~np.isnan(rival)
    labels, blend = played.labels[asked], played.blend[asked]
    rows.append(Row(f"{name}.retrained.pr_auc", pr_auc(labels, rival[asked]), "", "higher"))
    rows += differences(labels, played.device[asked], blend, {f"{name}.minus_retrained": rival[asked]}, seed)
    if stream.drift_from is not None and stream.drift_until is not None:
        frozen = played.members[BASELINE]
        rows += gap_rows(name, stream.drift_from, stream.drift_until, played, frozen, seed)
    if stream.name == "stationary":
        rows += calibration("calibration.stationary", labels, blend)
    return rows


def calibration(name: str, labels: npt.NDArray[np.bool_], risks: Floats) -> list[Row]:
    """Slope of a logistic regression of the labels on the log odds answered; observed over expected in the top decile.

    Source: Cox, "Two further applications of a model for binary regression", Biometrika 45 (1958).
    """
    clipped = np.clip(risks, _EPSILON, 1.0 - _EPSILON)
    design = np.column_stack([np.ones(len(risks)), np.log(clipped / (1.0 - clipped))])
    theta: Floats | None = np.array([0.0, 1.0])
    try:
        for _ in range(30):
            fitted = 1.0 / (1.0 + np.exp(-np.clip(design @ theta, -_STEEPEST, _STEEPEST)))
            gradient = design.T @ (labels - fitted)
            theta = theta + np.linalg.solve((design * (fitted * (1.0 - fitted))[:, None]).T @ design, gradient)
    except np.linalg.LinAlgError:
        theta = None  # of so few failures there is no slope
    top = risks >= np.quantile(risks, 0.9)
    return [
        Row(f"{name}.slope", None if theta is None else float(theta[1]), "", "higher"),
        Row(f"{name}.top_decile_observed_over_expected", float(labels[top].sum() / risks[top].sum()), "", "higher"),
    ]
