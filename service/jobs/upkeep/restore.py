"""The restoration: a data folder of a backup, all of it or nothing."""

import os
import shutil
from pathlib import Path

from service.contracts.errors import BadBackup
from service.jobs.upkeep.manifest import BackupManifest, check_files, unpacked
from service.storage.durable import sync


def restore(backup: Path, data: Path) -> BackupManifest:
    """Make a data folder of a backup once all of its digests are right.

    Raises:
        BadBackup: The folder is not empty, or the backup is none, damaged, or of another schema. Nothing is changed.
        OSError: It could not be read or written. Nothing is changed.
    """
    if data.exists() and (not data.is_dir() or any(data.iterdir())):
        raise BadBackup(f"{data} is not empty; restore to a folder that is, or is not there yet")
    data.parent.mkdir(parents=True, exist_ok=True)
    unfinished = data.with_name(f".{data.name}.{os.getpid()}.unfinished")
    try:
        with unpacked(backup, data.parent) as source:
            manifest = check_files(source)
            unfinished.mkdir(mode=0o700)
            for folder in ("models", "snapshots"):
                (unfinished / folder).mkdir()
            for name, entry in manifest.files.items():
                target = unfinished / name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.touch(mode=0o600)
                shutil.copyfile(source / name, target)
                target.chmod(entry.mode)
                sync(target)
        for folder in ("models", "snapshots", "."):
            sync(unfinished / folder)
        if data.exists():
            data.rmdir()
        unfinished.rename(data)
        sync(data.parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return manifest
