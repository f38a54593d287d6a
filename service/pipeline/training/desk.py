"""The desk: takes wishes for new checkpoints, has them trained one after the other, makes events of what comes back."""

import itertools
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from service.contracts.checkpoints import Present, Progress, Target, TrainingOrder, TrainingReport, TrainingResult
from service.contracts.errors import BadModel, Busy
from service.contracts.events import Act, CheckpointPublished, RolledBack, TrainingEnded
from service.contracts.jobs import JobDetail, JobState, JobTarget
from service.models.committee import CHECKPOINT
from service.pipeline.instants import utc
from service.pipeline.learning.config import LearnSettings
from service.pipeline.publication import TrainingDue
from service.pipeline.scoring.ingest import Ingest
from service.pipeline.training.link import TrainerLink
from service.pipeline.training.shelf import Shelf
from service.pipeline.versions import GLOBAL

_LOG = logging.getLogger("hearthbeat.training")
_REMEMBERED = 200
_WAITING = 16

SERVICE = "service"
"""Who acts where the service does it by itself."""

SCHEDULE = "schedule"
"""Who asks for a training that is due."""


class Trainings(Struct, frozen=True, kw_only=True):
    """What every order says.

    Attributes:
        examples: Path of the training store.
        window: Newest matured examples of each home type that count.
        learn: The settings of learning.
    """

    examples: str
    window: int
    learn: LearnSettings


class _Job:
    def __init__(self, name: str, home_types: Sequence[str | None], by: str, why: str, asked_us: int) -> None:
        self.name, self.by, self.why = name, by, why
        self.asked_us = asked_us
        self.started_us: int | None = None
        self.ended_us: int | None = None
        self.targets = {home_type: JobTarget(home_type=home_type) for home_type in home_types}

    def detail(self) -> JobDetail:
        states = [target.state for target in self.targets.values()]
        state: JobState = "waiting" if self.started_us is None else "running"
        if self.ended_us is not None:
            state = "failed" if all(each == "failed" for each in states) else "done"
        return JobDetail(
            job=self.name,
            state=state,
            by=self.by,
            why=self.why,
            asked_at=utc(self.asked_us),
            started_at=_instant(self.started_us),
            ended_at=_instant(self.ended_us),
            targets=list(self.targets.values()),
        )


class Desk:
    """Trainings that wait, run and have ended.

    Args:
        ingest: Whose fleet is trained for.
        link: The trainer.
        shelf: Where checkpoints lie.
        orders: What every order says.
        clock: Microseconds since the epoch.
    """

    def __init__(
        self, *, ingest: Ingest, link: TrainerLink, shelf: Shelf, orders: Trainings, clock: Callable[[], int]
    ) -> None:
        self._ingest = ingest
        self._link = link
        self._shelf = shelf
        self._orders = orders
        self._clock = clock
        self._numbers = itertools.count(1)
        self._waiting: deque[_Job] = deque()
        self._jobs: deque[_Job] = deque(maxlen=_REMEMBERED)
        self._working = threading.Lock()

    def ask(self, home_types: Sequence[str | None], by: str, why: str) -> JobDetail:
        """Put a training in the queue.

        Raises:
            Busy: Too many wait already.
        """
        if len(self._waiting) >= _WAITING:
            raise Busy("too many trainings wait already")
        job = self._new(home_types, by, why)
        self._waiting.append(job)
        return job.detail()

    def jobs(self) -> list[JobDetail]:
        """All trainings remembered, the newest first."""
        return [job.detail() for job in reversed(self._jobs)]

    def job(self, name: str) -> JobDetail | None:
        """One training, or None if it is not remembered."""
        return next((job.detail() for job in self._jobs if job.name == name), None)

    def work(self, due: Sequence[TrainingDue], submit: Callable[[Act], None]) -> None:
        """Carry out what waits and what is due; ``submit`` is given the events, in order, each as soon as it is known.

        One call at a time works; others wait for it.
        """
        with self._working:
            while self._waiting:
                self._carry_out(self._waiting.popleft(), submit)
            if due:
                why = "; ".join(sorted({each.why for each in due}))
                self._carry_out(self._new([each.home_type for each in due], SCHEDULE, why), submit)
            self._link.rest()

    def recover(self) -> list[str]:
        """Load every version that serves, after a start. A damaged one makes place for the version before it.

        Returns:
            What is damaged, in sentences.
        """
        ails: list[str] = []
        versions = self._ingest.fleet.versions
        for key in sorted(versions.of):
            home_type = key or None
            while (serving := versions.own(home_type)) is not None:
                try:
                    self._shelf.fetch(serving.file, serving.sha256)
                    break
                except BadModel as error:
                    before = versions.previous(home_type)
                    ails.append(
                        f"version {serving.number} of {home_type or 'the global checkpoint'} is damaged: {error}"
                    )
                    _LOG.warning("%s", ails[-1])
                    act = RolledBack(
                        received_us=self._clock(),
                        home_type=home_type,
                        version=before.number if before is not None else 0,
                        by=SERVICE,
                        why=ails[-1],
                    )
                    self._ingest.submit(act).result()
        return ails

    def stop(self) -> None:
        """End a training that runs."""
        self._link.stop()

    def _new(self, home_types: Sequence[str | None], by: str, why: str) -> _Job:
        now_us = self._clock()
        job = _Job(f"training-{now_us // 1_000_000}-{next(self._numbers)}", home_types, by, why, now_us)
        self._jobs.append(job)
        return job

    def _carry_out(self, job: _Job, submit: Callable[[Act], None]) -> None:
        job.started_us = self._clock()
        report = self._link.train(self._order(job), lambda progress: _advance(job, progress))
        by_home_type = {result.home_type: result for result in report.results}
        for home_type in job.targets:
            result = by_home_type.get(home_type)
            event = self._failed(job, home_type, report) if result is None else self._event(job, result)
            outcome = "published" if isinstance(event, CheckpointPublished) else event.outcome
            job.targets[home_type] = JobTarget(
                home_type=home_type, state=outcome, progress=1.0, version=event.version or None, reason=event.why
            )
            _LOG.info("training of %s: %s, %s", home_type or "the global checkpoint", outcome, event.why)
            submit(event)
        job.ended_us = self._clock()

    def _order(self, job: _Job) -> TrainingOrder:
        orders = self._orders
        with self._ingest.lock:
            fleet, up_to_seq = self._ingest.fleet, self._ingest.panel.learned_seq
            layouts = {name: list(state.windows.layout.columns) for name, state in fleet.home_types.items()}
            targets = []
            for home_type in job.targets:
                serving = fleet.versions.serving(home_type or GLOBAL) or fleet.versions.baseline
                present = (
                    None
                    if serving is None
                    else Present(
                        file=serving.file,
                        sha256=serving.sha256,
                        shift=serving.shift,
                        trained_to_seq=serving.trained_to_seq,
                    )
                )
                number = fleet.versions.next_number(home_type)
                versions = fleet.versions
                must_win = home_type is not None and versions.own(home_type) is None and serving is versions.own(None)
                targets.append(Target(home_type=home_type, number=number, present=present, must_win=must_win))
        return TrainingOrder(
            examples=orders.examples,
            models=str(self._shelf.folder),
            up_to_seq=up_to_seq,
            targets=targets,
            layouts=layouts,
            horizon_us=orders.learn.horizon_us,
            grace_us=orders.learn.grace_us,
            seed=orders.learn.seed,
            window=orders.window,
            min_positives=orders.learn.min_positives,
            created_us=job.started_us or 0,
        )

    def _event(self, job: _Job, result: TrainingResult) -> CheckpointPublished | TrainingEnded:
        """What a result means for the log. A checkpoint is loaded before it is published."""
        if result.outcome == "published" and result.file is not None and result.sha256 is not None:
            try:
                self._shelf.fetch(result.file, result.sha256)
            except BadModel as error:
                return self._ended(job, result.home_type, "failed", str(error))
            return CheckpointPublished(
                received_us=self._clock(),
                member=CHECKPOINT,
                version=result.number,
                home_type=result.home_type,
                metrics=result.metrics,
                shift=result.shift,
                file=result.file,
                sha256=result.sha256,
                trained_to_seq=result.seq_last,
                job=job.name,
                by=job.by,
                why=f"{job.why}: {result.reason}" if result.reason else job.why,
            )
        if result.outcome == "rejected" and result.file is not None and result.sha256 is not None:
            ended = self._ended(job, result.home_type, "rejected", result.reason)
            return replace(
                ended,
                version=result.number,
                file=result.file,
                sha256=result.sha256,
                metrics=result.metrics,
                shift=result.shift,
                trained_to_seq=result.seq_last,
            )
        outcome: Literal["too_few", "failed"] = "too_few" if result.outcome == "too_few" else "failed"
        return self._ended(job, result.home_type, outcome, result.reason)

    def _failed(self, job: _Job, home_type: str | None, report: TrainingReport) -> TrainingEnded:
        return self._ended(job, home_type, "failed", report.fault or "the trainer gave no result")

    def _ended(
        self, job: _Job, home_type: str | None, outcome: Literal["rejected", "too_few", "failed"], why: str
    ) -> TrainingEnded:
        return TrainingEnded(
            received_us=self._clock(), job=job.name, home_type=home_type, outcome=outcome, by=job.by, why=why
        )


def _advance(job: _Job, progress: Progress) -> None:
    target = job.targets.get(progress.home_type)
    if target is not None:
        job.targets[progress.home_type] = replace(
            target, state="running", stage=progress.stage, progress=progress.share
        )


def _instant(us: int | None) -> datetime | None:
    return None if us is None else utc(us)
