"""What may wait before the scorer, and what of it is folded together."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from msgspec import Struct

from service.contracts.events import Act, Advanced
from service.contracts.forgetting import Erased
from service.contracts.outcomes import Outcome
from service.contracts.ports import LogRecord
from service.pipeline.scoring.intake.arrivals import ReadingsJob
from service.pipeline.scoring.intake.forgetting import ForgetJob


class OutcomesJob(Struct, frozen=True, kw_only=True):
    """Outcomes of one request, to be committed together."""

    outcomes: Sequence[Outcome]
    received_us: int


class TrainingsJob(Struct, frozen=True):
    """In lock-step mode: carry out the trainings that wait. The answer is None, and comes when they have ended."""


class RewriteJob(Struct, frozen=True):
    """Put other blobs in the place of events; see `EventLog.rewrite`. The answer is None, or OSError. May be empty."""

    records: Sequence[LogRecord]


Job = ReadingsJob | OutcomesJob | ForgetJob | Advanced | Act | Erased | TrainingsJob | RewriteJob
R = TypeVar("R")


def weight(job: Job) -> int:
    """For how many it counts in the waiting room."""
    return len(job.readings) if isinstance(job, ReadingsJob) else 1


def runs(jobs: Sequence[tuple[Job, R]]) -> Iterator[list[tuple[Job, R]]]:
    """Requests with readings that follow each other; others alone."""
    run: list[tuple[Job, R]] = []
    for job, reply in jobs:
        if isinstance(job, ReadingsJob):
            run.append((job, reply))
            continue
        if run:
            yield run
            run = []
        yield [(job, reply)]
    if run:
        yield run
