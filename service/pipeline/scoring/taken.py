"""What was taken in since the start, counted request by request once it is durable."""

from collections.abc import Sequence
from typing import Any

from service.contracts.predictions import Receipt
from service.contracts.status import Taken
from service.pipeline.scoring.intake.arrivals import ReadingsJob
from service.pipeline.scoring.requests import Job, OutcomesJob


class TakenIn:
    """Sums of receipts. The thread of `Ingest` adds, others ask."""

    def __init__(self) -> None:
        self._readings = [0, 0, 0, 0]
        self._outcomes = [0, 0, 0, 0]

    def add(self, job: Job, receipt: Any) -> None:
        """A request was answered with this receipt."""
        if isinstance(job, ReadingsJob):
            _add(self._readings, receipt)
        elif isinstance(job, OutcomesJob):
            _add(self._outcomes, receipt)

    def readings(self) -> Taken:
        """Of all requests with readings."""
        return _taken(self._readings)

    def outcomes(self) -> Taken:
        """Of all requests with outcomes."""
        return _taken(self._outcomes)


def _add(sums: list[int], receipt: Receipt) -> None:
    sums[0] += receipt.accepted
    sums[1] += receipt.duplicate
    sums[2] += receipt.late
    sums[3] += receipt.refused


def _taken(sums: Sequence[int]) -> Taken:
    accepted, duplicate, late, refused = sums
    return Taken(accepted=accepted, duplicate=duplicate, late=late, refused=refused)
