"""The shelf: checkpoints loaded from their files, each verified once. What is damaged does not serve."""

from pathlib import Path

from service.models.artifact import Manifest, from_arrays, modes_from_arrays
from service.models.bound import ReadyModel
from service.pipeline.scoring.score import Panel
from service.storage.registry import load_arrays


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
