"""Versions: which checkpoints there are, what serves where, and what an operator has decided.

A fold of the log that scorer and learner both keep, so that a rollback is in the next answer and the learner's weights
are about the same models.
"""

from typing import Final, Literal

from msgspec import Struct

from service.contracts.events import (
    CheckpointImported,
    CheckpointPublished,
    Event,
    LearnerStood,
    Pinned,
    RolledBack,
    TrainingEnded,
)
from service.models.committee import BASELINE

GLOBAL: Final = ""
"""Where the global checkpoint's versions stand among those of the home types."""

KEPT: Final = 20
"""Versions remembered of each home type; the oldest that do not serve are forgotten, and their files removed."""

BASELINE_NUMBER: Final = 1

State = Literal["candidate", "serving", "archived", "rejected"]


class Version(Struct, kw_only=True):
    """One trained checkpoint.

    Attributes:
        number: Its number among those of its home type; 1 is the baseline's.
        state: Whether it serves, has served, was refused by the gate, or was brought in and has not served yet.
        since_us: Since when, in microseconds since the epoch.
        made_us: When it came into being here.
        file, sha256: Where it lies in the model folder, and the digest of that.
        shift: By how much leaving negatives out raised its log odds.
        metrics: The metrics it was trained on.
        trained_to_seq: No example that matured at a later event was trained on.
        trained_to_us: Instant of the newest example that was, in microseconds.
        by, why: Who brought it into its state, and what for.
    """

    number: int
    state: State
    since_us: int
    made_us: int = 0
    file: str
    sha256: str
    shift: float
    metrics: list[str]
    trained_to_seq: int = 0
    trained_to_us: int = 0
    by: str = ""
    why: str = ""


class Versions(Struct, kw_only=True):
    """All versions and decisions at a sequence number.

    Attributes:
        of: Versions by home type (`GLOBAL`: global ones), oldest first.
        given: The last number given, by home type.
        pins: An operator's choices of a member, by home type.
        stale: Why the learner counts as stale, or None.
        baseline: The baseline, if there is one.
    """

    of: dict[str, list[Version]] = {}
    given: dict[str, int] = {}
    pins: dict[str, Pinned] = {}
    stale: str | None = None
    baseline: CheckpointPublished | None = None

    def apply(self, event: Event) -> bool:
        """Fold one event; whether it was one of these."""
        if isinstance(event, CheckpointPublished):
            if event.member == BASELINE:
                self.baseline = event
            else:
                self._publish(event)
        elif isinstance(event, CheckpointImported):
            self._enter(event.home_type, _version(event, "candidate"))
        elif isinstance(event, TrainingEnded):
            if event.outcome == "rejected":
                self._enter(event.home_type, _version(event, "rejected"))
        elif isinstance(event, RolledBack):
            self._roll_back(event)
        elif isinstance(event, Pinned):
            if event.member is None:
                self.pins.pop(event.home_type, None)
            else:
                self.pins[event.home_type] = event
        elif isinstance(event, LearnerStood):
            self.stale = event.why if event.stale else None
        else:
            return False
        return True

    def next_number(self, home_type: str | None) -> int:
        """The number that the next version will have."""
        return self.given.get(home_type or GLOBAL, BASELINE_NUMBER) + 1

    def find(self, home_type: str | None, number: int) -> Version | None:
        """One version, or None if there is none (any more)."""
        return next((v for v in self.of.get(home_type or GLOBAL, ()) if v.number == number), None)

    def own(self, home_type: str | None) -> Version | None:
        """The version that serves a home type as its own, or the global one."""
        return next((v for v in self.of.get(home_type or GLOBAL, ()) if v.state == "serving"), None)

    def serving(self, home_type: str) -> Version | None:
        """What serves a home type: its own version, else the global one."""
        return self.own(home_type) or self.own(None)

    def previous(self, home_type: str | None) -> Version | None:
        """The newest version older than the one that serves which has served, too."""
        present = self.own(home_type)
        served = [v for v in self.of.get(home_type or GLOBAL, ()) if v.state == "archived"]
        older = [v for v in served if present is None or v.number < present.number]
        return max(older, key=lambda v: v.number, default=None)

    def files(self) -> set[str]:
        """Files of all versions that are remembered, and of the baseline."""
        files = {version.file for versions in self.of.values() for version in versions}
        return files if self.baseline is None else files | {self.baseline.file}

    def in_force(self) -> set[str]:
        """Digests of all versions that serve."""
        return {v.sha256 for versions in self.of.values() for v in versions if v.state == "serving"}

    def _publish(self, event: CheckpointPublished) -> None:
        self._archive(event.home_type, event.received_us)
        self._enter(event.home_type, _version(event, "serving"))

    def _roll_back(self, event: RolledBack) -> None:
        chosen = self.find(event.home_type, event.version)
        if chosen is None and event.version:
            return
        self._archive(event.home_type, event.received_us)
        if chosen is not None:
            chosen.state, chosen.since_us, chosen.by, chosen.why = "serving", event.received_us, event.by, event.why

    def _archive(self, home_type: str | None, at_us: int) -> None:
        present = self.own(home_type)
        if present is not None:
            present.state, present.since_us = "archived", at_us

    def _enter(self, home_type: str | None, version: Version) -> None:
        key = home_type or GLOBAL
        versions = self.of.setdefault(key, [])
        # A number that comes twice: the newer one has taken the place of the older one's file.
        versions[:] = [v for v in versions if v.number != version.number] + [version]
        self.given[key] = max(self.given.get(key, BASELINE_NUMBER), version.number)
        if len(versions) > KEPT:
            versions.remove(next(v for v in versions if v.state != "serving"))


def _version(event: CheckpointPublished | CheckpointImported | TrainingEnded, state: State) -> Version:
    return Version(
        number=event.version,
        state=state,
        since_us=event.received_us,
        made_us=event.received_us,
        file=event.file,
        sha256=event.sha256,
        shift=event.shift,
        metrics=event.metrics,
        trained_to_seq=event.trained_to_seq,
        trained_to_us=event.trained_to_us,
        by=event.by,
        why=event.why,
    )
