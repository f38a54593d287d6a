"""One home type as the learner keeps it: devices, pending examples, watermark, sampling, losses and its own models."""

from collections.abc import Iterable, Mapping

import numpy as np

from service.contracts.events import ReadingGroup
from service.contracts.standing import LabelCounts
from service.evaluation.alarm import LossWatch
from service.features.layout import Layout
from service.labels.book import DeviceKey
from service.labels.pending import Pending
from service.labels.sampling import Sampler
from service.labels.watermark import NEVER, Watermark
from service.models.committee import HOME_MEMBERS, PRIOR, Scales
from service.models.online import OnlineModel, Row
from service.models.prior import Prior
from service.models.stacking import Stacking, expected
from service.pipeline.learning.calibration import HomeTypeCalibration
from service.pipeline.learning.config import LearnSettings
from service.pipeline.learning.due import Due
from service.pipeline.learning.feature_watch import FeatureWatch


class HomeTypeFold:
    """Everything the learner keeps of one home type."""

    def __init__(self, home_type: str, settings: LearnSettings, number: int) -> None:
        self.home_type = home_type
        self.layout = Layout()
        self.devices: list[DeviceKey] = []
        self.device_type = np.zeros(64, np.int16)
        self.last_seen = np.full(64, NEVER, np.int64)
        self.watermark = Watermark(settings.lateness_us)
        self.pending = Pending(settings.slot_us)
        self.sampler = Sampler(seed=settings.seed)
        self.scales = Scales()
        self.stacking = Stacking(expected(), settings.horizon_us)
        self.prior = Prior()
        self.due = Due()
        self.watch = LossWatch(settings.horizon_us, PRIOR)
        self.features = FeatureWatch(settings.horizon_us, settings.seed)
        self.calibration = HomeTypeCalibration()
        self.weights: dict[str, float] = {}  # when examples matured last
        self.numbers: dict[DeviceKey, int] = {}
        self.censored = self.unreported = self.late_readings = self.late_failures = self.late_positives = 0
        self.modes: dict[str, dict[str, int]] = {}
        self.models = {
            member: OnlineModel(kind, settings.seed + 1000 * (number + 1) + place)
            for place, (member, kind) in enumerate(HOME_MEMBERS.items())
        }

    def register(self, group: ReadingGroup) -> None:
        """Give new devices, metrics and device types their numbers."""
        self.numbers.update((key, number) for number, key in enumerate(group.new_devices, len(self.devices)))
        self.devices.extend(group.new_devices)
        self.layout.extend(group.new_metrics, group.new_device_types)
        if len(self.devices) > len(self.last_seen):
            room = max(len(self.devices), 2 * len(self.last_seen)) - len(self.last_seen)
            self.last_seen = np.append(self.last_seen, np.full(room, NEVER, np.int64))
            self.device_type = np.append(self.device_type, np.zeros(room, np.int16))

    def forget(self, names: Mapping[int, DeviceKey]) -> None:
        """Forget devices: each keeps its number, under another name, and has no pending example any more."""
        for number, alias in names.items():
            self.numbers.pop(self.devices[number], None)
            self.devices[number] = alias
            self.last_seen[number] = NEVER
            self.watermark.forget(number)
        self.pending.drop(names)

    def note_mode(self, device: int, mode: str) -> None:
        """Count a failure mode for the device's type."""
        seen = self.modes.setdefault(self.layout.device_types[self.device_type[device]], {})
        seen[mode] = seen.get(mode, 0) + 1

    def row(self, values: Iterable[float]) -> Row:
        """A feature row as River takes it. A row logged before a column came is shorter; the column is unknown."""
        return {name: v for name, v in zip(self.layout.columns, values, strict=False) if v == v}

    def counts(self) -> LabelCounts:
        """What became of the examples so far."""
        sampler = self.sampler
        return LabelCounts(
            pending=self.pending.count,
            matured=sampler.positives + sampler.negatives + self.censored + self.unreported,
            positive=sampler.positives,
            negative=sampler.negatives,
            censored=self.censored,
            unreported=self.unreported,
            learned=sampler.learned_positives + sampler.learned_negatives,
            positives_learned=sampler.learned_positives,
            negatives_learned=sampler.learned_negatives,
            late_readings=self.late_readings,
            late_failures=self.late_failures,
            late_positives=self.late_positives,
        )
