"""The watcher: gathers how the service stands, for people and for Prometheus.

Of the fold it copies one home type at a time under the ingest lock; all that waits for a disk is read without it.
"""

import os
import time
from datetime import UTC, datetime
from pathlib import Path

from service.contracts.models import LearnerState
from service.contracts.ports import ExampleStore
from service.contracts.status import (
    Calibration,
    HomeTypeState,
    IngestState,
    LearnerProcess,
    LogState,
    Status,
    StreamState,
)
from service.observe.decisions import Decisions
from service.observe.processes import Snapshots, process_state
from service.observe.qualities import Qualities
from service.observe.traffic import Traffic
from service.pipeline.link import LearnerLink
from service.pipeline.live.feed import Feed, told_kinds
from service.pipeline.scoring.ingest import Ingest
from service.pipeline.service import Service
from service.pipeline.training.desk import Desk
from service.pipeline.training.link import TrainerLink
from service.pipeline.training.models import Models


class Watcher:
    """How the service stands.

    Args:
        service, models, ingest, desk: The parts that are asked.
        feed: The live stream.
        link, trainer: The other processes.
        examples: Holds the journal.
        snapshots: The folder of the snapshots.

    Attributes:
        traffic: The requests counted.
        started_at: When the service was started.
    """

    def __init__(
        self,
        *,
        service: Service,
        models: Models,
        ingest: Ingest,
        desk: Desk,
        feed: Feed,
        link: LearnerLink,
        trainer: TrainerLink,
        examples: ExampleStore,
        snapshots: Path,
    ) -> None:
        self.feed = feed
        self.traffic = Traffic()
        self.started_at = datetime.now(UTC)
        self._service = service
        self._models = models
        self._ingest = ingest
        self._desk = desk
        self._link = link
        self._trainer = trainer
        self._snapshots = Snapshots(snapshots)
        self._qualities = Qualities(service.measure)
        self._decisions = Decisions(examples)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The metrics as text, in the form that an ``Accept`` header asks for, and their Content-Type."""
        from service.observe.metrics.exposition import exposition  # a library that only those need who are asked

        return exposition(self.status(), self.traffic.routes(), accept)

    def status(self) -> Status:
        """Everything, as it stands now."""
        started = self._service.starting is None
        listed = self._models.every() if started else None
        health = self._service.health()
        queue_length, queue_capacity = self._ingest.queue()
        fault = self._link.fault
        learner = listed.learner if listed else LearnerState(lag_events=0, lag_s=0.0, stale=None, fault=fault)
        processes = [
            process_state("service", os.getpid()),
            process_state("learner", self._link.pid),
            process_state("trainer", self._trainer.pid),
        ]
        return Status(
            at=datetime.now(UTC),
            started_at=self.started_at,
            health=health,
            ingest=IngestState(
                readings=self._ingest.taken.readings(),
                outcomes=self._ingest.taken.outcomes(),
                queue_length=queue_length,
                queue_capacity=queue_capacity,
                outcomes_waiting=self._ingest.panel.outcomes_waiting,
            ),
            log=LogState(
                seq=self._ingest.ring.next_seq - 1,
                first_seq=self.feed.first_seq(),
                size_bytes=self.feed.size_bytes(),
            ),
            learner=LearnerProcess(
                up=self._link.pid is not None and fault is None,
                restarts=max(0, self._link.starts - 1),
                learned_seq=health.learned_seq,
                state=learner,
            ),
            processes=[state for state in processes if state is not None],
            snapshots=self._snapshots(),
            home_types=self._home_types() if started else [],
            models=listed.models if listed is not None else [],
            trainings=self._desk.state(),
            decisions=self._decisions.state(),
            streams=StreamState(
                open=self.feed.open, most=self.feed.most, sent={kind: self.feed.sent[kind] for kind in told_kinds()}
            ),
        )

    def _home_types(self) -> list[HomeTypeState]:
        names = self._service.home_type_names()
        qualities = self._qualities.of(names)
        states = []
        for name in names:
            detail, standing = self._service.standing(name, qualities.get(name, {}))
            calibration = Calibration(slope=standing.slope, offset=standing.offset)
            states.append(HomeTypeState(detail=detail, calibration=calibration))
            time.sleep(0)  # whoever waits for the lock comes first
        return states
