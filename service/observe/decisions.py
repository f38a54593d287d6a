"""Decisions: the journal's entries since the start, counted by kind and home type as they come."""

import threading
from collections import Counter, deque

from service.contracts.journal import JournalRecord
from service.contracts.ports import ExampleStore
from service.contracts.status import DecisionCount, DecisionState
from service.pipeline.views.journal_view import entry

_PAGE, _PAGES = 1_000, 20
_LAST = 20
_DRIFTS = ("member_drift", "feature_drift")


class Decisions:
    """Reads on in the journal whenever it is asked.

    Args:
        examples: Holds the journal.
    """

    def __init__(self, examples: ExampleStore) -> None:
        self._examples = examples
        self._lock = threading.Lock()
        self._place: tuple[int, int] | None = None
        self._counts: Counter[tuple[str, str | None]] = Counter()
        self._last: deque[JournalRecord] = deque(maxlen=_LAST)
        self._drift: JournalRecord | None = None

    def state(self) -> DecisionState:
        """Counts and the last decisions. What stood in the journal at the first call does not count, but is shown."""
        with self._lock:
            if self._place is None:
                self._place = self._examples.journal_back(0)
                for record in self._examples.journal(after=self._examples.journal_back(_PAGE), limit=_PAGE):
                    self._show(record)
            for _ in range(_PAGES):  # after so many the rest is for the next call
                records = self._examples.journal(after=self._place, limit=_PAGE)
                for record in records:
                    self._place = (record.seq, record.place)
                    self._counts[record.kind, record.home_type] += 1
                    self._show(record)
                if len(records) < _PAGE:
                    break
            counts = [
                DecisionCount(kind=kind, home_type=home_type, count=count)
                for (kind, home_type), count in sorted(self._counts.items(), key=str)
            ]
            return DecisionState(
                counts=counts,
                last_drift=entry(self._drift) if self._drift is not None else None,
                last=[entry(record) for record in reversed(self._last)],
            )

    def _show(self, record: JournalRecord) -> None:
        self._last.append(record)
        if record.kind in _DRIFTS:
            self._drift = record
