"""A training at the desk: what was asked for, and how far each of its checkpoints has come."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from service.contracts.checkpoints import Progress
from service.contracts.jobs import JobDetail, JobState, JobTarget
from service.pipeline.instants import utc


class Training:
    """One training.

    Args:
        name: Its name.
        home_types: Of which home types checkpoints are trained; None is the global one.
        by, why: Who asked for it, and what for.
        asked_us: When, in microseconds since the epoch.
    """

    def __init__(self, name: str, home_types: Sequence[str | None], by: str, why: str, asked_us: int) -> None:
        self.name, self.by, self.why = name, by, why
        self.asked_us = asked_us
        self.started_us: int | None = None
        self.ended_us: int | None = None
        self.targets = {home_type: JobTarget(home_type=home_type) for home_type in home_types}

    def advance(self, progress: Progress) -> None:
        """Note how far a checkpoint is."""
        target = self.targets.get(progress.home_type)
        if target is not None:
            self.targets[progress.home_type] = replace(
                target, state="running", stage=progress.stage, progress=progress.share
            )

    def detail(self) -> JobDetail:
        """As the API shows it."""
        targets = list(self.targets.values())
        state: JobState = "waiting" if self.started_us is None else "running"
        if self.ended_us is not None:
            state = "failed" if all(target.state == "failed" for target in targets) else "done"
        return JobDetail(
            job=self.name,
            state=state,
            by=self.by,
            why=self.why,
            asked_at=utc(self.asked_us),
            started_at=_instant(self.started_us),
            ended_at=_instant(self.ended_us),
            targets=targets,
        )


def _instant(us: int | None) -> datetime | None:
    return None if us is None else utc(us)
