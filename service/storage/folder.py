"""The data folder: what it was made with, and who holds it."""

import fcntl
import os
from pathlib import Path
from typing import Final

import msgspec

from service.contracts.decoding import UNDECODABLE
from service.contracts.errors import BadBackup, BadSetting
from service.contracts.events import SCHEMA
from service.settings import Settings

LEAST_ROOM_BYTES: Final = 1_000_000
"""With less room on the disk a start would end half-way; it is refused before it begins."""

_NAME = "folder.json"


class _Schema(msgspec.Struct, frozen=True):
    schema: int


class FolderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a data folder was made with; it cannot be changed afterwards, since the log depends on it."""

    schema: int
    horizon_us: int
    grace_us: int
    lateness_us: int
    seed: int

    @property
    def slot_us(self) -> int:
        """Width of a slot in microseconds."""
        return max(self.horizon_us // 48, 1)


def folder_settings(folder: Path) -> FolderSettings:
    """What a data folder, or a backup of one, was made with.

    Raises:
        BadBackup: It is none, or of another schema.
    """
    try:
        settings = msgspec.json.decode((folder / "folder.json").read_bytes(), type=FolderSettings)
    except OSError:
        raise BadBackup(f"{folder} is no data folder: it has no folder.json") from None
    except UNDECODABLE as error:
        raise BadBackup(f"folder.json cannot be read: {error}") from None
    if settings.schema != SCHEMA:
        raise BadBackup(f"it holds events of schema {settings.schema}; this program reads schema {SCHEMA}")
    return settings


def check_folder(settings: Settings) -> None:
    """Look whether the data folder can be used, before anything is made in it or for it.

    Raises:
        BadSetting: It cannot: it is none, nothing can be written there, or it was made with other settings.
    """
    folder = settings.folder
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    try:
        about = os.statvfs(there)
        why = None
        if not there.is_dir():
            why = f"{there} is no folder"
        elif about.f_flag & os.ST_RDONLY:
            why = f"{there} is on a file system that is read-only"
        elif not os.access(there, os.W_OK | os.X_OK):
            why = f"{there} may not be written to by this user"
        elif about.f_bavail * about.f_frsize < LEAST_ROOM_BYTES:
            room = about.f_bavail * about.f_frsize
            why = f"the disk is full: {room} bytes are left at {there}, and {LEAST_ROOM_BYTES} are needed to start"
        if why is not None:
            raise BadSetting(f"{folder} cannot be used: {why}", field="data_dir")
        if (folder / _NAME).exists():
            _compare(folder, _made_with(folder / _NAME), _ours(settings))
    except OSError as error:
        raise BadSetting(f"{folder} cannot be used: {error}", field="data_dir") from error


def prepare_folder(settings: Settings) -> int:
    """Make the data folder, or check that it was made with the same settings, and take it for this process.

    Returns:
        A file descriptor; while it is open no other service takes the folder.

    Raises:
        BadSetting: It cannot be used.
    """
    folder, path = settings.folder, settings.folder / _NAME
    try:
        (folder / "models").mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise BadSetting(f"{folder} is in use by another service", field="data_dir") from None
        try:
            if not path.exists():
                _write(path, _ours(settings))
            _compare(folder, _made_with(path), _ours(settings))
        except BaseException:
            os.close(lock)
            raise
    except OSError as error:
        raise BadSetting(f"{folder} cannot be used: {error}", field="data_dir") from error
    return lock


def _ours(settings: Settings) -> FolderSettings:
    return FolderSettings(
        schema=SCHEMA,
        horizon_us=settings.horizon_us,
        grace_us=settings.grace_us,
        lateness_us=settings.lateness_us,
        seed=settings.seed,
    )


def _write(path: Path, ours: FolderSettings) -> None:
    unfinished = path.with_name(f".folder.{os.getpid()}")
    try:
        unfinished.write_bytes(msgspec.json.encode(ours))
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def _made_with(path: Path) -> FolderSettings:
    try:
        content = path.read_bytes()
        schema = msgspec.json.decode(content, type=_Schema).schema
        if schema != SCHEMA:
            raise BadSetting(_other_schema(path.parent, schema), field="data_dir")
        return msgspec.json.decode(content, type=FolderSettings)
    except UNDECODABLE as error:
        raise BadSetting(f"{path} cannot be read: {error}", field="data_dir") from error


def _compare(folder: Path, theirs: FolderSettings, ours: FolderSettings) -> None:
    for name in ours.__struct_fields__:
        if getattr(ours, name) != getattr(theirs, name):
            old, new = _shown(name, getattr(theirs, name)), _shown(name, getattr(ours, name))
            detail = f"{folder} was made with {name.removesuffix('_us')} {old}, not {new}; use another, or that setting"
            raise BadSetting(detail, field="data_dir")


def _other_schema(folder: Path, schema: int) -> str:
    return f"{folder} holds events of schema {schema}, and this program reads schema {SCHEMA}; use another folder"


def _shown(name: str, value: int) -> str:
    return f"{value / 3.6e9:g}h" if name.endswith("_us") else str(value)
