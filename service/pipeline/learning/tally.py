"""The tally of outcomes: how many have come, by kind, for each home type.

Which home type an outcome belongs to is known once its device has been read; until then it waits here. A retraction
belongs to the device of the outcome that it names.
"""

from collections import Counter
from collections.abc import Mapping

from msgspec import UNSET

from service.contracts.outcomes import Failure, Outcome, Retraction
from service.contracts.standing import OutcomeCounts
from service.labels.book import DeviceKey, OutcomeBook


class OutcomeTally:
    """Logged outcomes by kind, of each home type and of devices that have not been read yet.

    Attributes:
        waiting: Outcomes that belong to no home type yet.
    """

    def __init__(self) -> None:
        self.waiting = 0
        self._of_home_type: dict[str, Counter[str]] = {}
        self._of_device: dict[DeviceKey, Counter[str]] = {}
        self._early: set[str] = set()  # named by retractions that came first

    def counts(self, home_type: str) -> OutcomeCounts:
        """The counts of a home type."""
        return OutcomeCounts(**self._of_home_type.get(home_type, Counter()))

    def take(self, outcome: Outcome, book: OutcomeBook, home_type_of: Mapping[DeviceKey, str]) -> str | None:
        """Count an outcome.

        Returns:
            The home type whose counts changed, or None if it waits.
        """
        kinds: Counter[str] = Counter()
        if isinstance(outcome, Retraction):
            about = book.known(outcome.retracts)
            if about is None or isinstance(about, Retraction):
                self._early.add(outcome.retracts)
                self.waiting += 1
                return None
            kinds["retractions"] += 1
        else:
            about = outcome
            kinds["failures" if isinstance(outcome, Failure) else "repairs"] += 1
            if outcome.supersedes is not UNSET:
                kinds["superseded"] += 1
            if outcome.outcome_id in self._early:
                self._early.remove(outcome.outcome_id)
                self.waiting -= 1
                kinds["retractions"] += 1
        key = (about.home_id, about.device_id)
        home_type = home_type_of.get(key)
        if home_type is None:
            self.waiting += _outcomes(kinds)
            self._of_device.setdefault(key, Counter()).update(kinds)
        else:
            self._of_home_type.setdefault(home_type, Counter()).update(kinds)
        return home_type

    def appear(self, key: DeviceKey, home_type: str) -> None:
        """The device has been read; what waited for it counts in its home type."""
        kinds = self._of_device.pop(key, None)
        if kinds is not None:
            self.waiting -= _outcomes(kinds)
            self._of_home_type.setdefault(home_type, Counter()).update(kinds)

    def forget(self, key: DeviceKey) -> None:
        """The device is forgotten: what waited for it waits no longer. What is counted already says nothing of it."""
        kinds = self._of_device.pop(key, None)
        if kinds is not None:
            self.waiting -= _outcomes(kinds)


def _outcomes(kinds: Counter[str]) -> int:
    return kinds.total() - kinds["superseded"]
