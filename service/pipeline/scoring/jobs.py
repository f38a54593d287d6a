"""What waits before the scorer: requests with readings, with outcomes, and acts; each with who waits for its answer."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from service.contracts.events import Act, Advanced
from service.contracts.outcomes import Outcome
from service.pipeline.scoring.arrivals import ReadingsJob
from service.pipeline.scoring.replies import Reply


class OutcomesJob(Struct, frozen=True, kw_only=True):
    """Outcomes of one request, to be committed together."""

    outcomes: Sequence[Outcome]
    received_us: int


Job = ReadingsJob | OutcomesJob | Advanced | Act
Waiting = tuple[Job, Reply]


def weight(job: Job) -> int:
    """How many readings it brings, or 1."""
    return len(job.readings) if isinstance(job, ReadingsJob) else 1


def runs(jobs: Sequence[Waiting]) -> Iterator[list[Waiting]]:
    """Requests with readings that follow each other; others alone."""
    run: list[Waiting] = []
    for job, future in jobs:
        if isinstance(job, ReadingsJob):
            run.append((job, future))
            continue
        if run:
            yield run
            run = []
        yield [(job, future)]
    if run:
        yield run
