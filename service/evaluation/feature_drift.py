"""Drift of features: have a home type's readings moved away from the week that is its reference?

Rows are counted into the bins of a `Reference` in panes of an eighth of its window. When a pane ends, the last eight
together are compared with the reference:

    rows ──► pane (W/8) ──► last eight panes ──► index of each feature ──► begins · · · · ends

A drift begins when a feature's index has been above its threshold four panes in a row (half a window), and ends when it
has fallen below seven tenths of that. The threshold is .25 or four times the feature's own wander, whichever is more.

Measured against a week's reference, of all examples or of those that were learned, weighted. Without any change: in 12
days of eight simulated home types 7 of 232 features began to drift (counters, and the weekend), none in 100 days of
engines and 17 of drives. A firmware update of the sensors: noticed in all eight, 1.0 to 1.4 days later (half a window
has to pass), by 2 to 9 features each. One feature alone is no reason to act; several at once are. Counting costs 1.3 µs
a row.
"""

from collections import deque

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from service.evaluation.stability import Reference, counts_of, shares_of, stability_index

PANES = 8
MAJOR_SHIFT = 0.25
WANDER_RATIO = 4.0
PATIENCE_PANES = 4
END_RATIO = 0.7

_LEAST_FULL_PANES = 7
_LEAST_ROWS = 200


class FeatureDrifted(Struct, frozen=True, kw_only=True):
    """A feature has moved away from the reference, or is back.

    Attributes:
        feature: Its name.
        seq: The event after which it was noticed.
        at_us: Event time then, in microseconds.
        began: Whether a drift begins; else one ends.
        index: Its population stability index.
        threshold: Where a drift of it begins.
    """

    feature: str
    seq: int
    at_us: int
    began: bool
    index: float
    threshold: float


class FeatureDrift:
    """The watch on one home type's features.

    Args:
        reference: What they are compared with. For another, make another watch.

    Attributes:
        drifting: Features that are away, by name, with their newest index.
    """

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self.drifting: dict[str, float] = {}
        features = len(reference.columns)
        wander = np.frombuffer(reference.wander)
        self._edges = np.frombuffer(reference.edges, np.float32).reshape(features, -1).copy()
        self._shares = np.frombuffer(reference.shares).reshape(features, -1).copy()
        self._threshold = np.maximum(MAJOR_SHIFT, WANDER_RATIO * wander)
        self._pane_us = reference.window_us // PANES
        self._pane: int | None = None
        self._counts = np.zeros_like(self._shares)
        self._panes: deque[tuple[int, npt.NDArray[np.float64]]] = deque(maxlen=PANES)
        self._above = np.zeros(features, np.int64)

    def add(
        self, rows: npt.NDArray[np.float32], column: npt.NDArray[np.int32], *, seq: int, at_us: int
    ) -> list[FeatureDrifted]:
        """Count the example rows of an event.

        Args:
            rows: Feature rows, NaN where unknown; (n, k).
            column: Column of each of the reference's features in them, -1 where they have none; int32 (f,).
            seq: The event.
            at_us: Event time of the home type (its watermark, or the newest instant), in microseconds.

        Returns:
            The drifts that begin or end with it; mostly none.
        """
        drifted = []
        pane = at_us // self._pane_us
        if self._pane is None:
            self._pane = pane
        elif pane > self._pane:
            drifted = self._close(seq, at_us)
            self._pane = pane
        known = (column >= 0) & (column < rows.shape[1])
        values = np.where(known, rows[:, np.where(known, column, 0)], np.float32(np.nan))
        self._counts += counts_of(values, self._edges)
        return drifted

    def _close(self, seq: int, at_us: int) -> list[FeatureDrifted]:
        """End the pane, and judge the window if it is well filled."""
        assert self._pane is not None
        self._panes.append((self._pane, self._counts))
        self._counts = np.zeros_like(self._shares)
        inside = [counts for pane, counts in self._panes if pane > self._pane - PANES and counts[0].sum() > 0.0]
        if len(inside) < _LEAST_FULL_PANES:
            return []
        window = np.sum(inside, axis=0)
        if window[0].sum() < _LEAST_ROWS:
            return []
        index = stability_index(self._shares, shares_of(window))
        self._above = np.where(index >= self._threshold, self._above + 1, 0)
        drifted = []
        for number, feature in enumerate(self.reference.columns):
            began = feature not in self.drifting and self._above[number] >= PATIENCE_PANES
            ended = feature in self.drifting and index[number] < END_RATIO * self._threshold[number]
            if began or ended:
                drifted.append(
                    FeatureDrifted(
                        feature=feature,
                        seq=seq,
                        at_us=at_us,
                        began=began,
                        index=float(index[number]),
                        threshold=float(self._threshold[number]),
                    )
                )
            if ended:
                del self.drifting[feature]
            elif began or feature in self.drifting:
                self.drifting[feature] = float(index[number])
        return drifted
