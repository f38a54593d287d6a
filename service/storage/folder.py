"""The data folder: what it was made with, and who holds it."""

import fcntl
import os
from pathlib import Path

import msgspec

from service.contracts.decoding import UNDECODABLE
from service.contracts.errors import BadBackup, BadSetting
from service.contracts.events import SCHEMA
from service.settings import Settings


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


def prepare_folder(settings: Settings) -> int:
    """Make the data folder, or check that it was made with the same settings, and take it for this process.

    Returns:
        A file descriptor; while it is open no other service takes the folder.

    Raises:
        BadSetting: It cannot be used.
    """
    folder = settings.folder
    ours = FolderSettings(
        schema=SCHEMA,
        horizon_us=settings.horizon_us,
        grace_us=settings.grace_us,
        lateness_us=settings.lateness_us,
        seed=settings.seed,
    )
    path = folder / "folder.json"
    try:
        (folder / "models").mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            raise BadSetting(f"{folder} is in use by another service", field="data_dir") from None
        if not path.exists():
            unfinished = folder / f".folder.{os.getpid()}"
            unfinished.write_bytes(msgspec.json.encode(ours))
            unfinished.replace(path)
        theirs = msgspec.json.decode(path.read_bytes(), type=FolderSettings)
    except (OSError, *UNDECODABLE) as error:
        raise BadSetting(f"{folder} cannot be used: {error}", field="data_dir") from error
    for name in ours.__struct_fields__:
        if getattr(ours, name) != getattr(theirs, name):
            old, new = _shown(name, getattr(theirs, name)), _shown(name, getattr(ours, name))
            detail = f"{folder} was made with {name.removesuffix('_us')} {old}, not {new}; use another, or that setting"
            raise BadSetting(detail, field="data_dir")
    return lock


def _shown(name: str, value: int) -> str:
    return f"{value / 3.6e9:g}h" if name.endswith("_us") else str(value)
