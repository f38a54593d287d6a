"""The registry of models: each a file of plain arrays with a manifest. Loading one verifies it and runs no code."""

import hashlib
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from service.contracts.errors import BadModel

_MANIFEST = "manifest_json"


def save_arrays(path: Path, arrays: Mapping[str, npt.NDArray[np.generic]], manifest: bytes) -> str:
    """Write arrays and a JSON manifest to one ``.npz``: a temporary file, fsync, rename, fsync of the folder.

    Returns:
        The SHA-256 of the file, in hexadecimal.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with unfinished.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **{_MANIFEST: np.frombuffer(manifest, np.uint8)}, **arrays)
        file.flush()
        os.fsync(file.fileno())
    digest = file_digest(unfinished)
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return digest


def load_arrays(path: Path, sha256: str | None = None) -> tuple[dict[str, npt.NDArray[np.generic]], bytes]:
    """Read what `save_arrays` wrote.

    Raises:
        BadModel: The file is missing, is no such file, or its SHA-256 is another.
    """
    try:
        if sha256 is not None and file_digest(path) != sha256:
            raise BadModel(f"{path.name} does not match its SHA-256")
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return arrays, arrays.pop(_MANIFEST).tobytes()
    except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile, zlib.error) as error:
        raise BadModel(f"{path.name} cannot be loaded: {error}") from error


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
