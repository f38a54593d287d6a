"""The manifest of a backup: which files belong to it, with their digests, and what they are of."""

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from msgspec import Struct

from service.contracts.decoding import UNDECODABLE
from service.contracts.errors import BadBackup
from service.contracts.events import SCHEMA
from service.storage.registry import file_digest

NAME = "backup.json"
"""The manifest's file; written last, so what has none is no backup."""


class FileEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file of a backup: its size in bytes, its SHA-256 and its permissions."""

    bytes: int
    sha256: str
    mode: int


class BackupManifest(Struct, frozen=True, kw_only=True):
    """What a backup says of itself.

    Attributes:
        schema: Of its events.
        version: Of the program that made it.
        made_us: When, in microseconds since the epoch.
        first_seq, last_seq: The events in it; ``first_seq`` is one more than ``last_seq`` where there is none.
        files: All other files, by path.
    """

    schema: int
    version: str
    made_us: int
    first_seq: int
    last_seq: int
    files: dict[str, FileEntry]


def entry_of(path: Path) -> FileEntry:
    """What the manifest says of a file as it lies there."""
    about = path.stat()
    return FileEntry(bytes=about.st_size, sha256=file_digest(path), mode=about.st_mode & 0o777)


def check_files(folder: Path) -> BackupManifest:
    """Hold an unpacked backup against its manifest.

    Raises:
        BadBackup: It is none, of another schema, or a file is missing, too many or changed.
    """
    manifest = read_manifest(folder)
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()} - {NAME}
    for name in sorted(there ^ set(manifest.files)):
        raise BadBackup(f"{name} {'is missing' if name in manifest.files else 'does not belong to it'}")
    for name, entry in manifest.files.items():
        path = folder / name
        if path.is_symlink() or path.stat().st_size != entry.bytes or file_digest(path) != entry.sha256:
            raise BadBackup(f"{name} is not what was backed up: its SHA-256 or its size is another")
    return manifest


def read_manifest(folder: Path) -> BackupManifest:
    """The manifest of an unpacked backup.

    Raises:
        BadBackup: There is none, or it is of another schema.
    """
    try:
        manifest = msgspec.json.decode((folder / NAME).read_bytes(), type=BackupManifest)
    except OSError:
        raise BadBackup(f"it is no backup: it has no {NAME}") from None
    except UNDECODABLE as error:
        raise BadBackup(f"{NAME} cannot be read: {error}") from None
    if manifest.schema != SCHEMA:
        raise BadBackup(
            f"it holds events of schema {manifest.schema}, made by version {manifest.version}; this program reads "
            f"schema {SCHEMA}"
        )
    return manifest


@contextmanager
def unpacked(backup: Path, beside: Path) -> Iterator[Path]:
    """The folder of a backup; one in a tar file is unpacked into a folder in ``beside`` that goes afterwards.

    Raises:
        BadBackup: It is neither a folder nor a tar file of plain files.
    """
    if backup.is_dir():
        yield backup
        return
    if not backup.is_file():
        raise BadBackup("there is no such folder or file")
    with TemporaryDirectory(prefix=f".{backup.name}.", dir=beside) as place:
        try:
            with tarfile.open(backup, "r:") as archive:
                archive.extractall(place, filter="data")
        except (tarfile.TarError, OSError, EOFError) as error:
            raise BadBackup(f"it cannot be unpacked: {error}") from None
        yield Path(place)
