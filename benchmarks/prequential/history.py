"""History: what could be known at an instant. Rivals get labels from here and from nowhere else.

    ts                        ts + H + H/24                    a late report
    ──┼─────────────────────────────┼────────────────────────────────┼──────────►  event time
      │ asked                       │ known, as believed then         │ known as corrected

A rival is given `Questions`, which hold no label, and a `History`. What it asks the history at an instant is the same
whatever happened afterwards; a test turns all later labels over and demands it.
"""

import numpy as np
from msgspec import Struct

from benchmarks.prequential.played import NOT_BELIEVED, Bools, Ints, Played, Rows


class Questions(Struct, frozen=True, kw_only=True):
    """What a rival may see of each example when it is asked: no label.

    Attributes:
        rows: Feature rows, and the number of the home type, of which the service has models; float32 (n, f + 1).
        ts: Instants in microseconds, ascending; (n,).
        device: Whose they are; (n,).
        readings: How many readings there were.
    """

    rows: Rows
    ts: Ints
    device: Ints
    readings: int


class Known(Struct, frozen=True, kw_only=True):
    """Examples with labels, in the order in which they became final.

    Attributes:
        examples: Their places among the questions; (k,).
        labels: (k,).
    """

    examples: Ints
    labels: Bools

    def first(self, count: int) -> "Known":
        """The first so many."""
        return Known(examples=self.examples[:count], labels=self.labels[:count])


class History:
    """The labels of a stream by the instant at which they are known.

    A label that a late report corrected is known as it was believed until the report came, and as corrected from then
    on. What nobody believed (censored) is no example until then.
    """

    def __init__(self, played: Played) -> None:
        final = played.final_us()
        labels = played.labels.astype(np.int8)
        self._labels = labels
        self._believed = labels if played.believed is None else played.believed
        self._corrected = final if played.corrected_us is None else np.maximum(played.corrected_us, final)
        self._order = np.argsort(final, kind="stable")
        self._final = final[self._order]

    def known(self, at_us: int) -> Known:
        """All labels that are final at an instant."""
        examples = self._order[: int(np.searchsorted(self._final, at_us, side="right"))]
        corrected = self._corrected[examples] <= at_us
        labels = np.where(corrected, self._labels[examples], self._believed[examples])
        there = labels != NOT_BELIEVED
        return Known(examples=examples[there], labels=labels[there] == 1)

    def final_at(self, count: int) -> int | None:
        """The instant at which so many labels are final, or None if there are fewer."""
        return int(self._final[count - 1]) if 0 < count <= len(self._final) else None


class Hindsight:
    """All labels of the devices that are not asked about: for an oracle, which is a bound and no rival."""

    def __init__(self, played: Played) -> None:
        self._labels = played.labels
        self._device = played.device
        self._ts = played.ts

    def of_others(self, device: Ints, since_us: int) -> Known:
        """The examples from an instant on of all devices but these."""
        examples = np.flatnonzero((self._ts >= since_us) & ~np.isin(self._device, device))
        return Known(examples=examples, labels=self._labels[examples])


def questions(played: Played) -> Questions:
    """What rivals may see of a stream."""
    home_type = (played.device >> 32).astype(np.float32)[:, None]
    return Questions(
        rows=np.hstack([played.rows, home_type]),
        ts=played.ts,
        device=played.device,
        readings=max(played.readings, len(played.ts)),
    )
