"""Exact metrics of risks against labels, in numpy alone, so that the service process can compute them.

All take ``labels`` bool (n,) and ``risks`` float (n,) and give None where the metric is undefined. Where examples were
sampled, ``weights`` float (n,) says for how many each of them stands; without, each stands for itself.
"""

import numpy as np
import numpy.typing as npt

from service.contracts.standing import Quality

Labels = npt.NDArray[np.bool_]
Risks = npt.NDArray[np.float64]
Weights = npt.NDArray[np.float64]

FALSE_ALARM_RATE = 0.01
_EPSILON = 1e-15


class Steps:
    """Weights of hits and of false alarms at each distinct threshold of risks (n,), from the highest down.

    Sorting is what takes time; so for other weights the order is kept.
    """

    def __init__(self, labels: Labels, risks: Risks) -> None:
        order = np.argsort(-risks, kind="stable")
        ranked = risks[order]
        self._order = order
        self._positive = labels[order]
        self._ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
        self.thresholds: Risks = ranked[self._ends]

    def weighed(self, weights: Weights | None = None) -> tuple[Weights, Weights]:
        """Hits and false alarms."""
        mass = np.ones(len(self._order)) if weights is None else weights[self._order]
        hits = np.cumsum(np.where(self._positive, mass, 0.0))[self._ends]
        alarms = np.cumsum(np.where(self._positive, 0.0, mass))[self._ends]
        return hits, alarms

    def pr_auc(self, weights: Weights | None = None) -> float | None:
        """See `pr_auc`."""
        hits, alarms = self.weighed(weights)
        if not len(hits) or hits[-1] <= 0.0:
            return None
        raised = hits + alarms
        precision = np.divide(hits, raised, out=np.zeros(len(hits)), where=raised > 0.0)
        return float(np.sum(np.diff(hits, prepend=0.0) * precision) / hits[-1])


def pr_auc(labels: Labels, risks: Risks, weights: Weights | None = None) -> float | None:
    """Average precision: mean over the positives of the precision at their threshold."""
    return Steps(labels, risks).pr_auc(weights) if len(labels) else None


def roc_auc(labels: Labels, risks: Risks) -> float | None:
    """Chance that a positive is given a higher risk than a negative, ties counted half."""
    positives = int(labels.sum())
    if positives in (0, len(labels)):
        return None
    hits, alarms = Steps(labels, risks).weighed()
    x, y = np.append(0, alarms) / (len(labels) - positives), np.append(0, hits) / positives
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2.0))


def threshold_at_far(
    labels: Labels, risks: Risks, rate: float = FALSE_ALARM_RATE, weights: Weights | None = None
) -> float | None:
    """The lowest threshold at which at most ``rate`` of the negatives raise an alarm; infinite if none is high enough.

    A risk at the threshold is an alarm. None unless there are positives and negatives.
    """
    if labels.all() or not labels.any():
        return None
    steps = Steps(labels, risks)
    _, alarms = steps.weighed(weights)
    allowed = steps.thresholds[alarms / alarms[-1] <= rate]
    return float(allowed[-1]) if len(allowed) else np.inf


def recall_at_far(
    labels: Labels, risks: Risks, rate: float = FALSE_ALARM_RATE, weights: Weights | None = None
) -> float | None:
    """Share of positives found at the lowest threshold at which at most ``rate`` of the negatives raise an alarm."""
    threshold = threshold_at_far(labels, risks, rate, weights)
    if threshold is None:
        return None
    mass = np.ones(len(labels)) if weights is None else weights
    return float(mass[labels & (risks >= threshold)].sum() / mass[labels].sum())


def brier(labels: Labels, risks: Risks, weights: Weights | None = None) -> float | None:
    """Mean squared error."""
    return float(np.average((risks - labels) ** 2, weights=weights)) if len(labels) else None


def log_loss(labels: Labels, risks: Risks, weights: Weights | None = None) -> float | None:
    """Mean negative log likelihood in nats; risks are kept 1e-15 away from 0 and 1."""
    if not len(labels):
        return None
    clipped = np.clip(risks, _EPSILON, 1.0 - _EPSILON)
    return float(-np.average(np.where(labels, np.log(clipped), np.log1p(-clipped)), weights=weights))


def quality(labels: Labels, risks: Risks) -> Quality:
    """All of them. Rows whose risk is NaN (the member gave none) are left out."""
    given = ~np.isnan(risks)
    labels, risks = labels[given], risks[given]
    return Quality(
        examples=len(labels),
        positives=int(labels.sum()),
        pr_auc=pr_auc(labels, risks),
        roc_auc=roc_auc(labels, risks),
        recall_at_1pct_far=recall_at_far(labels, risks),
        brier=brier(labels, risks),
        log_loss=log_loss(labels, risks),
    )
