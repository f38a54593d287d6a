"""An operator's acts upon checkpoints: each is checked, made ready, and stands in the log before it is answered."""

import threading
from collections.abc import Callable

from service.contracts.errors import BadModel, Conflict, RefusedItem, Unavailable
from service.contracts.events import Act, CheckpointImported, Pinned, RolledBack
from service.contracts.models import Deed, DeedReceipt, ImportReceipt, PinMember, Rollback
from service.models.artifact import Manifest
from service.pipeline.scoring.ingest import Ingest
from service.pipeline.training.files import ModelFiles, named
from service.pipeline.training.numbers import Numbers
from service.pipeline.training.shelf import Shelf
from service.pipeline.versions import BASELINE_NUMBER, Version
from service.pipeline.views.model_views import ModelViews
from service.storage.registry import file_name


class ModelActs:
    """Acts, one at a time.

    Args:
        ingest: Whose log they go to. Its own thread must not act.
        shelf, files, numbers: Where checkpoints lie.
        clock: Microseconds since the epoch.
    """

    def __init__(
        self, *, ingest: Ingest, shelf: Shelf, files: ModelFiles, numbers: Numbers, clock: Callable[[], int]
    ) -> None:
        self._ingest = ingest
        self._shelf = shelf
        self._files = files
        self._numbers = numbers
        self._clock = clock
        self._acting = threading.Lock()

    def rollback(self, home_type: str | None, act: Rollback) -> DeedReceipt:
        """Let another version serve. It is loaded first.

        Raises:
            NotKnown: There is no such home type or version.
            Conflict: There is none to go back to, it serves already, or its file is damaged.
        """
        with self._acting:
            version = self._chosen(home_type, act.version)
            if version is not None:
                try:
                    self._shelf.fetch(version.file, version.sha256)
                except BadModel as error:
                    what = f"version {version.number} of {named(home_type)} is damaged: {error}"
                    raise Conflict(what) from error
            receipt = self._log(
                RolledBack(
                    received_us=self._clock(),
                    home_type=home_type,
                    version=version.number if version is not None else 0,
                    by=act.by,
                    why=act.why,
                ),
                home_type,
            )
            self._files.mended(home_type)
            return receipt

    def pin(self, home_type: str | None, act: PinMember) -> DeedReceipt:
        """Let one member answer alone for a home type, as long as it can.

        Raises:
            NotKnown: There is no such home type.
            RefusedItem: Its committee has no such member.
            Conflict: The member cannot speak now, or this is the global checkpoint, which has no committee.
        """
        with self._acting:
            with self._ingest.lock:
                self._ingest.install()
                self._views().check(home_type)
                if home_type is None:
                    raise Conflict("the global checkpoint has no committee; pin a member of a home type's")
                layout = self._ingest.fleet.home_types[home_type].windows.layout
                names = sorted(member.member for member in self._ingest.panel.members(home_type, layout))
                able = self._ingest.panel.able(home_type, layout)
            if act.member not in names:
                raise RefusedItem("unknown_member", f"its members are {', '.join(names)}", field="member")
            if act.member not in able:
                raise Conflict(f"{act.member} cannot speak now: it has no model yet, or does not know all metrics")
            event = Pinned(received_us=self._clock(), home_type=home_type, member=act.member, by=act.by, why=act.why)
            return self._log(event, home_type)

    def unpin(self, home_type: str | None, act: Deed) -> DeedReceipt:
        """Let the whole committee answer again.

        Raises:
            NotKnown: There is no such home type.
            Conflict: No member is pinned.
        """
        with self._acting:
            with self._ingest.lock:
                self._views().check(home_type)
                pinned = home_type is not None and home_type in self._ingest.fleet.versions.pins
            if home_type is None or not pinned:
                raise Conflict(f"no member of {named(home_type)} is pinned")
            event = Pinned(received_us=self._clock(), home_type=home_type, member=None, by=act.by, why=act.why)
            return self._log(event, home_type)

    def receive(self, home_type: str | None, content: bytes, act: Deed, horizon_us: int) -> ImportReceipt:
        """Take in a checkpoint's file. It becomes a candidate.

        Raises:
            NotKnown: There is no such home type.
            RefusedItem: It is none, is damaged, or was trained for another horizon.
            Unavailable: It could not be kept.
        """
        with self._acting:
            with self._ingest.lock:
                self._views().check(home_type)
                number = self._numbers.take(home_type, self._ingest.fleet.versions)
            file = file_name(home_type, number)
            try:
                manifest, sha256 = self._shelf.receive(content, file)
                _check_horizon(manifest, horizon_us)
                event = CheckpointImported(
                    received_us=self._clock(),
                    home_type=home_type,
                    version=number,
                    metrics=manifest.metrics,
                    shift=manifest.shift,
                    file=file,
                    sha256=sha256,
                    trained_to_seq=self._trained_to_seq(sha256),
                    trained_to_us=manifest.trained_to_us,
                    by=act.by,
                    why=act.why,
                )
                seq = self._ingest.submit(event).result().seq
            except BaseException as error:
                self._shelf.discard(file)
                if isinstance(error, BadModel):
                    raise RefusedItem("bad_model", f"the body is no checkpoint: {error}") from error
                if isinstance(error, OSError):
                    raise Unavailable(f"the file could not be kept: {error.strerror}") from error
                raise
            finally:
                with self._ingest.lock:
                    self._numbers.settle(home_type, number)
            self._files.forget()
            return ImportReceipt(seq=seq, home_type=home_type, version=number, sha256=sha256)

    def _chosen(self, home_type: str | None, number: int | None) -> Version | None:
        """The version that shall serve, or None for none of its own."""
        with self._ingest.lock:
            views, versions = self._views(), self._ingest.fleet.versions
            views.check(home_type)
            present = versions.own(home_type)
            if number is None:
                before = versions.previous(home_type)
                if before is None:
                    raise Conflict(f"{named(home_type)} has no earlier version that served")
                return before
            if number == 0:
                if present is None:
                    raise Conflict(f"no version of {named(home_type)} serves that could be taken away")
                return None
            if number == BASELINE_NUMBER and home_type is None:
                raise Conflict("version 1 is the baseline, a member of its own; version 0 takes the checkpoint away")
            if present is not None and present.number == number:
                raise Conflict(f"version {number} of {named(home_type)} serves already")
            return views.version(home_type, number)

    def _trained_to_seq(self, sha256: str) -> int:
        """What the same file was trained to, if it was trained here; 0 if it comes from elsewhere."""
        with self._ingest.lock:
            of = self._ingest.fleet.versions.of
            same = [v.trained_to_seq for versions in of.values() for v in versions if v.sha256 == sha256]
        return max(same, default=0)

    def _log(self, act: Act, home_type: str | None) -> DeedReceipt:
        seq = self._ingest.submit(act).result().seq
        with self._ingest.lock:
            return DeedReceipt(seq=seq, model=self._views().serving(home_type))

    def _views(self) -> ModelViews:
        return ModelViews(self._ingest.fleet, self._ingest.panel, self._clock())


def _check_horizon(manifest: Manifest, horizon_us: int) -> None:
    if abs(manifest.horizon_s - horizon_us / 1e6) > 1e-6:
        raise RefusedItem("horizon", f"it was trained for a horizon of {manifest.horizon_s:g} s")
