"""The composition root: the only place that wires backends, pipeline and API together."""

import logging
import os
import sys
import threading
import time
from typing import Any

import msgspec
from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig

from service import __version__
from service.api.access.gate import Gate
from service.api.access.headers import secured
from service.api.access.scopes import READ, scopes_of
from service.api.bodies import Waits
from service.api.document import DocumentPlugin, complete
from service.api.forgetting import ForgetController
from service.api.health import HealthController, VersionController
from service.api.models import JobController, ModelController
from service.api.observing.controller import WatchController
from service.api.observing.trace import Traced
from service.api.problems import answer_problem
from service.api.questions import QuestionController
from service.api.streams import StreamController
from service.contracts.errors import BadSetting
from service.jobs.baseline import BaselineStart
from service.jobs.rounds import Rounds
from service.jobs.schedule import check_cron
from service.observe.watcher import Watcher
from service.pipeline.erasure.eraser import Eraser
from service.pipeline.learning.config import learner_config
from service.pipeline.learning.due import WINDOW
from service.pipeline.link import LearnerLink
from service.pipeline.live.feed import Feed
from service.pipeline.scoring.fleet import FleetState
from service.pipeline.scoring.ingest import Ingest
from service.pipeline.scoring.intake.arrivals import limits_of
from service.pipeline.scoring.keeper import Keeper
from service.pipeline.scoring.retention import Retention
from service.pipeline.scoring.snapshot import MADE_WITH
from service.pipeline.scoring.warmup import warm_up
from service.pipeline.service import Service, now_us
from service.pipeline.stale import LearnerWatch
from service.pipeline.training.acts import ModelActs
from service.pipeline.training.desk import Desk, Trainings
from service.pipeline.training.files import ModelFiles
from service.pipeline.training.link import TrainerLink
from service.pipeline.training.models import Models
from service.pipeline.training.numbers import Numbers
from service.pipeline.training.shelf import Shelf
from service.settings import Settings
from service.storage.event_log import SqliteEventLog
from service.storage.examples import SqliteExampleStore
from service.storage.folder import prepare_folder
from service.storage.snapshots import SnapshotStore, folder_key
from service.storage.starts import note_start

_LOG = logging.getLogger("hearthbeat")
_TRAINING_S = 600.0


class Runtime:
    """All parts of a running service, wired.

    Args:
        settings: Checked settings.

    Raises:
        BadSetting: The data folder, or the crontab expression, cannot be used.
        OSError: The log cannot be opened.
    """

    def __init__(self, settings: Settings) -> None:
        _check_cron(settings.train_cron)
        self._folder_lock = prepare_folder(settings)
        self.waits = Waits()
        self.failed: BaseException | None = None
        self.stop_requested = threading.Event()
        self._settings = settings
        folder = settings.folder
        log_path, examples_path = folder / "events.db", folder / "examples.db"
        self._log = SqliteEventLog(log_path)
        self._reader = SqliteEventLog(log_path, read_only=True)
        self._examples = SqliteExampleStore(examples_path)
        limits = limits_of(settings)
        config = learner_config(settings)
        self._link = LearnerLink(_child("learner", settings), msgspec.msgpack.encode(config))

        def empty() -> FleetState:
            return FleetState(horizon_us=settings.horizon_us, slot_us=settings.slot_us)

        snapshots = SnapshotStore(folder / "snapshots", "scorer", key=folder_key(folder), made_with=MADE_WITH)
        keeper = Keeper(snapshots, settings.snapshot_every_s, empty)
        self._ingest = Ingest(
            log=self._log,
            link=self._link,
            fleet=empty(),
            keeper=keeper,
            limits=limits,
            lockstep=settings.lockstep,
            queue_size=settings.queue_size,
            on_fatal=self._fail,
            retention=Retention(keep_us=settings.log_keep_us, max_bytes=settings.log_max_bytes),
        )
        self.service = Service(
            ingest=self._ingest,
            log=self._reader,
            examples=self._examples,
            link=self._link,
            limits=limits,
            grace_us=settings.grace_us,
            lockstep=settings.lockstep,
        )
        self._baseline = BaselineStart(settings, self._ingest, self.stop_requested, now_us)
        shelf, numbers = Shelf(folder / "models", self._ingest.panel), Numbers()
        self._files = ModelFiles(self._ingest, shelf, now_us)
        self.service.ails = self._files.ails
        trainer = TrainerLink([*_child("trainer", settings), *(["--awaited"] if settings.lockstep else [])])
        self._desk = Desk(
            ingest=self._ingest,
            link=trainer,
            shelf=shelf,
            files=self._files,
            numbers=numbers,
            orders=Trainings(
                examples=str(examples_path), window=min(WINDOW, settings.training_window), learn=config.settings
            ),
            clock=now_us,
            lockstep=settings.lockstep,
        )
        self._watch = LearnerWatch(settings.stale_after_s, time.monotonic)
        self.models = Models(
            service=self.service,
            ingest=self._ingest,
            link=self._link,
            lag_s=lambda: self._watch.lag_s,
            desk=self._desk,
            acts=ModelActs(ingest=self._ingest, shelf=shelf, files=self._files, numbers=numbers, clock=now_us),
            shelf=shelf,
            files=self._files,
            clock=now_us,
        )
        eraser = Eraser(self._ingest, keeper, self._examples, folder, self.stop_requested, now_us)
        self.service.erasure_state = eraser.state
        self._rounds = Rounds(
            settings, ingest=self._ingest, desk=self._desk, link=self._link, watch=self._watch, erase=eraser.work
        )
        self._feed = Feed(
            ingest=self._ingest,
            link=self._link,
            log=SqliteEventLog(log_path, read_only=True),
            examples=self._examples,
            most=settings.max_streams,
        )
        self._watcher = Watcher(
            service=self.service,
            models=self.models,
            ingest=self._ingest,
            desk=self._desk,
            feed=self._feed,
            link=self._link,
            trainer=trainer,
            examples=self._examples,
            snapshots=folder / "snapshots",
        )
        self._thread = threading.Thread(target=self._start, name="start", daemon=True)

    def application(self, gate: Gate) -> Traced:
        """What the server calls for each request that the gate may let in."""
        app = create_app(self._settings, self.service, self.models, gate, self._watcher, self.waits)
        return Traced(secured(app), self._watcher.traffic)

    def start(self) -> None:
        """Begin to start; `Service.starting` tells when it is done. Errors end up in ``failed``."""
        self._thread.start()

    def stopping(self) -> None:
        """Nothing waits any longer: not a training, not the learner in lock-step, not an open stream."""
        self.stop_requested.set()
        self._link.stopping()
        self._desk.stop()
        self.service.stopping.set()

    def stop(self) -> None:
        """Finish accepted work, then end every part."""
        self.stopping()
        self._thread.join(_TRAINING_S)
        self._rounds.stop()
        self._ingest.stop()
        self._link.stop()
        self._examples.close()
        self._reader.close()
        self._feed.close()
        self._log.close()
        os.close(self._folder_lock)

    def _starting(self, what: str) -> None:
        self.service.starting = what
        _LOG.info("%s", what)

    def _fail(self, error: BaseException) -> None:
        self.failed = error
        self.stop_requested.set()

    def _start(self) -> None:
        try:
            self._link.start()
            self._ingest.start()
            self._feed.starts = note_start(self._settings.folder, self._ingest.fleet.seq + 1)
            self.service.starting = "the kernels are being compiled"
            warm_up()
            ail = self._baseline.serve(self._starting)
            if ail is not None:
                _LOG.warning("%s", ail)
                self.service.degraded.append(ail)
            self._start_checkpoints()
            self.service.starting = None
        except Exception as error:  # whatever it is, the service cannot start
            if not self.stop_requested.is_set():
                self._fail(error)

    def _start_checkpoints(self) -> None:
        """Load what serves; where that is damaged, the version before it serves."""
        self._files.recover()
        if self._settings.lockstep:
            self._ingest.trainer = self._desk.work
        self._rounds.start()


def _child(command: str, settings: Settings) -> list[str]:
    """Starts a process of the service's own, whose lines go where the service's go."""
    logs = ["--log-level", settings.log_level, "--log-format", settings.log_format]
    return [sys.executable, "-m", "service", command, *logs]


def _check_cron(text: str) -> None:
    try:
        check_cron(text)
    except ValueError as error:
        raise BadSetting(f"{text!r}: {error}", field="train_cron") from None


def create_app(
    settings: Settings,
    service: Service | None,
    models: Models | None,
    gate: Gate | None = None,
    watcher: Watcher | None = None,
    waits: Waits | None = None,
) -> Litestar:
    """The application. The parts behind it, and its gate, may be None where only its document is wanted."""

    def provide_service() -> Any:
        return service

    def provide_models() -> Any:
        return models

    return Litestar(
        route_handlers=[
            StreamController,
            QuestionController,
            ForgetController,
            ModelController,
            JobController,
            HealthController,
            VersionController,
            WatchController,
        ],
        dependencies={
            "service": Provide(provide_service, sync_to_thread=False),
            "models": Provide(provide_models, sync_to_thread=False),
        },
        state=State(
            {"service": service, "settings": settings, "gate": gate, "watcher": watcher, "waits": waits or Waits()}
        ),
        guards=[] if gate is None else [gate.admit],
        exception_handlers={Exception: answer_problem},
        openapi_config=OpenAPIConfig(
            title="Hearthbeat",
            version=__version__,
            description="Predicts which smart-home device will fail soon, and keeps learning while it predicts.",
            render_plugins=[DocumentPlugin()],
            openapi_router=Router("/schema", route_handlers=[], include_in_schema=False, opt=READ),
        ),
        logging_config=None,
        debug=False,
    )


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document as served under ``/schema/openapi.json``."""
    app = create_app(Settings(), None, None)
    return complete(app.openapi_schema.to_schema(), scopes_of(app))
