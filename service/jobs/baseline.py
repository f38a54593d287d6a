"""The baseline at the start of the service: found, taken over from a file, or trained; then published, once."""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from service.contracts.errors import BadModel, BadSetting, Unavailable
from service.contracts.events import CheckpointPublished
from service.models.artifact import Manifest, from_arrays
from service.models.committee import BASELINE
from service.pipeline.publication import Member
from service.pipeline.scoring.ingest import Ingest
from service.settings import Settings
from service.storage.registry import file_digest, load_arrays
from service.storage.shipped import BASELINE as SHIPPED
from service.storage.shipped import shipped

_LOG = logging.getLogger("hearthbeat")
_TRAINING_S = 600.0


class BaselineStart:
    """Sees to it that the baseline serves.

    Args:
        settings: Which baseline, and for which horizon.
        ingest: What it is published to.
        stop: Set when the service stops; a training ends then.
        clock: Microseconds since the epoch.
    """

    def __init__(self, settings: Settings, ingest: Ingest, stop: threading.Event, clock: Callable[[], int]) -> None:
        self._settings = settings
        self._ingest = ingest
        self._stop = stop
        self._clock = clock

    def serve(self, say: Callable[[str], None]) -> str | None:
        """Have the baseline serve, if there is to be one. Returns why it does not though it should.

        Args:
            say: Told what takes long.

        Raises:
            BadSetting: The file named by the setting cannot be used.
            SubprocessError: It could not be trained.
            Unavailable: The service is stopping.
        """
        models = self._settings.folder / "models"
        published = self._ingest.fleet.versions.baseline
        if published is None and self._settings.baseline != "off":
            path = models / "baseline-1.npz"
            if self._settings.baseline != "auto":
                self._adopt(Path(self._settings.baseline), path)
            elif not self._fits(path) and self._fits(shipped(SHIPPED)):
                self._adopt(shipped(SHIPPED), path)
            elif not self._fits(path):
                say("the baseline is being trained on 10,000 simulated samples (once)")
                self._train(path)
            published = self._publish(path)
        if published is None:
            return None
        try:
            model, _ = from_arrays(*load_arrays(models / published.file, published.sha256))
        except BadModel as error:
            return f"the baseline does not serve: {error}"
        member = Member(
            member=BASELINE,
            model=BASELINE,
            version=published.version,
            shift=published.shift,
            metrics=published.metrics,
        )
        with self._ingest.lock:
            self._ingest.panel.install_baseline(model, member)
        return None

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

    def _train(self, path: Path) -> None:
        """Train it in a process of its own; that ends when the service does."""
        command = [sys.executable, "-m", "service", "train-baseline", "--out", str(path)]
        command += ["--horizon", self._settings.horizon, "--seed", str(self._settings.seed)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True) as training:
            deadline = time.monotonic() + _TRAINING_S
            while training.poll() is None:
                if self._stop.wait(0.1) or time.monotonic() > deadline:
                    training.kill()
        if self._stop.is_set():
            raise Unavailable("the service is stopping")
        if training.returncode != 0:
            raise subprocess.SubprocessError(f"the training of the baseline ended with status {training.returncode}")

    def _publish(self, path: Path) -> CheckpointPublished:
        manifest = self._check(path)
        event = CheckpointPublished(
            received_us=self._clock(),
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
