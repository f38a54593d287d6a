"""The desk: takes wishes for new checkpoints, has them trained one after the other, makes events of what comes back."""

import itertools
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from service.contracts.checkpoints import Present, Target, TrainingOrder, TrainingReport, TrainingResult
from service.contracts.errors import BadModel, Busy, HearthbeatError
from service.contracts.events import Act, CheckpointPublished, TrainingAsked, TrainingEnded
from service.contracts.jobs import JobDetail, JobTarget, TargetState
from service.contracts.status import TrainingState
from service.models.committee import CHECKPOINT
from service.pipeline.learning.config import LearnSettings
from service.pipeline.publication import TrainingDue
from service.pipeline.scoring.ingest import Ingest
from service.pipeline.scoring.requests import TrainingsJob
from service.pipeline.training.files import ModelFiles, named
from service.pipeline.training.job import Training
from service.pipeline.training.link import TrainerLink
from service.pipeline.training.numbers import Numbers
from service.pipeline.training.shelf import Shelf
from service.pipeline.versions import GLOBAL
from service.storage.registry import file_name

_LOG = logging.getLogger("hearthbeat.training")
_REMEMBERED, _SHOWN = 200, 5
_WAITING = 16
_PATIENCE_S = 60.0
_AGAIN_S = 0.2

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


class Desk:
    """Trainings that wait, run and have ended.

    Args:
        ingest: Whose fleet is trained for.
        link: The trainer.
        shelf: Where checkpoints lie.
        files: Is told what was published.
        numbers: Of versions in the making.
        orders: What every order says.
        clock: Microseconds since the epoch.
        lockstep: Whether the thread of ``ingest`` carries out all trainings.
    """

    def __init__(
        self,
        *,
        ingest: Ingest,
        link: TrainerLink,
        shelf: Shelf,
        files: ModelFiles,
        numbers: Numbers,
        orders: Trainings,
        clock: Callable[[], int],
        lockstep: bool,
    ) -> None:
        self._ingest = ingest
        self._link = link
        self._shelf = shelf
        self._files = files
        self._given = numbers
        self._lockstep = lockstep
        self._orders = orders
        self._clock = clock
        self._numbers = itertools.count(1)
        self._waiting: deque[Training] = deque()
        self._jobs: deque[Training] = deque(maxlen=_REMEMBERED)
        self._working = threading.Lock()
        self._stopping = threading.Event()
        self._ended_seq = 0
        self._outcomes: dict[str, int] = dict.fromkeys(("published", "rejected", "too_few", "failed"), 0)

    def ask(self, home_types: Sequence[str | None], by: str, why: str) -> JobDetail:
        """Put a training in the queue, once the log knows of the wish. Not to be called by the thread of ``ingest``.

        Raises:
            Busy: Too many wait already.
            Unavailable: The log cannot be written, or the service is stopping.
        """
        if len(self._waiting) >= _WAITING:
            raise Busy("too many trainings wait already")
        job = self._new(home_types, by, why)
        for home_type in home_types:
            asked = TrainingAsked(received_us=job.asked_us, job=job.name, home_type=home_type, by=by, why=why)
            self._ingest.submit(asked).result()
        self._jobs.append(job)
        self._waiting.append(job)
        if self._lockstep:
            self._ingest.submit(TrainingsJob())
        return job.detail()

    def jobs(self) -> list[JobDetail]:
        """All trainings remembered, the newest first."""
        return [job.detail() for job in reversed(list(self._jobs))]

    def state(self) -> TrainingState:
        """How the trainings stand, with the last few."""
        jobs = self.jobs()
        running = any(job.state == "running" for job in jobs)
        return TrainingState(
            ended=dict(self._outcomes), waiting=len(self._waiting), running=running, jobs=jobs[:_SHOWN]
        )

    def job(self, name: str) -> JobDetail | None:
        """One training, or None if it is not remembered."""
        return next((job.detail() for job in list(self._jobs) if job.name == name), None)

    def work(self, due: Sequence[TrainingDue], submit: Callable[[Act], None]) -> None:
        """Carry out what waits and what is due; ``submit`` is given the events, in order, each as soon as it is known.

        One call at a time works; others wait for it.
        """
        with self._working:
            while self._waiting:
                self._carry_out(self._waiting.popleft(), submit)
            # What is due is due as of what the learner has folded; it may not know yet that it was just done.
            if due and self._ingest.panel.learned_seq >= self._ended_seq:
                why = "; ".join(sorted({each.why for each in due}))
                job = self._new([each.home_type for each in due], SCHEDULE, why)
                self._jobs.append(job)
                self._carry_out(job, submit)
            self._link.rest()

    def stop(self) -> None:
        """End a training that runs."""
        self._stopping.set()
        self._link.stop()

    def _new(self, home_types: Sequence[str | None], by: str, why: str) -> Training:
        now_us = self._clock()
        return Training(f"training-{now_us // 1_000_000}-{next(self._numbers)}", home_types, by, why, now_us)

    def _carry_out(self, job: Training, submit: Callable[[Act], None]) -> None:
        """Have one trained, and put down what came of it. Whatever happens, the job ends."""
        job.started_us = self._clock()
        order = self._order(job)
        try:
            report = self._link.train(order, job.advance)
            if report.fault is not None:
                self._shelf.discard_unfinished()
            by_home_type = {result.home_type: result for result in report.results}
            for target in order.targets:
                result = by_home_type.get(target.home_type)
                event = self._failed(job, target.home_type, report) if result is None else self._event(job, result)
                job.targets[target.home_type] = self._settled(target, event, submit)
            self._files.forget()
        finally:
            job.ended_us = self._clock()
            with self._ingest.lock:
                self._ended_seq = self._ingest.fleet.seq
                for target in order.targets:
                    self._given.settle(target.home_type, target.number)

    def _settled(
        self, target: Target, event: CheckpointPublished | TrainingEnded, submit: Callable[[Act], None]
    ) -> JobTarget:
        """Put an event down; the end of its target. A file that no event names is removed."""
        home_type, why = target.home_type, event.why
        state: TargetState = "published" if isinstance(event, CheckpointPublished) else event.outcome
        try:
            self._put(event, submit)
        except HearthbeatError as error:
            state, why = "failed", f"it could not be logged: {error}"
        self._outcomes[state] += 1
        _LOG.info("training of %s: %s, %s", named(home_type), state, why, extra={"outcome": state})
        if state == "published":
            self._files.mended(home_type)
        elif state != "rejected":
            self._shelf.discard(file_name(home_type, target.number))
            return JobTarget(home_type=home_type, state=state, progress=1.0, reason=why)
        return JobTarget(home_type=home_type, state=state, progress=1.0, version=event.version, reason=why)

    def _put(self, event: Act, submit: Callable[[Act], None]) -> None:
        """Submit an event; minutes of work are not thrown away since the queue is full for a moment.

        Raises:
            HearthbeatError: It could not be logged.
        """
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return submit(event)
            except Busy:
                if time.monotonic() > deadline or self._stopping.wait(_AGAIN_S):
                    raise

    def _order(self, job: Training) -> TrainingOrder:
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
                versions = fleet.versions
                number = self._given.take(home_type, versions)
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

    def _event(self, job: Training, result: TrainingResult) -> CheckpointPublished | TrainingEnded:
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
                trained_to_us=result.trained_to_us,
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
                trained_to_us=result.trained_to_us,
            )
        outcome: Literal["too_few", "failed"] = "too_few" if result.outcome == "too_few" else "failed"
        return self._ended(job, result.home_type, outcome, result.reason)

    def _failed(self, job: Training, home_type: str | None, report: TrainingReport) -> TrainingEnded:
        return self._ended(job, home_type, "failed", report.fault or "the trainer gave no result")

    def _ended(
        self, job: Training, home_type: str | None, outcome: Literal["rejected", "too_few", "failed"], why: str
    ) -> TrainingEnded:
        return TrainingEnded(
            received_us=self._clock(), job=job.name, home_type=home_type, outcome=outcome, by=job.by, why=why
        )
