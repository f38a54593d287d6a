"""The watch on a home type's features: keeps the reference up to date, and feeds `FeatureDrift`.

    example rows ──► sample of a week ──► reference ──► `FeatureDrift` · · · away ··· checkpoint ──► new sample ──► ...

The first week of examples (four horizons, if that is longer) is the first reference. It is kept while readings look
like it, however many checkpoints are published: a new one would blind the watch for a window and a half each time. When
a checkpoint is published while features are away, it has learned from how they are now: the week from then on becomes
the next reference.

A home type with fewer than 100 examples a window (a day, or the horizon if that is longer) is not watched.
"""

import numpy as np
import numpy.typing as npt

from service.evaluation.feature_drift import FeatureDrift, FeatureDrifted
from service.evaluation.stability import DAY_US, reference_of, watched
from service.features.layout import Layout
from service.labels.sampling import unit_hashes

SAMPLE_ROWS = 2_048
"""Rows of a sample at most; a week of them is 290 a day."""

FEW = 2
"""So many features away at once are a reason to act."""

_LEAST_US = 7 * DAY_US
_LEAST_WINDOWS = 4


class FeatureWatch:
    """The watch on one home type.

    Args:
        horizon_us: The horizon in microseconds.
        seed: Seed of the sampling.
    """

    def __init__(self, horizon_us: int, seed: int) -> None:
        self._horizon_us = horizon_us
        self._seed = seed
        self._span_us = max(_LEAST_US, _LEAST_WINDOWS * horizon_us)
        self._drift: FeatureDrift | None = None
        self._sample: _Sample | None = _Sample()
        self._watched: list[int] = []
        self._bound = np.zeros(0, np.int32)
        self._width = -1  # of the layout that these two were made for

    @property
    def away(self) -> dict[str, float]:
        """Features that are away, with their newest index."""
        return self._drift.drifting if self._drift is not None else {}

    def add(
        self,
        layout: Layout,
        rows: npt.NDArray[np.float32],
        place: npt.NDArray[np.int32],
        ts: npt.NDArray[np.int64],
        *,
        seq: int,
        at_us: int,
    ) -> list[FeatureDrifted]:
        """Take the example rows of an event.

        Args:
            layout: Names the columns.
            rows: Feature rows; (n, f).
            place: Their places in the event; (n,).
            ts: Their instants in microseconds; (n,).
            seq: The event.
            at_us: The home type's watermark.

        Returns:
            Features that have moved away or come back.
        """
        if self._width != layout.width:
            self._bind(layout)
        drifted = []
        if self._drift is not None:
            drifted = self._drift.add(rows, self._bound, seq=seq, at_us=at_us)
        if self._sample is not None:
            self._sample.add(rows[:, self._watched], unit_hashes(self._seed, seq, place), ts, at_us)
            if at_us - self._sample.since_us >= self._span_us:
                drifted += self._renew(layout, seq, at_us)
        return drifted

    def published(self) -> None:
        """A checkpoint was published: it knows what readings look like now."""
        if self._sample is None and self.away:
            self._sample = _Sample()

    def _bind(self, layout: Layout) -> None:
        self._width, self._watched = layout.width, watched(layout.columns)
        if self._drift is not None:
            self._bound = layout.bind(self._drift.reference.columns)

    def _renew(self, layout: Layout, seq: int, at_us: int) -> list[FeatureDrifted]:
        """Make the reference of the sample, if it can be made; features that were away are so no longer."""
        sample = self._sample
        assert sample is not None
        columns = [layout.columns[number] for number in self._watched]
        reference = reference_of(columns, sample.values(len(columns)), sample.ts, self._horizon_us)
        if reference is None:
            sample.since_us += DAY_US  # tried again in a day
            return []
        before, self._drift, self._sample = self._drift, FeatureDrift(reference), None
        self._bind(layout)
        return [
            FeatureDrifted(feature=name, seq=seq, at_us=at_us, began=False, index=index, threshold=0.0)
            for name, index in (before.drifting.items() if before is not None else ())
        ]


class _Sample:
    """A uniform sample of rows, of bounded size: those whose hash is below a rate that halves whenever it is full."""

    def __init__(self) -> None:
        self.since_us = 0
        self.ts = np.zeros(0, np.int64)
        self._rate = 1.0
        self._hash = np.zeros(0)
        self._rows = np.zeros((0, 0), np.float32)

    def add(
        self, rows: npt.NDArray[np.float32], hashes: npt.NDArray[np.float64], ts: npt.NDArray[np.int64], at_us: int
    ) -> None:
        """Take those of some rows that belong to it."""
        self.since_us = self.since_us or at_us
        kept = hashes < self._rate
        if not kept.any():
            return
        self._rows = np.concatenate([self.values(rows.shape[1]), rows[kept]])
        self._hash, self.ts = np.append(self._hash, hashes[kept]), np.append(self.ts, ts[kept])
        while len(self.ts) > SAMPLE_ROWS:
            self._rate /= 2.0
            kept = self._hash < self._rate
            self._rows, self._hash, self.ts = self._rows[kept], self._hash[kept], self.ts[kept]

    def values(self, width: int) -> npt.NDArray[np.float32]:
        """The rows, with NaN in columns that came later; (n, width)."""
        missing = width - self._rows.shape[1]
        return np.pad(self._rows, ((0, 0), (0, missing)), constant_values=np.float32(np.nan)) if missing else self._rows
