"""The composition root: the only place that wires backends, pipeline and API together."""

import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
from litestar import Litestar
from litestar.datastructures import State
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig

from service import __version__
from service.api.document import DocumentPlugin, complete
from service.api.health import HealthController
from service.api.problems import answer_problem
from service.api.questions import QuestionController
from service.api.streams import StreamController
from service.contracts.errors import BadModel, BadSetting, Unavailable
from service.contracts.events import CheckpointPublished
from service.models.artifact import Manifest, from_arrays
from service.models.committee import BASELINE
from service.pipeline.learning.config import LearnerConfig, LearnSettings
from service.pipeline.link import LearnerLink
from service.pipeline.publication import Member
from service.pipeline.scoring.arrivals import Limits
from service.pipeline.scoring.fleet import FleetState
from service.pipeline.scoring.ingest import Ingest
from service.pipeline.scoring.keeper import Keeper
from service.pipeline.scoring.retention import Retention
from service.pipeline.scoring.snapshot import MADE_WITH
from service.pipeline.scoring.warmup import warm_up
from service.pipeline.service import Service, now_us
from service.settings import Settings
from service.storage.event_log import SqliteEventLog
from service.storage.examples import SqliteExampleStore
from service.storage.folder import prepare_folder
from service.storage.registry import file_digest, load_arrays
from service.storage.snapshots import SnapshotStore, folder_key

_LOG = logging.getLogger("hearthbeat")
_TRAINING_S = 600.0


class Runtime:
    """All parts of a running service, wired.

    Args:
        settings: Checked settings.

    Raises:
        BadSetting: The data folder cannot be used.
        OSError: The log cannot be opened.
    """

    def __init__(self, settings: Settings) -> None:
        self._folder_lock = prepare_folder(settings)
        self.failed: BaseException | None = None
        self.stop_requested = threading.Event()
        self._settings = settings
        folder = settings.folder
        log_path, examples_path = folder / "events.db", folder / "examples.db"
        self._log = SqliteEventLog(log_path)
        self._reader = SqliteEventLog(log_path, read_only=True)
        self._examples = SqliteExampleStore(examples_path)
        limits = Limits(
            max_metrics=settings.max_metrics,
            max_device_types=settings.max_device_types,
            max_home_types=settings.max_home_types,
            max_devices=settings.max_devices,
            alert_risk=settings.alert_risk,
        )
        config = LearnerConfig(
            folder=str(folder),
            snapshot_every_s=settings.snapshot_every_s,
            training_window=settings.training_window,
            lockstep=settings.lockstep,
            settings=LearnSettings(
                horizon_us=settings.horizon_us,
                grace_us=settings.grace_us,
                lateness_us=settings.lateness_us,
                slot_us=settings.slot_us,
                seed=settings.seed,
            ),
        )
        self._link = LearnerLink([sys.executable, "-m", "service", "learner"], msgspec.msgpack.encode(config))

        def empty() -> FleetState:
            return FleetState(horizon_us=settings.horizon_us, slot_us=settings.slot_us)

        snapshots = SnapshotStore(folder / "snapshots", "scorer", key=folder_key(folder), made_with=MADE_WITH)
        self._ingest = Ingest(
            log=self._log,
            link=self._link,
            fleet=empty(),
            keeper=Keeper(snapshots, settings.snapshot_every_s, empty),
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
        self._thread = threading.Thread(target=self._start, name="start", daemon=True)

    def start(self) -> None:
        """Begin to start; `Service.starting` tells when it is done. Errors end up in ``failed``."""
        self._thread.start()

    def stopping(self) -> None:
        """Nothing waits any longer: not a training, not the learner in lock-step, not an open stream."""
        self.stop_requested.set()
        self._link.stopping()
        self.service.stopping.set()

    def stop(self) -> None:
        """Finish accepted work, then end every part."""
        self.stopping()
        self._thread.join(_TRAINING_S)
        self._ingest.stop()
        self._link.stop()
        self._examples.close()
        self._reader.close()
        self._log.close()
        os.close(self._folder_lock)

    def _fail(self, error: BaseException) -> None:
        self.failed = error
        self.stop_requested.set()

    def _start(self) -> None:
        try:
            self._link.start()
            self._ingest.start()
            self.service.starting = "the kernels are being compiled"
            warm_up()
            self._start_baseline()
            self.service.starting = None
        except Exception as error:  # whatever it is, the service cannot start
            if not self.stop_requested.is_set():
                self._fail(error)

    def _start_baseline(self) -> None:
        settings = self._settings
        models = settings.folder / "models"
        published = self._ingest.fleet.versions.baseline
        if published is None and settings.baseline != "off":
            if settings.baseline == "auto":
                path = models / "baseline-1.npz"
                if not self._fits(path):
                    self.service.starting = "the baseline is being trained on 10,000 simulated samples (once)"
                    _LOG.info("%s", self.service.starting)
                    train = [sys.executable, "-m", "service", "train-baseline", "--out", str(path)]
                    train += ["--horizon", settings.horizon, "--seed", str(settings.seed)]
                    self._train(train)
            else:
                path = models / "baseline-1.npz"
                self._adopt(Path(settings.baseline), path)
            published = self._publish_baseline(path)
        if published is None:
            return
        try:
            arrays, manifest = load_arrays(models / published.file, published.sha256)
            model, _ = from_arrays(arrays, manifest)
        except BadModel as error:
            self.service.degraded.append(f"the baseline does not serve: {error}")
            _LOG.warning("the baseline does not serve: %s", error)
            return
        member = Member(
            member=BASELINE,
            model=BASELINE,
            version=published.version,
            shift=published.shift,
            metrics=published.metrics,
        )
        with self._ingest.lock:
            self._ingest.panel.install_baseline(model, member)

    def _fits(self, path: Path) -> bool:
        """Whether a model file is there, whole, and of our horizon."""
        try:
            self._check(path)
        except (BadModel, BadSetting):
            return False
        return True

    def _check(self, path: Path) -> Manifest:
        _, manifest = from_arrays(*load_arrays(path))
        if abs(manifest.horizon_s - self._settings.horizon_us / 1e6) > 1e-6:
            raise BadSetting(f"{path} was trained for a horizon of {manifest.horizon_s:g} s", field="baseline")
        return manifest

    def _adopt(self, source: Path, path: Path) -> None:
        """Take a model file into the folder, once it is known to be good."""
        try:
            self._check(source)
        except BadModel as error:
            raise BadSetting(f"{source} is no baseline: {error}", field="baseline") from error
        unfinished = path.with_name(f".{path.name}.{os.getpid()}")
        unfinished.write_bytes(source.read_bytes())
        unfinished.replace(path)

    def _train(self, command: list[str]) -> None:
        """Run a training; it ends when the service does."""
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True) as training:
            deadline = time.monotonic() + _TRAINING_S
            while training.poll() is None:
                if self.stop_requested.wait(0.1) or time.monotonic() > deadline:
                    training.kill()
        if self.stop_requested.is_set():
            raise Unavailable("the service is stopping")
        if training.returncode != 0:
            raise subprocess.SubprocessError(f"the training of the baseline ended with status {training.returncode}")

    def _publish_baseline(self, path: Path) -> CheckpointPublished:
        manifest = self._check(path)
        event = CheckpointPublished(
            received_us=now_us(),
            member=BASELINE,
            version=1,
            home_type=None,
            metrics=manifest.metrics,
            shift=manifest.shift,
            file=path.name,
            sha256=file_digest(path),
        )
        self._ingest.submit(event).result()
        return event


def create_app(settings: Settings, service: Service | None) -> Litestar:
    """The application. ``service`` may be None where only its document is wanted."""

    def provide_service() -> Any:
        return service

    return Litestar(
        route_handlers=[StreamController, QuestionController, HealthController],
        dependencies={"service": Provide(provide_service, sync_to_thread=False)},
        state=State({"service": service, "settings": settings}),
        exception_handlers={Exception: answer_problem},
        openapi_config=OpenAPIConfig(
            title="Hearthbeat",
            version=__version__,
            description="Predicts which smart-home device will fail soon, and keeps learning while it predicts.",
            render_plugins=[DocumentPlugin()],
        ),
        logging_config=None,
        debug=False,
    )


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document as served under ``/schema/openapi.json``."""
    return complete(create_app(Settings(), None).openapi_schema.to_schema())
