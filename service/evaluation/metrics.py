"""Exact metrics of risks against labels, in numpy alone, so that the service process can compute them.

All take ``labels`` bool (n,) and ``risks`` float (n,) and give None where the metric is undefined.
"""

import numpy as np
import numpy.typing as npt

from service.contracts.standing import Quality

Labels = npt.NDArray[np.bool_]
Risks = npt.NDArray[np.float64]

FALSE_ALARM_RATE = 0.01
_EPSILON = 1e-15


def _steps(labels: Labels, risks: Risks) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Hits and false alarms at each distinct threshold, from the highest down."""
    order = np.argsort(-risks, kind="stable")
    ranked = risks[order]
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    hits = np.cumsum(labels[order])[ends]
    return hits, ends + 1 - hits


def pr_auc(labels: Labels, risks: Risks) -> float | None:
    """Average precision: mean over the positives of the precision at their threshold."""
    positives = int(labels.sum())
    if positives == 0:
        return None
    hits, alarms = _steps(labels, risks)
    gained = np.diff(hits, prepend=0) / positives
    return float(np.sum(gained * hits / (hits + alarms)))


def roc_auc(labels: Labels, risks: Risks) -> float | None:
    """Chance that a positive is given a higher risk than a negative, ties counted half."""
    positives = int(labels.sum())
    if positives in (0, len(labels)):
        return None
    hits, alarms = _steps(labels, risks)
    x, y = np.append(0, alarms) / (len(labels) - positives), np.append(0, hits) / positives
    return float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2.0))


def recall_at_far(labels: Labels, risks: Risks, rate: float = FALSE_ALARM_RATE) -> float | None:
    """Share of positives found at the lowest threshold at which at most ``rate`` of the negatives raise an alarm."""
    positives = int(labels.sum())
    if positives in (0, len(labels)):
        return None
    hits, alarms = _steps(labels, risks)
    allowed = alarms / (len(labels) - positives) <= rate
    return float(hits[allowed].max(initial=0) / positives)


def brier(labels: Labels, risks: Risks) -> float | None:
    """Mean squared error."""
    return float(np.mean((risks - labels) ** 2)) if len(labels) else None


def log_loss(labels: Labels, risks: Risks) -> float | None:
    """Mean negative log likelihood in nats; risks are kept 1e-15 away from 0 and 1."""
    if not len(labels):
        return None
    clipped = np.clip(risks, _EPSILON, 1.0 - _EPSILON)
    return float(-np.mean(np.where(labels, np.log(clipped), np.log1p(-clipped))))


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
