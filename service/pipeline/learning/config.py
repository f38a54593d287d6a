"""What the learner's process is told at its start. Apart from it, so that the service can say it without River."""

from msgspec import Struct


class LearnSettings(Struct, frozen=True, kw_only=True):
    """What the fold depends on besides the log. Durations in microseconds."""

    horizon_us: int
    grace_us: int
    lateness_us: int
    slot_us: int
    seed: int


class LearnerConfig(Struct, frozen=True, kw_only=True):
    """The first frame the learner is sent."""

    folder: str
    snapshot_every_s: float
    training_window: int
    lockstep: bool
    settings: LearnSettings
