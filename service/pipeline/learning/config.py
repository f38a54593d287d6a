"""What the learner's process is told at its start. Apart from it, so that the service can say it without River."""

from msgspec import Struct

from service.settings import Settings


class LearnSettings(Struct, frozen=True, kw_only=True):
    """What the fold depends on besides the log. Durations in microseconds.

    Attributes:
        horizon_us, grace_us, lateness_us, slot_us: Rules of time and labels.
        seed: Seed of models and sampling.
        train_every_us: Event time after which a checkpoint is trained anew; 0 is never.
        train_examples: Matured examples after which it is.
        on_drift: What a drift does besides being told: any of ``warn``, ``train``, ``bench``, ``reset``.
        min_positives: Positives that have to be learned before a home type, or the fleet, gets a checkpoint.
    """

    horizon_us: int
    grace_us: int
    lateness_us: int
    slot_us: int
    seed: int
    train_every_us: int = 86_400_000_000
    train_examples: int = 200_000
    min_positives: int = 1_000
    on_drift: tuple[str, ...] = ("train", "bench")


class LearnerConfig(Struct, frozen=True, kw_only=True):
    """The first frame the learner is sent."""

    folder: str
    snapshot_every_s: float
    training_window: int
    lockstep: bool
    settings: LearnSettings


def learner_config(settings: Settings) -> LearnerConfig:
    """What the learner's process is told of the settings."""
    return LearnerConfig(
        folder=str(settings.folder),
        snapshot_every_s=settings.snapshot_every_s,
        training_window=settings.training_window,
        lockstep=settings.lockstep,
        settings=LearnSettings(
            horizon_us=settings.horizon_us,
            grace_us=settings.grace_us,
            lateness_us=settings.lateness_us,
            slot_us=settings.slot_us,
            seed=settings.seed,
            train_every_us=settings.train_every_us,
            train_examples=settings.train_examples,
            min_positives=settings.min_positives,
            on_drift=settings.drift_policy,
        ),
    )
