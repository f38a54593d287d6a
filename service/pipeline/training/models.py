"""Checkpoints as the API sees them: what serves, which versions there are, an operator's acts, the trainings.

Every call may wait for the fold or for a disk, and belongs in a worker thread.
"""

from collections.abc import Callable
from typing import Literal

from service.contracts.errors import BadModel, Conflict, NotKnown, Unavailable
from service.contracts.jobs import JobDetail, JobList
from service.contracts.models import (
    GLOBAL_NAME,
    LITERAL,
    Deed,
    DeedReceipt,
    ImportReceipt,
    LearnerState,
    ModelComparison,
    ModelCondition,
    ModelHealth,
    ModelList,
    PinMember,
    Rollback,
    VersionDetail,
    VersionList,
)
from service.models.committee import BASELINE
from service.pipeline.link import LearnerLink
from service.pipeline.scoring.ingest import Ingest
from service.pipeline.service import Service
from service.pipeline.training.acts import ModelActs
from service.pipeline.training.desk import Desk
from service.pipeline.training.files import ModelFiles, named
from service.pipeline.training.shelf import Shelf
from service.pipeline.versions import Version
from service.pipeline.views.model_views import ModelViews, compared, manifest_view
from service.storage.registry import file_digest


def home_type_of(name: str) -> str | None:
    """The home type that a path or a query names, None for the global checkpoint.

    ``global`` is the global checkpoint. After a tilde, which no home type's name can hold, comes a home type's name as
    it is: ``~global`` is the home type that happens to be called so.
    """
    return None if name == GLOBAL_NAME else name.removeprefix(LITERAL)


class Models:
    """Everything about checkpoints behind the API.

    Args:
        service: Knows whether the service is ready.
        ingest: The scorer's fold.
        link, lag_s: The learner, and how long its oldest work has waited, in seconds.
        desk, acts, shelf, files: The rooms of this package.
        clock: Microseconds since the epoch.
    """

    def __init__(
        self,
        *,
        service: Service,
        ingest: Ingest,
        link: LearnerLink,
        lag_s: Callable[[], float],
        desk: Desk,
        acts: ModelActs,
        shelf: Shelf,
        files: ModelFiles,
        clock: Callable[[], int],
    ) -> None:
        self._service = service
        self._ingest = ingest
        self._link = link
        self._lag_s = lag_s
        self._desk = desk
        self._acts = acts
        self._shelf = shelf
        self._files = files
        self._clock = clock

    def every(self) -> ModelList:
        """What serves, and how far behind the learner is."""
        with self._ingest.lock:
            models = self._views().every()
            stale, seq = self._ingest.fleet.versions.stale, self._ingest.fleet.seq
        lag_events = max(0, seq - self._link.learned_seq)
        learner = LearnerState(
            lag_events=lag_events,
            lag_s=self._lag_s() if lag_events else 0.0,
            stale=stale,
            fault=self._link.fault,
        )
        return ModelList(models=models, learner=learner)

    def versions(self, name: str) -> VersionList:
        """The versions of a home type's checkpoint."""
        home_type = home_type_of(name)
        with self._ingest.lock:
            views = self._views()
            return VersionList(home_type=home_type, versions=[views.summary(v) for v in views.versions(home_type)])

    def version(self, name: str, number: int) -> VersionDetail:
        """One version; its file is read and verified."""
        home_type = home_type_of(name)
        with self._ingest.lock:
            views = self._views()
            version = views.version(home_type, number)
            summary = views.summary(version)
        try:
            manifest = manifest_view(self._shelf.manifest(version.file, version.sha256))
        except BadModel as error:
            return VersionDetail(home_type=home_type, version=summary, damaged=str(error), manifest=None)
        return VersionDetail(home_type=home_type, version=summary, damaged=None, manifest=manifest)

    def compare(self, name: str, a: int, b: int) -> ModelComparison:
        """Two versions of a home type's checkpoint side by side."""
        return compared(home_type_of(name), self.version(name, a), self.version(name, b))

    def file(self, name: str, number: int) -> tuple[str, str, bytes]:
        """Name, SHA-256 and content of a version's file.

        Raises:
            NotKnown: There is no such version.
            Conflict: The file is damaged.
        """
        version = self._version(name, number)
        try:
            return version.file, version.sha256, self._shelf.content(version.file, version.sha256)
        except BadModel as error:
            what = f"version {number} of {named(home_type_of(name))} is damaged: {error}"
            raise Conflict(what) from error

    def refresh(self, name: str, act: Deed) -> JobDetail:
        """Have a home type's checkpoint trained as soon as possible."""
        home_type = home_type_of(name)
        with self._ingest.lock:
            self._views().check(home_type)
        return self._desk.ask([home_type], act.by, act.why)

    def rollback(self, name: str, act: Rollback) -> DeedReceipt:
        """See `ModelActs.rollback`."""
        self._service.check_ready()
        return self._acts.rollback(home_type_of(name), act)

    def pin(self, name: str, act: PinMember) -> DeedReceipt:
        """See `ModelActs.pin`."""
        self._service.check_ready()
        return self._acts.pin(home_type_of(name), act)

    def unpin(self, name: str, act: Deed) -> DeedReceipt:
        """See `ModelActs.unpin`."""
        self._service.check_ready()
        return self._acts.unpin(home_type_of(name), act)

    def receive(self, name: str, content: bytes, act: Deed) -> ImportReceipt:
        """See `ModelActs.receive`."""
        self._service.check_ready()
        return self._acts.receive(home_type_of(name), content, act, self._ingest.fleet.horizon_us)

    def jobs(self) -> JobList:
        """All trainings since the start."""
        return JobList(jobs=self._desk.jobs())

    def job(self, name: str) -> JobDetail:
        """One of them. Raises `NotKnown` if there is none of that name."""
        found = self._desk.job(name)
        if found is None:
            raise NotKnown(f"there is no training {name!r}, or none since the service was started")
        return found

    def health(self) -> ModelHealth:
        """Whether each checkpoint that should serve does; its file is read."""
        status: Literal["ok", "degraded"]
        try:
            with self._ingest.lock:
                self._views()
                versions, panel = self._ingest.fleet.versions, self._ingest.panel
                serving = [(key or None, own) for key in sorted(versions.of) if (own := versions.own(key)) is not None]
                looked = [(h, v.number, v.file, v.sha256, panel.has(v.sha256)) for h, v in serving]
                first = versions.baseline
                if first is not None:
                    looked.append((None, first.version, first.file, first.sha256, panel.has(BASELINE)))
        except Unavailable as error:
            return ModelHealth(status="starting", reasons=[str(error)], models=[])
        models = [self._condition(*each) for each in looked]
        reasons = [*self._service.degraded, *self._files.ails()]
        reasons += [f"version {m.version} of {named(m.home_type)}: {m.fault}" for m in models if m.fault is not None]
        status = "degraded" if reasons else "ok"
        return ModelHealth(status=status, reasons=reasons, models=models)

    def _condition(self, home_type: str | None, number: int, file: str, sha256: str, loaded: bool) -> ModelCondition:
        fault = None if loaded else "it is not loaded"
        try:
            verified = file_digest(self._shelf.folder / file) == sha256
            if not verified:
                fault = f"{file} does not match its SHA-256"
        except OSError as error:
            verified, fault = False, f"{file} cannot be read: {error.strerror}"
        return ModelCondition(
            home_type=home_type, version=number, sha256=sha256, loaded=loaded, verified=verified, fault=fault
        )

    def _version(self, name: str, number: int) -> Version:
        with self._ingest.lock:
            return self._views().version(home_type_of(name), number)

    def _views(self) -> ModelViews:
        """Needs the ingest lock. Raises `Unavailable` while the service is starting."""
        self._service.check_ready()
        self._ingest.install()
        return ModelViews(self._ingest.fleet, self._ingest.panel, self._clock())
