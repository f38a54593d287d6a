"""Intake of what is folded alone: outcomes, an operator's acts and wishes, publications, and work on the log itself."""

from typing import Any

from service.contracts.errors import NotKnown
from service.contracts.events import Advanced, Event
from service.contracts.forgetting import ForgetReceipt
from service.contracts.ports import EventLog
from service.contracts.standing import AdvanceReceipt
from service.pipeline.scoring.fleet import FleetState
from service.pipeline.scoring.intake.arrivals import ReadingsJob
from service.pipeline.scoring.intake.forgetting import ForgetJob, forgotten_of
from service.pipeline.scoring.intake.outcomes import take_outcomes
from service.pipeline.scoring.requests import Job, OutcomesJob, RewriteJob, TrainingsJob
from service.pipeline.scoring.score import Panel


def take_single(job: Job, seq: int, fleet: FleetState, panel: Panel, log: EventLog) -> tuple[Event | None, Any]:
    """Fold a request without readings as event ``seq``.

    Returns:
        Its event, if it made one, and the answer: a receipt, None, or an error that concerns nobody else in the group.
    """
    if isinstance(job, OutcomesJob):
        entered, receipt = take_outcomes(job.outcomes, job.received_us, seq, fleet)
        if entered is not None:
            fleet.seq = seq
        return entered, receipt
    if isinstance(job, TrainingsJob):
        return None, None
    if isinstance(job, RewriteJob):
        return None, _rewrite(job, log)
    assert not isinstance(job, ReadingsJob)
    if isinstance(job, ForgetJob):
        try:
            forgotten = forgotten_of(job, fleet)
        except NotKnown as error:
            return None, error
        fleet.apply(seq, forgotten)
        return forgotten, ForgetReceipt(seq=seq, devices=len(forgotten.devices))
    fleet.apply(seq, job)
    if not isinstance(job, Advanced):
        panel.decided(fleet.versions)
    return job, AdvanceReceipt(seq=seq)


def _rewrite(job: RewriteJob, log: EventLog) -> OSError | None:
    try:
        if job.records:
            log.rewrite(job.records)
    except OSError as error:
        return error
    return None
