"""What a service that was never interrupted would have come to: the log folded once more, in this process."""

import msgspec

from benchmarks.crash.check import LogReader, events
from service.contracts.events import ReadingsLogged
from service.contracts.ports import EventLog
from service.contracts.predictions import DeviceDetail
from service.contracts.standing import Evaluation, HomeTypeDetail
from service.pipeline.digest import fold_digest
from service.pipeline.learning.config import LearnSettings
from service.pipeline.learning.learn import LearnerFold
from service.pipeline.scoring.fleet import FleetState
from service.pipeline.scoring.intake.arrivals import Limits
from service.pipeline.scoring.intake.readings import take_readings
from service.pipeline.scoring.score import Panel
from service.pipeline.views.device_views import DeviceViews
from service.pipeline.views.home_type_views import HomeTypeViews, evaluate, live_quality
from service.settings import Settings
from service.storage.memory import MemoryExampleStore


def learn_settings(settings: Settings) -> LearnSettings:
    """What the service tells its learner."""
    return LearnSettings(
        horizon_us=settings.horizon_us,
        grace_us=settings.grace_us,
        lateness_us=settings.lateness_us,
        slot_us=settings.slot_us,
        seed=settings.seed,
    )


class Uninterrupted:
    """Both folds of a log, from its beginning to its end, and the answers that follow from them.

    Args:
        log: Of a service that has stopped.
        settings: Its settings. In lock-step every reading is scored once more, with what had been learned before it.

    Attributes:
        examples: The matured examples.
        differing: Events whose risks are not those logged; only in lock-step, where they follow from the log.
    """

    def __init__(self, log: EventLog, settings: Settings) -> None:
        self.examples = MemoryExampleStore()
        self.differing: list[str] = []
        self._log = log
        self._settings = settings
        self._limits = Limits(
            max_metrics=settings.max_metrics,
            max_device_types=settings.max_device_types,
            max_home_types=settings.max_home_types,
            max_devices=settings.max_devices,
            alert_risk=settings.alert_risk,
        )
        self._fleet = FleetState(horizon_us=settings.horizon_us, slot_us=settings.slot_us)
        self._fold = LearnerFold(learn_settings(settings), log, self.examples)
        self._panel = Panel()
        if settings.lockstep:
            self._fold_in_lockstep()
        else:
            for seq, event in events(log):
                self._fleet.apply(seq, event)
                self._fold.apply(seq, event)
            self._panel.install(self._fold.publication())

    def _fold_in_lockstep(self) -> None:
        """Fold with a publication after every event, as the service has it when it waits for its learner."""
        again = FleetState(horizon_us=self._settings.horizon_us, slot_us=self._settings.slot_us)
        reader = LogReader()
        for seq, event in events(self._log):
            if isinstance(event, ReadingsLogged):
                readings = reader.readings(event)
                scored, _ = take_readings(readings, event.received_us, seq, again, self._panel, self._limits)
                again.seq = seq
                if scored is None or _risks(scored) != _risks(event):
                    self.differing.append(f"risks of event {seq}")
            else:
                again.apply(seq, event)
            self._fleet.apply(seq, event)
            self._fold.apply(seq, event)
            self._panel.install(self._fold.publication())

    def digests(self) -> dict[str, str]:
        """Of the learner's fold."""
        return fold_digest(self._fold)

    def devices(self) -> dict[tuple[str, str], DeviceDetail]:
        """All devices by home and name."""
        views = DeviceViews(self._fleet, self._panel, self._log, self._limits)
        return {key: views.device(*key) for key in self._fleet.place}

    def home_types(self) -> dict[str, HomeTypeDetail]:
        """All home types by name."""
        views, seq = HomeTypeViews(self._fleet, self._panel, self._settings.grace_us), self._fold.seq
        return {name: views.detail(name, live_quality(self.examples, name, seq)) for name in views.names()}

    def evaluation(self, home_type: str | None) -> Evaluation:
        """The evaluation of a home type, or of all."""
        weights = HomeTypeViews(self._fleet, self._panel, self._settings.grace_us).weights(home_type)
        return evaluate(self.examples, home_type, self._fold.seq, weights)


def _risks(event: ReadingsLogged) -> bytes:
    """All risks and weights of an event, bit by bit."""
    return msgspec.msgpack.encode(
        [(group.home_type, group.ts, group.risk, group.member_risk, group.votes) for group in event.groups]
    )
