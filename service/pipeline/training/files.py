"""The files of checkpoints: loaded after a start, removed when no version has them, and what ails those that serve."""

import logging
import threading
from collections.abc import Callable

from service.contracts.errors import BadModel
from service.contracts.events import RolledBack
from service.pipeline.scoring.ingest import Ingest
from service.pipeline.training.shelf import Shelf
from service.pipeline.versions import GLOBAL

_LOG = logging.getLogger("hearthbeat.training")

SERVICE = "service"
"""Who acts where the service does it by itself."""


class ModelFiles:
    """The model folder, held to what the log says of it.

    Args:
        ingest: Whose fold says which versions there are.
        shelf: The folder.
        clock: Microseconds since the epoch.
    """

    def __init__(self, ingest: Ingest, shelf: Shelf, clock: Callable[[], int]) -> None:
        self._ingest = ingest
        self._shelf = shelf
        self._clock = clock
        self._known: set[str] = set()
        self._forgetting = threading.Lock()
        self._ails: dict[str, str] = {}

    def recover(self) -> None:
        """After a start: load every version that serves, and remove the files that no version has.

        A damaged version makes place for the one before it. The fold must be complete, and nothing may train yet.
        """
        versions = self._ingest.fleet.versions
        for key in sorted(versions.of):
            while (serving := versions.own(key)) is not None:
                try:
                    self._shelf.fetch(serving.file, serving.sha256)
                    break
                except BadModel as error:
                    what = f"version {serving.number} of {named(key or None)} is damaged: {error}"
                    self._ails.setdefault(key, what)
                    _LOG.warning("%s", what)
                    before = versions.previous(key)
                    act = RolledBack(
                        received_us=self._clock(),
                        home_type=key or None,
                        version=before.number if before is not None else 0,
                        by=SERVICE,
                        why=what,
                    )
                    self._ingest.submit(act).result()
        self._known = versions.files()
        self._shelf.sweep(self._known)

    def forget(self) -> None:
        """Remove the files of versions that are remembered no longer. Those that never were may be in the making."""
        with self._forgetting:
            with self._ingest.lock:
                remembered = self._ingest.fleet.versions.files()
            for file in self._known - remembered:
                self._shelf.discard(file)
            self._known = remembered

    def ails(self) -> list[str]:
        """What was found damaged since the start and has not been replaced since, in sentences."""
        return list(self._ails.values())

    def mended(self, home_type: str | None) -> None:
        """Another version serves now, by a training or by somebody's choice."""
        self._ails.pop(home_type or GLOBAL, None)


def named(home_type: str | None) -> str:
    """A home type's checkpoint, or the global one, in a sentence."""
    return "the global checkpoint" if home_type is None else f"home type {home_type}"
