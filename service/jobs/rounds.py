"""Rounds: what is looked at every second beside the stream.

Is a training due? Does the learner keep up? Is something forgotten that has not left the disk yet?
"""

import contextlib
from collections.abc import Callable

from service.contracts.errors import HearthbeatError
from service.jobs.schedule import Schedule
from service.pipeline.link import LearnerLink
from service.pipeline.scoring.ingest import Ingest
from service.pipeline.service import now_us
from service.pipeline.stale import LearnerWatch
from service.pipeline.training.desk import SCHEDULE, Desk
from service.settings import Settings


class Rounds:
    """Looks again and again, and has done what it finds. In lock-step the stream itself waits for the first two.

    Args:
        settings: Checked settings.
        ingest: Where acts are submitted.
        desk: Carries out trainings.
        link: The learner.
        watch: Says from when on the learner counts as stale.
        erase: Does the next steps of an erasure, if one waits.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        ingest: Ingest,
        desk: Desk,
        link: LearnerLink,
        watch: LearnerWatch,
        erase: Callable[[], None],
    ) -> None:
        self._ingest, self._desk, self._link, self._watch = ingest, desk, link, watch
        self._cron = settings.train_cron
        looks = [] if settings.lockstep else [self._train, self._watch_learner]
        self._schedule = Schedule([*looks, erase], self._cron, self._train_all)

    def start(self) -> None:
        """Begin."""
        self._schedule.start()

    def stop(self) -> None:
        """End, once what runs has ended."""
        self._schedule.stop()

    def _train(self) -> None:
        with self._ingest.lock:
            self._ingest.install()
            due = self._ingest.panel.due
        self._desk.work(due, lambda act: self._ingest.submit(act).result())

    def _train_all(self) -> None:
        with self._ingest.lock:
            names = sorted(self._ingest.fleet.home_types)
        self._desk.ask([None, *names], SCHEDULE, f"it is {self._cron!r}")

    def _watch_learner(self) -> None:
        fleet = self._ingest.fleet
        act = self._watch.look(
            fleet.seq, self._link.learned_seq, stale=fleet.versions.stale, fault=self._link.fault, now_us=now_us()
        )
        if act is not None:
            with contextlib.suppress(HearthbeatError):  # the next look will find the same
                self._ingest.submit(act).result()
