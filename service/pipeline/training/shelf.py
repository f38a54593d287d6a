"""The shelf: checkpoints loaded from their files, each verified once. What is damaged does not serve."""

import hashlib
import os
from collections.abc import Collection
from pathlib import Path

from service.contracts.errors import BadModel
from service.models.artifact import Manifest, from_arrays, modes_from_arrays
from service.models.bound import ReadyModel
from service.pipeline.scoring.score import Panel
from service.storage.durable import sync
from service.storage.registry import load_arrays

_OURS = ("checkpoint-*.npz", ".checkpoint-*", ".imported-*")
"""Files in the model folder that only checkpoints leave there, finished and unfinished."""


class Shelf:
    """The model folder.

    Args:
        folder: Where the files are.
        panel: Is given what is loaded.
    """

    def __init__(self, folder: Path, panel: Panel) -> None:
        self.folder = folder
        self._panel = panel

    def fetch(self, file: str, sha256: str) -> None:
        """Load a checkpoint, unless it is loaded already.

        Raises:
            BadModel: It is missing or damaged, or does not give the risks that it should.
        """
        if not self._panel.has(sha256):
            arrays, manifest = load_arrays(self.folder / file, sha256)
            model, about = from_arrays(arrays, manifest)
            self._panel.shelve(ReadyModel(model), sha256, modes_from_arrays(arrays, about))

    def manifest(self, file: str, sha256: str) -> Manifest:
        """What a checkpoint says of itself.

        Raises:
            BadModel: See `fetch`.
        """
        _, manifest = from_arrays(*load_arrays(self.folder / file, sha256))
        return manifest

    def content(self, file: str, sha256: str) -> bytes:
        """A checkpoint's file as it is.

        Raises:
            BadModel: See `fetch`.
        """
        self.manifest(file, sha256)
        try:
            return (self.folder / file).read_bytes()
        except OSError as error:
            raise BadModel(f"{file} cannot be read: {error.strerror}") from error

    def receive(self, content: bytes, file: str) -> tuple[Manifest, str]:
        """Put a checkpoint made elsewhere on the shelf, once it is known to be good.

        Args:
            content: Of its file.
            file: The name that it gets here.

        Returns:
            What it says of itself, and the SHA-256 of the file.

        Raises:
            BadModel: It is none. Nothing is left of it.
            OSError: It could not be written. Nothing is left of it.
        """
        path = self.folder / file
        unfinished = self.folder / f".imported-{file}"
        try:
            with unfinished.open("wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            sha256 = hashlib.sha256(content).hexdigest()
            manifest = self.manifest(unfinished.name, sha256)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        sync(self.folder)
        return manifest, sha256

    def discard(self, file: str) -> None:
        """Remove a file, if it is there."""
        (self.folder / file).unlink(missing_ok=True)

    def discard_unfinished(self) -> None:
        """Remove what a trainer that is gone had begun to write."""
        for path in self.folder.glob(".checkpoint-*"):
            path.unlink(missing_ok=True)

    def sweep(self, keep: Collection[str]) -> None:
        """Remove all checkpoints' files but those to keep. Nothing may be in the making."""
        for pattern in _OURS:
            for path in self.folder.glob(pattern):
                if path.name not in keep:
                    path.unlink(missing_ok=True)
