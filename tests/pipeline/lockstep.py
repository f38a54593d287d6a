"""Both folds in lock-step over a log in memory, and a few devices that are read hour by hour."""

import contextlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import numpy as np

from service.contracts.errors import NotKnown
from service.contracts.events import Advanced, Event, encode_event
from service.contracts.forgetting import Forget
from service.contracts.journal import JournalRecord
from service.contracts.outcomes import Outcome
from service.contracts.predictions import Receipt
from service.contracts.readings import Reading
from service.contracts.standing import LabelCounts
from service.labels.book import instant_us
from service.pipeline.learning.config import LearnSettings
from service.pipeline.learning.learn import LearnerFold
from service.pipeline.publication import Member
from service.pipeline.records import decode_record
from service.pipeline.scoring.intake.forgetting import ForgetJob, forgotten_of
from service.pipeline.scoring.intake.outcomes import take_outcomes
from service.pipeline.scoring.intake.readings import take_readings
from service.pipeline.scoring.score import Panel
from service.storage.memory import MemoryEventLog, MemoryExampleStore
from tests.pipeline.streams import LIMITS, NOW_US, SETTINGS, START, empty_fleet


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


def reading(device: str, ts: datetime, *, home_type: str = "condo", temperature_c: float = 20.0) -> Reading:
    return Reading(
        home_id=f"home-{home_type}",
        device_id=device,
        home_type=home_type,
        device_type="sensor",
        ts=ts,
        metrics={"temperature_c": temperature_c},
    )


class LockStep:
    """Whatever is sent is logged and learned before the next is scored."""

    def __init__(self, settings: LearnSettings = SETTINGS) -> None:
        self.settings = settings
        self.log, self.store = MemoryEventLog(), MemoryExampleStore()
        self.fold = LearnerFold(settings, self.log, self.store)
        self.fleet, self.panel = empty_fleet(), Panel()

    def read(self, readings: Sequence[Reading]) -> Receipt:
        """Send readings; the receipt holds their risks."""
        event, receipt = take_readings(
            readings, NOW_US, self.log.last_seq() + 1, self.fleet, self.panel, LIMITS, risks=True
        )
        self._put(event)
        return receipt

    def tell(self, *outcomes: Outcome) -> Receipt:
        """Send outcomes."""
        event, receipt = take_outcomes(outcomes, NOW_US, self.log.last_seq() + 1, self.fleet)
        self._put(event)
        return receipt

    def advance(self, to: datetime, home_type: str | None = None) -> None:
        """Declare that event time has reached an instant."""
        self._put(Advanced(received_us=NOW_US, to_us=instant_us(to), home_type=home_type))

    def forget(self, home_id: str, device_id: str | None = None) -> None:
        """Forget a home, or a device of it, if it is known."""
        wish = Forget(home_id=home_id, device_id=device_id, by="ada", why="they left")
        with contextlib.suppress(NotKnown):
            event = forgotten_of(ForgetJob(wish=wish, received_us=NOW_US), self.fleet)
            self.fleet.apply(self.log.last_seq() + 1, event)
            self._put(event)

    def live(self, hours: Iterable[int], *devices: str, home_type: str = "condo") -> None:
        """Read devices at each of these hours, one request an hour."""
        for hour in hours:
            self.read([reading(device, at(hour), home_type=home_type) for device in devices])

    def counts(self, home_type: str = "condo") -> LabelCounts:
        return self.fold.home_types[home_type].counts()

    def labels(self, device: str, home_type: str = "condo") -> dict[int, int]:
        """The device's final labels by hour, as corrected so far."""
        number = self.fold.home_types[home_type].numbers[f"home-{home_type}", device]
        out: dict[int, int] = {}
        for block in self.store.blocks(home_type):
            columns = (np.frombuffer(block.device, np.int32), np.frombuffer(block.ts, np.int64))
            for of, ts_us, label in zip(*columns, np.frombuffer(block.label, np.int8), strict=True):
                if of == number:
                    out[int(ts_us - instant_us(START)) // 3_600_000_000] = int(label)
        return out

    def act(self, event: Event) -> None:
        """Log an act, which scorer and learner both see."""
        self.fleet.versions.apply(event)
        self.panel.decided(self.fleet.versions)
        self._put(event)

    def journal(self, *kinds: str) -> list[JournalRecord]:
        """What was decided so far, of some kinds or of all."""
        return [record for record in self.store.journal() if not kinds or record.kind in kinds]

    def members(self, home_type: str = "condo") -> dict[str, Member]:
        """The committee as published."""
        return {member.member: member for member in self.panel.standing(home_type).members}

    def replayed(self) -> "LockStep":
        """The same log, folded once more from its beginning."""
        again = LockStep(self.settings)
        again.log, again.fold = self.log, LearnerFold(self.settings, self.log, again.store)
        for record in self.log.read(0, limit=1_000_000, limit_bytes=2**62):
            again.fold.apply(record.seq, decode_record(record))
        return again

    def _put(self, event: Event | None) -> None:
        if event is not None:
            self.log.append([encode_event(event)])
            self.fleet.seq = self.log.last_seq()
            self.fold.apply(self.log.last_seq(), event)
            self.panel.install(self.fold.publication())
