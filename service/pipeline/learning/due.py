"""Due: when a checkpoint has to be trained, as a function of the log.

A year that is replayed in a minute is trained on as often as a year that is lived.
"""

from msgspec import Struct

from service.pipeline.learning.config import LearnSettings
from service.pipeline.publication import TrainingDue


class Due(Struct, kw_only=True):
    """How long a home type, or the fleet, has gone without a training.

    Attributes:
        since_us: Watermark at the last training, or at the first example; None before.
        matured: Examples that have matured since.
        alarm: Why it should be trained at once, or None.
    """

    since_us: int | None = None
    matured: int = 0
    alarm: str | None = None

    def learn(self, matured: int, watermark_us: int) -> None:
        """Examples have matured; event time has come to ``watermark_us``."""
        self.matured += matured
        if self.since_us is None:
            self.since_us = watermark_us

    def settled(self, watermark_us: int) -> None:
        """A training has ended, however."""
        self.since_us, self.matured, self.alarm = watermark_us, 0, None

    def why(self, watermark_us: int, positives: int, settings: LearnSettings) -> str | None:
        """Why a training is due, or None."""
        if self.since_us is None or not self.matured or positives < settings.min_positives:
            return None
        if self.alarm is not None:
            return self.alarm
        if self.matured >= settings.train_examples:
            return f"{self.matured} examples have matured"
        every = settings.train_every_us
        if every and watermark_us // every > self.since_us // every:
            return "its time has come"
        return None


def due_of(
    home_type: str | None, due: Due, watermark_us: int, positives: int, settings: LearnSettings
) -> list[TrainingDue]:
    """The training that is due, if one is."""
    why = due.why(watermark_us, positives, settings)
    return [] if why is None else [TrainingDue(home_type=home_type, why=why)]
