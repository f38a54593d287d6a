"""The registry of models: each a file of plain arrays with a manifest. Loading one verifies it and runs no code."""

import hashlib
import io
import lzma
import math
import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
import numpy.typing as npt

from service.contracts.errors import BadModel
from service.storage.durable import sync

_MANIFEST = "manifest_json"
_SUFFIX = ".npy"
_MOST_BYTES = 256_000_000
"""What a file may unpack to; a hundred times a model's size."""

# Whatever a damaged archive makes the libraries stumble over; an unknown way of packing is a RuntimeError.
_DAMAGES = (
    OSError, ValueError, KeyError, EOFError, TypeError, RuntimeError, SyntaxError, MemoryError, OverflowError,
    BadZipFile, zlib.error, lzma.LZMAError, struct.error,
)  # fmt: skip


def file_name(home_type: str | None, number: int) -> str:
    """Name of the file of a checkpoint of a home type, or (None) of the global one; no two of them are equal."""
    return f"checkpoint-{number}.npz" if home_type is None else f"checkpoint-{number}@{home_type}.npz"


def save_arrays(path: Path, arrays: Mapping[str, npt.NDArray[np.generic]], manifest: bytes) -> str:
    """Write arrays and a JSON manifest to one ``.npz``: a temporary file, fsync, rename, fsync of the folder.

    The same arrays and manifest give the same bytes (the archive's entries carry no date). If it does not succeed,
    nothing is left behind, and a file that was there before stays.

    Returns:
        The SHA-256 of the file, in hexadecimal.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            np.savez_compressed(file, allow_pickle=False, **{_MANIFEST: np.frombuffer(manifest, np.uint8)}, **arrays)
            file.flush()
            os.fsync(file.fileno())
        digest = file_digest(unfinished)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    sync(path.parent)
    return digest


def load_arrays(path: Path, sha256: str | None = None) -> tuple[dict[str, npt.NDArray[np.generic]], bytes]:
    """Read what `save_arrays` wrote.

    Also where no SHA-256 is known, each part is held against the checksum that the archive has of it.

    Raises:
        BadModel: The file is missing, is no such file, or its SHA-256 is another.
    """
    try:
        content = path.read_bytes()
        if sha256 is not None and hashlib.sha256(content).hexdigest() != sha256:
            raise BadModel(f"{path.name} does not match its SHA-256")
        with ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > _MOST_BYTES:
                raise ValueError("it would unpack to far more than a model")
            parts = {
                entry.filename: archive.read(entry) for entry in entries
            }  # whole: only then checksums are looked at
        if len(parts) != len(entries) or not all(name.endswith(_SUFFIX) for name in parts):
            raise ValueError("it holds something other than arrays")
        arrays = {name.removesuffix(_SUFFIX): _array(part) for name, part in parts.items()}
        return arrays, arrays.pop(_MANIFEST).tobytes()
    except _DAMAGES as error:
        raise BadModel(f"{path.name} cannot be loaded: {error}") from error


def _array(part: bytes) -> npt.NDArray[np.generic]:
    """The array of a ``.npy``.

    Raises:
        ValueError: It is none, or one of Python objects.
    """
    file = io.BytesIO(part)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("a part of it is in a format that is not written here")
    shape, by_columns, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject:
        raise ValueError("a part of it holds Python objects, not numbers")
    if math.prod(shape) * dtype.itemsize != len(part) - file.tell():
        raise ValueError("a part of it is longer or shorter than it says")
    flat = np.frombuffer(part, dtype, offset=file.tell())
    return flat.reshape(shape, order="F" if by_columns else "C")


def file_digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
