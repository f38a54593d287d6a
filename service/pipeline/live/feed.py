"""The feed: what a listener is told next, from the ring, the log and the journal.

Listeners come and ask; nothing is pushed and nothing is kept for one of them. Who asks seldom is served from the log,
and who asks too seldom is told of a gap.
"""

import threading
from collections import Counter
from collections.abc import Sequence
from itertools import islice

from msgspec.structs import replace

from service.contracts.errors import Busy
from service.contracts.events import ReadingsLogged
from service.contracts.live import Gap, Told
from service.contracts.ports import EventLog, ExampleStore
from service.pipeline.link import LearnerLink
from service.pipeline.live.place import Place
from service.pipeline.live.risks import RiskyEvent, pick, told
from service.pipeline.records import decode_record
from service.pipeline.scoring.fleet import FleetState
from service.pipeline.scoring.ingest import Ingest
from service.pipeline.views.journal_view import entry
from service.storage.starts import Starts

LOG_BACK = 10_000
"""So many events of the log a listener may be behind."""

JOURNAL_BACK = 1_000
"""So many decisions."""

AT_ONCE = 500
_READ_EVENTS, _READ_BYTES = 64, 2_000_000

Item = tuple[Place, Told]
"""What is told, and the place after it."""


class Feed:
    """What all listeners share.

    Args:
        ingest: The scorer's fold, and the newest risky readings.
        link: Knows how far the learner is.
        log: The event log, opened for nobody else: a connection serves one thread at a time.
        examples: Holds the journal.
        most: Listeners there may be at a time.

    Attributes:
        starts: The runs that wrote the log; given before the first listener comes.
        open: How many there are.
        sent: How much was told, by kind of event.
    """

    def __init__(
        self,
        *,
        ingest: Ingest,
        link: LearnerLink,
        log: EventLog,
        examples: ExampleStore,
        most: int,
    ) -> None:
        self.ring = ingest.ring
        self.examples = examples
        self.most = most
        self.starts = Starts()
        self.open = 0
        self.sent: Counter[str] = Counter()
        self._ingest = ingest
        self._link = link
        self._log = log
        self._reading = threading.Lock()

    @property
    def fleet(self) -> FleetState:
        """The scorer's fold as it stands."""
        return self._ingest.fleet

    @property
    def learned_seq(self) -> int:
        """How far the learner is."""
        return self._link.learned_seq

    def enter(self) -> None:
        """Raises `Busy` if there are as many listeners as there may be; else there is one more."""
        if self.open >= self.most:
            raise Busy(f"{self.most} live streams are open already", retry_after_s=10)
        self.open += 1

    def read(self, place: Place, min_risk: float) -> tuple[int, list[RiskyEvent], int]:
        """A stretch of the log from a place on.

        Returns:
            Where it begins, which is later than the place if that is too far back; what is risky in it; the event that
            comes after it.

        Raises:
            OSError, LogDamaged: The log cannot be read.
        """
        with self._reading:
            first = max(self._log.first_seq(), self.ring.next_seq - LOG_BACK)
            begin = place.seq if place.seq >= first else first
            records = self._log.read(begin - 1, limit=_READ_EVENTS, limit_bytes=_READ_BYTES)
        events: list[RiskyEvent] = []
        for record in records:
            event = decode_record(record)
            risky = pick(record.seq, event, min_risk) if isinstance(event, ReadingsLogged) else None
            if risky is not None:
                events.append(risky)
        return begin, events, records[-1].seq + 1 if records else begin

    def size_bytes(self) -> int:
        """Room that the log takes."""
        with self._reading:
            return self._log.size_bytes()

    def first_seq(self) -> int:
        """The oldest event of the log."""
        with self._reading:
            return self._log.first_seq()

    def close(self) -> None:
        """Let go of the log."""
        with self._reading:
            self._log.close()


class Listener:
    """One who listens. All but `behind` may wait for a disk.

    Args:
        feed: What there is to be told.
        place: Where to go on, or None to begin with what comes next.
        min_risk: Risks from here on are told.
        home_type: Tell only of homes of this type, and of the fleet.
    """

    def __init__(self, feed: Feed, place: Place | None, *, min_risk: float, home_type: str | None) -> None:
        self._feed = feed
        self._min_risk = min_risk
        self._home_type = home_type
        self._noted_at = -1
        feed.ring.join(min_risk)
        self._gaps: list[Gap] = []
        self.place = self._begin(place)

    def behind(self) -> bool:
        """Whether there may be something to tell."""
        feed = self._feed
        return bool(self._gaps) or feed.ring.next_seq > self.place.seq or feed.learned_seq != self._noted_at

    def take(self) -> list[Item]:
        """What comes next, at most `AT_ONCE` of it; `place` moves on.

        Raises:
            OSError, LogDamaged: The log cannot be read.
        """
        items: list[Item] = [(self.place, gap) for gap in self._gaps]
        self._gaps = []
        items += self._risks(AT_ONCE)
        items += self._decisions(AT_ONCE - len(items))
        return items

    def close(self) -> None:
        """Listen no longer."""
        self._feed.ring.leave(self._min_risk)

    def _begin(self, place: Place | None) -> Place:
        """Where to begin: not where nothing can be known of any more, or not yet."""
        next_seq, examples, starts = self._feed.ring.next_seq, self._feed.examples, self._feed.starts
        newest_seq, newest = examples.journal_back(0)
        present = Place(seq=next_seq, noted_seq=newest_seq, noted=newest + 1, start=starts.word)
        if place is None:
            return present
        if place.start not in ("", starts.word):
            parted = starts.next_after(place.start)
            if parted is None:
                reason = "this id is from a run of the service that this log knows nothing of: it is another, or older"
                self._gaps.append(Gap(of="log", from_seq=place.seq, to_seq=next_seq - 1, reason=reason))
                return present
            place = self._before(place, parted)
        place = replace(place, start=starts.word)
        if place.seq > next_seq or place.noted_seq > next_seq:
            reason = f"the log ends at event {next_seq - 1}: it is not the one that this id is from, or an older copy"
            self._gaps.append(Gap(of="log", from_seq=place.seq, to_seq=next_seq - 1, reason=reason))
            return present
        back_seq, back = examples.journal_back(JOURNAL_BACK)
        if (place.noted_seq, place.noted) <= (back_seq, back):
            reason = f"only the last {JOURNAL_BACK} decisions are told again"
            self._gaps.append(Gap(of="journal", from_seq=place.noted_seq, to_seq=back_seq, reason=reason))
            place = replace(place, noted_seq=back_seq, noted=back + 1)
        return place

    def _before(self, place: Place, parted: int) -> Place:
        """A place of an earlier run, at most where the next run began: what was told beyond that is not in this log."""
        reason = f"the log was put back to event {parted - 1}; what it holds from there on is told anew"
        if (place.seq, place.row) > (parted, 0):
            self._gaps.append(Gap(of="log", from_seq=parted, to_seq=place.seq - (place.row == 0), reason=reason))
            place = replace(place, seq=parted, row=0)
        if (place.noted_seq, place.noted) > (parted, 0):
            self._gaps.append(Gap(of="journal", from_seq=parted, to_seq=place.noted_seq, reason=reason))
            place = replace(place, noted_seq=parted, noted=0)
        return place

    def _risks(self, most: int) -> list[Item]:
        found = self._feed.ring.since(self.place.seq)
        items: list[Item] = []
        if found is None:
            begin, events, next_seq = self._feed.read(self.place, self._min_risk)
            if begin > self.place.seq:
                reason = f"only the last {LOG_BACK} events are told again, and only those that the log still holds"
                gap = Gap(of="log", from_seq=self.place.seq, to_seq=begin - 1, reason=reason)
                self.place = replace(self.place, seq=begin, row=0)
                items.append((self.place, gap))
        else:
            events, next_seq = found
        fleet = self._feed.fleet
        for event in events:
            row = self.place.row if event.seq == self.place.seq else 0
            risks = told(event, fleet, row, self._min_risk, self._home_type)
            for risk in islice(risks, most - len(items)):
                self.place = replace(self.place, seq=risk.seq, row=risk.row + 1)
                items.append((self.place, risk))
            if len(items) >= most:
                return items
        if next_seq > self.place.seq:
            self.place = replace(self.place, seq=next_seq, row=0)
        return items

    def _decisions(self, most: int) -> list[Item]:
        learned_seq = self._feed.learned_seq
        if most <= 0 or learned_seq == self._noted_at:
            return []
        after = (self.place.noted_seq, self.place.noted - 1)
        records = self._feed.examples.journal(after=after, limit=most)
        items: list[Item] = []
        for record in records:
            self.place = replace(self.place, noted_seq=record.seq, noted=record.place + 1)
            if self._home_type is None or record.home_type in (None, self._home_type):
                items.append((self.place, entry(record)))
        if len(records) < most:
            self._noted_at = learned_seq
        return items


_DRIFTS = frozenset({"member_drift", "feature_drift", "feature_drift_over"})


def kind_of(what: Told) -> str:
    """The kind of event that something told is: ``risk``, ``drift``, ``model`` or ``gap``."""
    if isinstance(what, Gap):
        return "gap"
    kind = getattr(what, "kind", None)
    return "risk" if kind is None else "drift" if kind in _DRIFTS else "model"


def told_kinds() -> Sequence[str]:
    """All that `kind_of` may say."""
    return ("risk", "drift", "model", "gap")
