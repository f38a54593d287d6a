"""Ingest: the one place where the service's state changes, request after request, in a thread of its own.

Requests wait in a bounded queue. The thread takes what is there, folds each, appends all their events in one
transaction, and only then lets the answers go. If the log cannot be written, nobody is told "accepted", and the fold is
rebuilt from the log.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from service.contracts.errors import Unavailable
from service.contracts.events import Act, Event, ReadingsLogged, encode_event
from service.contracts.forgetting import Forgotten
from service.contracts.ports import EventLog
from service.pipeline.link import LearnerLink
from service.pipeline.live.ring import Ring
from service.pipeline.publication import TrainingDue
from service.pipeline.scoring.fleet import FleetState
from service.pipeline.scoring.intake.arrivals import Limits, ReadingsJob
from service.pipeline.scoring.intake.readings import take_requests
from service.pipeline.scoring.intake.single import take_single
from service.pipeline.scoring.keeper import Keeper
from service.pipeline.scoring.replies import LoopReply, Reply, deliver
from service.pipeline.scoring.requests import Job, TrainingsJob, runs, weight
from service.pipeline.scoring.retention import Retention
from service.pipeline.scoring.score import Panel
from service.pipeline.scoring.taken import TakenIn
from service.pipeline.scoring.waiting import WaitingRoom

_LOG = logging.getLogger("hearthbeat.ingest")
_GROUP = 500  # readings that are folded together, unless one request brings more
_SMALL = 16  # readings; a request with no more goes before those with more
_FEW, _LINGER_S = 64, 0.002  # as long as there are so few readings it is worth waiting a moment for more
_PRUNE_EVERY_S = 1.0


Waiting = tuple[Job, Reply]
Trainer = Callable[[Sequence[TrainingDue], Callable[[Act], None]], None]
"""Carries out trainings that are due, and hands over what is to be logged of them."""


class Ingest:
    """The scorer's fold, its panel, and the thread that changes both.

    Reading either from elsewhere needs ``lock``.

    Args:
        log: Where events go.
        link: The learner, or None for a service that only records (tests).
        fleet: An empty fold, until `start` has recovered the real one.
        keeper: Recovers the fold, and takes its snapshots.
        limits: How much may be known at once.
        lockstep: Whether to wait, before readings are scored, until everything before them is learned.
        queue_size: Requests that may wait.
        on_fatal: Called with the error if the thread ends by one.
        retention: How much of the log is kept, or None to keep all.

    Attributes:
        ring: The newest risky readings, for the live stream.
        taken: What was taken in since the start.
        trainer: In lock-step mode, who carries out trainings that are due; set before requests come.
    """

    def __init__(
        self,
        *,
        log: EventLog,
        link: LearnerLink | None,
        fleet: FleetState,
        keeper: Keeper,
        limits: Limits,
        lockstep: bool,
        queue_size: int,
        on_fatal: Callable[[BaseException], None],
        retention: Retention | None = None,
    ) -> None:
        self.lock = threading.Lock()
        self.panel = Panel()
        self.fleet = fleet
        self.log_fault: str | None = None
        self._stale = False
        self._log = log
        self._link = link
        self._keeper = keeper
        self._limits = limits
        self._lockstep = lockstep
        self._room: WaitingRoom[Waiting] = WaitingRoom(queue_size, 0 if lockstep else _SMALL)
        self._waking = False
        self._on_fatal = on_fatal
        self._retention = retention
        self._pruned_at = time.monotonic()
        self.trainer: Trainer | None = None
        self.ring = Ring()
        self.taken = TakenIn()
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)

    def start(self) -> None:
        """Recover the fold and begin to take requests. Returns when that is possible."""
        self.fleet = self._keeper.recover(self._log)
        self.panel.decided(self.fleet.versions)
        self.ring.next_seq = self.fleet.seq + 1
        self._thread.start()

    def stop(self) -> None:
        """Finish what waits in the queue, then end the thread."""
        self._room.close()
        if self._thread.is_alive():
            self._thread.join()
            self._keeper.close(self.fleet)

    def submit(self, job: Job) -> Future[Any]:
        """Put a request in the queue. The future holds a `Receipt`, or an `AdvanceReceipt`, or a domain error.

        Raises:
            Busy: The queue is full.
            Unavailable: The service is stopping.
        """
        future: Future[Any] = Future()
        self._room.put((job, future), weight(job))
        self._room.wake()
        return future

    def queue(self) -> tuple[int, int]:
        """How many requests wait, and how many may."""
        return len(self._room), self._room.seats

    def ask(self, job: Job) -> asyncio.Future[Any]:
        """`submit` for coroutines of one event loop. The thread is woken once for all that a turn of it brings."""
        reply = LoopReply()
        self._room.put((job, reply), weight(job))
        if not self._waking:
            self._waking = True
            reply.loop.call_soon(self._wake)
        return reply.future

    def _wake(self) -> None:
        self._waking = False
        self._room.wake()

    def _run(self) -> None:
        try:
            while jobs := self._room.take(0) if self._lockstep else self._room.take(_GROUP, _FEW, _LINGER_S):
                self._commit(jobs)
        except BaseException as error:
            self._on_fatal(error)
            raise

    def _commit(self, jobs: Sequence[Waiting]) -> None:
        """Fold a group of requests, make their events durable, and let the answers go."""
        jobs = [(job, reply) for job, reply in jobs if reply.set_running_or_notify_cancel()]
        if not jobs or not self._log_is_well(jobs):
            return
        if self._lockstep and isinstance(jobs[0][0], ReadingsJob | TrainingsJob):
            try:
                self._catch_up()
                self._train()
            except Unavailable as error:
                deliver((reply, error) for _, reply in jobs)
                return
        done: list[tuple[Reply, Any]] = []
        blobs: list[bytes] = []
        told: list[tuple[int, ReadingsLogged]] | None = [] if self.ring.listening else None
        with self.lock:
            self.install()
            first = self.fleet.seq + 1
            try:
                for run in runs(jobs):
                    event, answers = self._fold([job for job, _ in run])
                    if event is not None:
                        blobs.append(encode_event(event))
                        if told is not None and isinstance(event, ReadingsLogged):
                            told.append((self.fleet.seq, event))
                        elif isinstance(event, Forgotten):
                            told = None  # the ring forgets all, and who listens is served from the log
                    done.extend((reply, answer) for (_, reply), answer in zip(run, answers, strict=True))
                if blobs:
                    self._log.append(blobs)
            except Exception as error:
                self._stale = True
                fault: Exception = error
                if isinstance(error, OSError):
                    self.log_fault = str(error)
                    fault = Unavailable(str(error))
                self._rebuild()
                deliver((reply, fault) for _, reply in jobs)
                return
            self.panel.let_go()
            self._keeper.pass_by(self.fleet)
        self._room.answering(len(done))
        deliver(done)
        self.ring.publish(first, told, self.fleet.seq + 1)
        for (job, _), (_, answer) in zip(jobs, done, strict=True):
            self.taken.add(job, answer)
        self._prune()

    def install(self) -> None:
        """Take over what the learner has published; answers want that also without a stream. Needs the lock."""
        publication = self._link.take() if self._link is not None else None
        if publication is not None:
            self.panel.install(publication)

    def _catch_up(self) -> None:
        """Wait until the models in force have learned everything in the log.

        A learner that is replaced between its answer and the installation has to give it again.

        Raises:
            Unavailable: It took too long, or the service is stopping.
        """
        while self._link is not None and self.panel.learned_seq < self.fleet.seq:
            self._link.wait_for(self.fleet.seq)
            with self.lock:
                self.install()

    def _train(self) -> None:
        """In lock-step mode trainings that are due come before the next reading, and are learned of before it, too."""
        if self.trainer is None:
            return
        before = self.fleet.seq

        def commit(act: Act) -> None:
            done: Future[Any] = Future()
            self._commit([(act, done)])
            done.result()

        self.trainer(self.panel.due, commit)
        if self.fleet.seq > before:
            self._catch_up()

    def _log_is_well(self, jobs: Sequence[Waiting]) -> bool:
        """After a fault nothing is folded before the log can be written again; the jobs are told so."""
        if self.log_fault is None and not self._stale:
            return True
        try:
            self._log.probe()
        except OSError as error:
            self.log_fault = str(error)
            unavailable = Unavailable(self.log_fault)
            deliver((reply, unavailable) for _, reply in jobs)
            return False
        if self._stale and not self._rebuild():
            unavailable = Unavailable(self.log_fault or "the log could not be read")
            deliver((reply, unavailable) for _, reply in jobs)
            return False
        self.log_fault = None
        return True

    def _rebuild(self) -> bool:
        """Bring the fold back to what is durable. A disk that failed to write may fail to read, too: then later."""
        try:
            self.fleet = self._keeper.recover(self._log)
        except OSError as error:
            self.log_fault = f"{self.log_fault}; {error}"
            return False
        self.panel.decided(self.fleet.versions)
        self.ring.next_seq = self.fleet.seq + 1
        self._stale = False
        return True

    def _prune(self) -> None:
        """From time to time forget what nobody needs any more."""
        if self._retention is None or time.monotonic() - self._pruned_at < _PRUNE_EVERY_S:
            return
        self._pruned_at = time.monotonic()
        needed = min(self._keeper.needed_seq, self.panel.needed_seq)
        try:
            self._retention.prune(self._log, now_us=time.time_ns() // 1000, needed_seq=needed)
        except OSError as error:
            _LOG.warning("%s", error)

    def _fold(self, jobs: Sequence[Job]) -> tuple[Event | None, Sequence[Any]]:
        """Fold one request, or several with readings; their event, if they made one, and the answers."""
        seq = self.fleet.seq + 1
        readings = [job for job in jobs if isinstance(job, ReadingsJob)]
        if readings:
            event, receipts = take_requests(readings, seq, self.fleet, self.panel, self._limits)
            if event is None:
                return None, receipts
            self.fleet.seq = seq
            return event, receipts
        (job,) = jobs
        made, answer = take_single(job, seq, self.fleet, self.panel, self._log)
        return made, [answer]
