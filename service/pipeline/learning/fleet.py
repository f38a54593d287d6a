"""What the learner keeps of the fleet as a whole."""

from service.evaluation.alarm import LossWatch
from service.labels.sampling import Sampler
from service.labels.silence import LabelSilence
from service.models.committee import GLOBAL_MEMBERS, PRIOR, Scales
from service.models.online import OnlineModel
from service.models.online_modes import OnlineModes
from service.models.stacking import Stacking, expected
from service.pipeline.learning.calibration import fleet_calibration
from service.pipeline.learning.config import LearnSettings
from service.pipeline.learning.due import Due
from service.pipeline.versions import Versions


class Fleet:
    """The global members, their sampling, losses over all home types, failure modes, and whether outcomes still come.

    Args:
        settings: For horizon and seed.
    """

    def __init__(self, settings: LearnSettings) -> None:
        self.sampler = Sampler(seed=settings.seed)
        self.scales = Scales()
        self.stacking = Stacking(expected(), settings.horizon_us)
        self.calibration = fleet_calibration()
        self.watch = LossWatch(settings.horizon_us, PRIOR)
        self.silence = LabelSilence(settings.horizon_us)
        self.modes = OnlineModes()
        self.metrics: set[str] = set()
        self.pending: dict[str, int] = {}  # examples that wait for their labels, by home type: those of a horizon
        self.versions = Versions()
        self.due = Due()
        self.models = {
            member: OnlineModel(kind, settings.seed + place)
            for place, (member, kind) in enumerate(GLOBAL_MEMBERS.items())
        }
