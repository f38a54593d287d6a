"""Trainings as the API shows them."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

JobState = Literal["waiting", "running", "done", "failed"]
TargetState = Literal["waiting", "running", "published", "rejected", "too_few", "failed"]


class JobTarget(Struct, frozen=True, kw_only=True):
    """One checkpoint that a training is about.

    Attributes:
        home_type: Of which home type, None for the global one.
        state: Where it stands.
        stage: What is being done while it is ``running``.
        progress: Share of its work that is done.
        version: Number of the version that came of it, published or rejected.
        reason: Why it ended as it did.
    """

    home_type: str | None
    state: TargetState = "waiting"
    stage: str | None = None
    progress: float = 0.0
    version: int | None = None
    reason: str | None = None


class JobDetail(Struct, frozen=True, kw_only=True):
    """A training.

    Attributes:
        job: Its name.
        state: Where it stands; ``failed`` if all its targets failed.
        by, why: Who asked for it, and what for.
        asked_at, started_at, ended_at: When.
        targets: The checkpoints it is about.
    """

    job: str
    state: JobState
    by: str
    why: str
    asked_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    targets: list[JobTarget]


class JobList(Struct, frozen=True, kw_only=True):
    """Trainings since the service was started, the newest first; the log keeps what came of the others."""

    jobs: list[JobDetail]
