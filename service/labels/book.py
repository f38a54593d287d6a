"""The book of outcomes: what is held true of each device's failures and repairs, after all corrections so far.

An outcome that another supersedes or retracts is void for good; a correction may arrive before what it corrects.
"""

import bisect
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Literal

from msgspec import UNSET, Struct

from service.contracts.outcomes import Failure, Outcome, Repair, Retraction
from service.contracts.readings import Instant

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

DeviceKey = tuple[str, str]
"""(home_id, device_id)."""


def instant_us(ts: Instant) -> int:
    """Microseconds since the epoch, exactly."""
    return (ts - _EPOCH) // _MICROSECOND


class Mark(Struct, frozen=True, order=True, array_like=True):
    """One effective failure or repair of a device. At the same instant a failure sorts before a repair."""

    ts_us: int
    kind: Literal["failure", "repair"]
    mode: str
    outcome_id: str


class OutcomeBook:
    """All outcomes by id, and the effective marks by device."""

    def __init__(self) -> None:
        self._by_id: dict[str, Outcome] = {}
        self._void: dict[str, Outcome] = {}
        self._marks: dict[DeviceKey, list[Mark]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def known(self, outcome_id: str) -> Outcome | None:
        """The outcome of this id, if it has come."""
        return self._by_id.get(outcome_id)

    def outcomes(self) -> list[Outcome]:
        """All outcomes in the order in which they came; entered again in that order they make the same book."""
        return list(self._by_id.values())

    def marks(self, key: DeviceKey) -> list[Mark]:
        """The effective marks of a device, in order of time. Do not change the list."""
        return self._marks.get(key, [])

    def marked(self) -> Iterable[DeviceKey]:
        """The devices that have, or had, an effective mark."""
        return self._marks.keys()

    def objection(self, outcome: Outcome) -> tuple[str, str] | None:
        """Why an outcome cannot be entered, as (field, sentence), or None if it can be."""
        field, target_id = _target(outcome)
        if target_id is None:
            return None
        if target_id == outcome.outcome_id:
            return field, "an outcome cannot correct itself"
        target = self._by_id.get(target_id)
        corrected = self._void.get(target_id)
        if corrected is not None:
            return field, f"{target_id!r} was corrected by {corrected.outcome_id!r} already; correct that one"
        if isinstance(target, Retraction):
            return field, f"{target_id!r} is a retraction; send the outcome again under a new id instead"
        if target is not None and not isinstance(outcome, Retraction):
            theirs, ours = (target.home_id, target.device_id), (outcome.home_id, outcome.device_id)
            if theirs != ours:
                return field, f"{target_id!r} is an outcome of another device, {theirs[0]}/{theirs[1]}"
        return None

    def enter(self, outcome: Outcome) -> DeviceKey | None:
        """Enter an outcome; one of a known id changes nothing.

        Returns:
            The device whose marks changed, or None.
        """
        if outcome.outcome_id in self._by_id:
            return None
        self._by_id[outcome.outcome_id] = outcome
        changed: DeviceKey | None = None
        _, target_id = _target(outcome)
        if target_id is not None:
            target = self._by_id.get(target_id)
            if target_id not in self._void and target is not None and not isinstance(target, Retraction):
                changed = (target.home_id, target.device_id)
                self._marks[changed] = [mark for mark in self._marks[changed] if mark.outcome_id != target_id]
            self._void[target_id] = outcome
        if not isinstance(outcome, Retraction) and not self._voided_early(outcome):
            changed = (outcome.home_id, outcome.device_id)
            at_us = instant_us(outcome.ts)
            if isinstance(outcome, Failure):
                mark = Mark(at_us, "failure", outcome.mode, outcome.outcome_id)
            else:
                mark = Mark(at_us, "repair", "", outcome.outcome_id)
            bisect.insort(self._marks.setdefault(changed, []), mark)
        return changed

    def named(self, home_id: str) -> set[DeviceKey]:
        """The devices of a home of which there are outcomes. Looks at every outcome."""
        told = (o for o in self._by_id.values() if not isinstance(o, Retraction) and o.home_id == home_id)
        return {(o.home_id, o.device_id) for o in told}

    def forget(self, keys: Collection[DeviceKey]) -> None:
        """Forget all outcomes of some devices, and their retractions, as if they had never come.

        Looks at every outcome: about 0.1 s for a million of them.
        """
        gone = {
            known_id
            for known_id, o in self._by_id.items()
            if not isinstance(o, Retraction) and (o.home_id, o.device_id) in keys
        }
        if gone:
            gone |= {o.outcome_id for o in self._by_id.values() if isinstance(o, Retraction) and o.retracts in gone}
            self._by_id = {known_id: o for known_id, o in self._by_id.items() if known_id not in gone}
            self._void = {void_id: o for void_id, o in self._void.items() if o.outcome_id not in gone}
        for key in keys:
            self._marks.pop(key, None)

    def _voided_early(self, outcome: Failure | Repair) -> bool:
        """Whether a correction came before the outcome. One of another device is none: it cannot have been meant."""
        correction = self._void.get(outcome.outcome_id)
        if correction is None or isinstance(correction, Retraction):
            return correction is not None
        return (correction.home_id, correction.device_id) == (outcome.home_id, outcome.device_id)


def _target(outcome: Outcome) -> tuple[str, str | None]:
    """The field of an outcome that names another, and that other's id."""
    if isinstance(outcome, Retraction):
        return "retracts", outcome.retracts
    return "supersedes", None if outcome.supersedes is UNSET else outcome.supersedes
