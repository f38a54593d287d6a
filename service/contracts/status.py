"""How a running service stands, in one answer: what it takes in, how far it is, who leads, what was decided last.

Instants are RFC 3339 in UTC. Counts of what happened begin at the start of the service.
"""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from service.contracts.jobs import JobDetail
from service.contracts.journal import JournalEntry
from service.contracts.models import LearnerState, ServingModel
from service.contracts.predictions import Health
from service.contracts.standing import HomeTypeDetail


class Taken(Struct, frozen=True, kw_only=True):
    """Items of requests that were answered, by what became of them; as in a `Receipt`."""

    accepted: int = 0
    duplicate: int = 0
    late: int = 0
    refused: int = 0


class IngestState(Struct, frozen=True, kw_only=True):
    """What is taken in.

    Attributes:
        readings, outcomes: Since the start.
        queue_length, queue_capacity: Requests that wait before the scorer, and how many may.
        outcomes_waiting: Outcomes of devices that have not been read yet.
    """

    readings: Taken
    outcomes: Taken
    queue_length: int
    queue_capacity: int
    outcomes_waiting: int


class LogState(Struct, frozen=True, kw_only=True):
    """The event log: its newest and its oldest event, and about how much room it takes."""

    seq: int
    first_seq: int
    size_bytes: int


class LearnerProcess(Struct, frozen=True, kw_only=True):
    """The learner and its process.

    Attributes:
        up: Whether it runs and has published.
        restarts: How often it was started again.
        learned_seq: The log is learned up to here.
        state: How far it is behind, and what ails it.
    """

    up: bool
    restarts: int
    learned_seq: int
    state: LearnerState


class ProcessState(Struct, frozen=True, kw_only=True):
    """What a process takes: memory in bytes, processor time in seconds. Not known on every system."""

    process: Literal["service", "learner", "trainer"]
    resident_bytes: int
    cpu_s: float


class SnapshotState(Struct, frozen=True, kw_only=True):
    """The newest snapshot of a fold."""

    fold: Literal["scorer", "learner"]
    seq: int
    made_at: datetime


class Calibration(Struct, frozen=True, kw_only=True):
    """What makes of the blend's log odds a risk that comes true: slope times them, plus offset."""

    slope: float
    offset: float


class HomeTypeState(Struct, frozen=True, kw_only=True):
    """A home type, as `GET /v1/home-types/{home_type}` answers it, and the calibration of its blend."""

    detail: HomeTypeDetail
    calibration: Calibration


class TrainingState(Struct, frozen=True, kw_only=True):
    """Trainings.

    Attributes:
        ended: Checkpoints by what became of their training.
        waiting: Trainings that wait.
        running: Whether one runs.
        jobs: The last few, the newest first.
    """

    ended: dict[str, int]
    waiting: int
    running: bool
    jobs: list[JobDetail]


class DecisionCount(Struct, frozen=True, kw_only=True):
    """How many decisions of a kind stand in the journal since the start, of a home type or (None) of the fleet."""

    kind: str
    home_type: str | None
    count: int


class DecisionState(Struct, frozen=True, kw_only=True):
    """What was decided: counts since the start, the last drift, and the last few of all, the newest first."""

    counts: list[DecisionCount]
    last_drift: JournalEntry | None
    last: list[JournalEntry]


class StreamState(Struct, frozen=True, kw_only=True):
    """Live streams: how many are open, how many may be, and what was sent, by kind of event."""

    open: int
    most: int
    sent: dict[str, int]


class Status(Struct, frozen=True, kw_only=True):
    """Everything together. While the service starts there are no home types, models and decisions yet."""

    at: datetime
    started_at: datetime
    health: Health
    ingest: IngestState
    log: LogState
    learner: LearnerProcess
    processes: list[ProcessState]
    snapshots: list[SnapshotState]
    home_types: list[HomeTypeState]
    models: list[ServingModel]
    trainings: TrainingState
    decisions: DecisionState
    streams: StreamState
