"""Resampled: the PR-AUC of the same risks over and over, where each device counts as often as it was drawn."""

import numpy as np

from benchmarks.prequential.played import Bools, Floats, Ints


class Resampled:
    """The numbers of `service.evaluation.metrics.Steps.pr_auc` with whole weights, bit for bit, in a tenth of the time.

    Most thresholds are no positive's and add nothing: false alarms are not counted at those.

    Args:
        labels: Of the examples; (n,).
        risks: None of them NaN; (n,).
        device: Whose they are, numbers from 0 on; (n,).
    """

    def __init__(self, labels: Bools, risks: Floats, device: Ints) -> None:
        order = np.argsort(-risks, kind="stable")
        ranked, positive = risks[order], np.flatnonzero(labels[order])
        ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
        self._device = device[order]
        self._positive = self._device[positive]
        self._thresholds = len(ends)
        self._steps, first = np.unique(np.searchsorted(ends, positive), return_index=True)
        self._last = np.append(first[1:], len(positive)) - 1  # positive of each of these thresholds
        self._ends = ends[self._steps]

    def pr_auc(self, times: Ints) -> float | None:
        """PR-AUC if device k counts ``times[k]`` times, None without a positive."""
        if not len(self._positive):
            return None
        hits = np.cumsum(times[self._positive])[self._last]
        if hits[-1] == 0:
            return None
        raised = np.cumsum(times[self._device])[self._ends]
        precision = np.divide(hits, raised, out=np.zeros(len(hits)), where=raised > 0)
        terms = np.zeros(self._thresholds)  # with all zeros, since the order of a sum decides its last bits
        terms[self._steps] = np.diff(hits, prepend=0) * precision
        return float(np.sum(terms) / hits[-1])
