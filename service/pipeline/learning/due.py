"""Due: when a checkpoint has to be trained, as a function of the log.

A year that is replayed in a minute is trained on as often as a year that is lived.
"""

from msgspec import Struct

from service.pipeline.learning.config import LearnSettings
from service.pipeline.publication import TrainingDue

WINDOW = 240_000
"""Newest matured examples of a home type that a checkpoint is trained on."""

_MOST_PATIENCE = 8
_NEWS = 20  # time alone does not call for a training that hardly anything new would go into: a twentieth has to be


class Due(Struct, kw_only=True):
    """How long a home type, or the fleet, has gone without a training.

    Attributes:
        since_us: Watermark at the last training, or at the first example; None before.
        matured: Examples that have matured since.
        total: Examples that have matured at all.
        alarm: Why it should be trained at once, or None.
        patience: So many times as long is waited as the settings say; it doubles while trainings come to nothing.
    """

    since_us: int | None = None
    matured: int = 0
    total: int = 0
    alarm: str | None = None
    patience: int = 1

    def learn(self, matured: int, watermark_us: int) -> None:
        """Examples have matured; event time has come to ``watermark_us``."""
        self.matured += matured
        self.total += matured
        if self.since_us is None:
            self.since_us = watermark_us

    def settled(self, watermark_us: int, *, in_vain: bool = False) -> None:
        """A training has ended; ``in_vain`` if it will hardly go otherwise the next time."""
        self.since_us, self.matured, self.alarm = watermark_us, 0, None
        self.patience = min(2 * self.patience, _MOST_PATIENCE) if in_vain else 1

    def why(self, watermark_us: int, positives: int, settings: LearnSettings) -> str | None:
        """Why a training is due, or None."""
        if self.since_us is None or not self.matured or positives < settings.min_positives:
            return None
        if self.alarm is not None:
            return self.alarm
        if self.matured >= settings.train_examples * self.patience:
            return f"{self.matured} examples have matured"
        every = settings.train_every_us
        new = _NEWS * self.matured >= min(self.total, WINDOW)
        if every and new and watermark_us // every >= self.since_us // every + self.patience:
            return "its time has come"
        return None


def due_of(
    home_type: str | None, due: Due, watermark_us: int, positives: int, settings: LearnSettings
) -> list[TrainingDue]:
    """The training that is due, if one is."""
    why = due.why(watermark_us, positives, settings)
    return [] if why is None else [TrainingDue(home_type=home_type, why=why)]
