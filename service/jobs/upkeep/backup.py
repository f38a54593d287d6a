"""The backup: a consistent copy of a data folder, of a service that runs or does not, which is not held up by it.

The log is copied first, up to an event L. All else is copied such that it fits to a log that ends there: snapshots not
newer than L, matured examples without those of later events, the models' files. What is missing is made again of the
log. Everything is written under another name and made durable before it gets its own, so a copy that was cut off
is none.
"""

import os
import shutil
import tarfile
import time
from pathlib import Path

import msgspec

from service import __version__
from service.contracts.errors import BadBackup
from service.contracts.events import SCHEMA
from service.jobs.upkeep.manifest import NAME, BackupManifest, entry_of
from service.storage.copies import copy_examples, copy_log
from service.storage.durable import sync
from service.storage.event_log import SqliteEventLog
from service.storage.folder import folder_settings
from service.storage.starts import NAME as STARTS

_KINDS = ("scorer", "models", "learner")
_SECRET = ("keys.json", "snapshot.key")
_TRIES = 5


def back_up(data: Path, out: Path) -> BackupManifest:
    """Copy a data folder to a new folder, or to a tar file if the name ends in ``.tar``.

    Raises:
        BadBackup: ``data`` is no data folder, ``out`` is there already, or nothing fits to the log.
        OSError: It could not be read or written. Nothing of the name ``out`` is left.
    """
    folder_settings(data)
    if out.exists():
        raise BadBackup(f"{out} is there already")
    out.parent.mkdir(parents=True, exist_ok=True)
    for left in out.parent.glob(f".{out.name}.*.unfinished*"):  # of one that was killed
        if not Path(f"/proc/{left.name.removeprefix(f'.{out.name}.').split('.')[0]}").exists():
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
    unfinished = out.with_name(f".{out.name}.{os.getpid()}.unfinished")
    packed = unfinished.with_name(unfinished.name + ".tar")
    try:
        unfinished.mkdir(mode=0o700)
        manifest = _copied(data, unfinished)
        if out.suffix == ".tar":
            _pack(unfinished, packed)
            packed.rename(out)
        else:
            unfinished.rename(out)
        sync(out.parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
        packed.unlink(missing_ok=True)
    return manifest


def _copied(data: Path, place: Path) -> BackupManifest:
    (place / "snapshots").mkdir()
    (place / "models").mkdir()
    log = SqliteEventLog(data / "events.db", read_only=True)
    try:
        for _ in range(_TRIES):
            first, last = copy_log(log, place / "events.db")
            if _copy_snapshots(data / "snapshots", place / "snapshots", last) or first == 1:
                break
        else:
            raise BadBackup("the log does not begin at event 1, and the snapshots do not fit to its copy")
    finally:
        log.close()
    if (data / "examples.db").exists():
        copy_examples(data / "examples.db", place / "examples.db", up_to_seq=last)
    for model in sorted((data / "models").glob("*.npz")):
        _copy(model, place / "models" / model.name)
    for name in _SECRET:
        if _copy(data / name, place / name):
            (place / name).chmod(0o600)  # whatever somebody made of it there
    for name in ("folder.json", STARTS):
        _copy(data / name, place / name)
    files = sorted(path for path in place.rglob("*") if path.is_file())
    manifest = BackupManifest(
        schema=SCHEMA,
        version=__version__,
        made_us=time.time_ns() // 1000,
        first_seq=first,
        last_seq=last,
        files={str(path.relative_to(place)): entry_of(path) for path in files},
    )
    for path in files:
        sync(path)
    (place / NAME).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    for folder in (place / NAME, place / "snapshots", place / "models", place):
        sync(folder)
    return manifest


def _copy_snapshots(source: Path, target: Path, last: int) -> bool:
    """Copy the snapshots that are not newer than an event; whether there is one of each fold, with its models."""
    kept: dict[str, set[int]] = {kind: set() for kind in _KINDS}
    for kind in _KINDS:
        for path in sorted(source.glob(f"{kind}-[0-9]*.snapshot")):
            seq = int(path.stem.rsplit("-", 1)[1])
            if seq <= last and _copy(path, target / path.name):
                kept[kind].add(seq)
    return bool(kept["scorer"]) and not kept["models"].isdisjoint(kept["learner"])


def _copy(source: Path, target: Path) -> bool:
    """Copy a file with its permissions; whether it was still there."""
    try:
        mode = source.stat().st_mode & 0o777
        with source.open("rb") as file:
            target.touch(mode=0o600)
            with target.open("wb") as copy:
                shutil.copyfileobj(file, copy, 1_048_576)
        target.chmod(mode)
    except FileNotFoundError:
        target.unlink(missing_ok=True)
        return False
    return True


def _pack(folder: Path, packed: Path) -> None:
    packed.touch(mode=0o600)
    with packed.open("wb") as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            for path in sorted(folder.rglob("*")):
                archive.add(path, str(path.relative_to(folder)), recursive=False)
        file.flush()
        os.fsync(file.fileno())
