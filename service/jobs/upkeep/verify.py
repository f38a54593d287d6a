"""Verification: is a backup, or a data folder, whole? It looks at everything, changes nothing, and says what is wrong.

A folder that a service works in may be looked at, too: what is there at the beginning is checked.
"""

import fcntl
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from service.contracts.errors import BadBackup, BadModel, BadSetting, LogDamaged
from service.contracts.events import Act, Event
from service.contracts.ports import LogRecord
from service.jobs.upkeep.manifest import NAME, check_files, unpacked
from service.models.artifact import from_arrays
from service.pipeline.records import decode_record
from service.pipeline.scoring.fleet import FleetState
from service.pipeline.scoring.snapshot import thaw
from service.pipeline.versions import Versions
from service.storage.copies import database_faults
from service.storage.event_log import SqliteEventLog
from service.storage.examples import SqliteExampleStore
from service.storage.folder import FolderSettings, folder_settings
from service.storage.keys import KeyFile
from service.storage.registry import load_arrays
from service.storage.snapshots import folder_key, read_snapshot


class Found(Struct, kw_only=True):
    """What a verification found.

    Attributes:
        what: What was looked at, in a word or two.
        first_seq, last_seq: The events of the log.
        snapshots, models, blocks: How many snapshots, model files and blocks of examples are good.
        faults: What is wrong, in sentences.
    """

    what: str = ""
    first_seq: int = 1
    last_seq: int = 0
    snapshots: int = 0
    models: int = 0
    blocks: int = 0
    faults: list[str] = []


def verify(path: Path) -> Found:
    """Look at a backup (a folder or a tar file) or at a data folder.

    Raises:
        BadBackup: It is neither, or does not match its own manifest.
        OSError: It could not be read.
    """
    if path.is_dir() and not (path / NAME).exists():
        if not (path / "folder.json").is_file():
            raise BadBackup(f"it is neither a backup nor a data folder: it has no {NAME} and no folder.json")
        return _looked_at(path, "data folder of a running service" if _is_held(path) else "data folder")
    with unpacked(path, path.parent) as folder:
        check_files(folder)
        return _looked_at(folder, "backup")


def _is_held(folder: Path) -> bool:
    """Whether a service works in a folder now."""
    try:
        with (folder / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _looked_at(folder: Path, what: str) -> Found:
    found = Found(what=what)
    settings = folder_settings(folder)
    for name in ("events.db", "examples.db"):
        if (folder / name).exists() or name == "events.db":
            found.faults += [f"{name}: {fault}" for fault in database_faults(folder / name)]
    if found.faults:
        return found
    versions, from_seq = _snapshots(folder, settings, found)
    _log(folder, versions, from_seq, found)
    _examples(folder, found)
    _models(folder, versions, found)
    try:
        KeyFile(folder).read()
    except BadSetting as error:
        found.faults.append(str(error))
    return found


def _snapshots(folder: Path, settings: FolderSettings, found: Found) -> tuple[Versions, int]:
    """Read every snapshot; the versions that the newest of the scorer knows, and its event."""
    versions, newest = Versions(), 0
    paths = sorted((folder / "snapshots").glob("*-[0-9]*.snapshot"))
    if not paths:
        return versions, newest
    try:
        if not (folder / "snapshot.key").exists():
            raise OSError("snapshot.key is missing")
        key = folder_key(folder)
    except OSError as error:
        found.faults.append(f"no snapshot can be trusted: {error}")
        return versions, newest
    for path in paths:
        try:
            manifest, state = read_snapshot(path, key)
            if manifest.kind == "scorer":
                fleet = FleetState(horizon_us=settings.horizon_us, slot_us=settings.slot_us)
                thawed = thaw(state, fleet)
                if thawed.seq >= newest:
                    versions, newest = thawed.versions, thawed.seq
            found.snapshots += 1
        except FileNotFoundError:
            continue  # a running service has made a newer one
        except (OSError, ValueError) as error:
            found.faults.append(f"{path.name}: {error}")
    return versions, newest


def _log(folder: Path, versions: Versions, from_seq: int, found: Found) -> None:
    """Read and decode every event, and bring the versions up to date."""
    log = SqliteEventLog(folder / "events.db", read_only=True)
    try:
        found.first_seq, found.last_seq = log.first_seq(), log.last_seq()
        for seq, event in _events(log, found):
            if seq > from_seq and isinstance(event, Act):
                versions.apply(event)
    finally:
        log.close()
    if from_seq and from_seq < found.first_seq - 1:
        found.faults.append(f"events {from_seq + 1} to {found.first_seq - 1} are neither in a snapshot nor in the log")


def _events(log: SqliteEventLog, found: Found) -> Iterator[tuple[int, Event]]:
    after = found.first_seq - 1
    while after < found.last_seq:
        try:
            records = log.read(after)
        except LogDamaged as error:
            if log.first_seq() > after + 1:  # a running service has pruned it
                after = log.first_seq() - 1
                continue
            records = log.read(after, limit=error.seq - 1 - after)  # what is good before it
            last = max((log.following(error.seq - 1) or found.last_seq + 1) - 1, error.seq)
            missing = f"events {error.seq} to {last} are missing from the log"
            found.faults.append(str(error) if last == error.seq else missing)
            yield from _decoded(records, found)
            after = last
            continue
        if not records:
            found.faults.append(f"the log ends at event {after}, and not at {found.last_seq}")
            return
        yield from _decoded(records, found)
        after = records[-1].seq


def _decoded(records: Iterable[LogRecord], found: Found) -> Iterator[tuple[int, Event]]:
    for record in records:
        try:
            yield record.seq, decode_record(record)
        except LogDamaged as error:
            found.faults.append(str(error))


def _examples(folder: Path, found: Found) -> None:
    if not (folder / "examples.db").exists():
        return
    try:
        store = SqliteExampleStore(folder / "examples.db", read_only=True)
    except OSError as error:
        found.faults.append(str(error))
        return
    try:
        for _ in store.walk(up_to_seq=2**62):
            found.blocks += 1
    except ValueError as error:
        found.faults.append(f"examples.db: {error}")
    finally:
        store.close()


def _models(folder: Path, versions: Versions, found: Found) -> None:
    """Load every model's file: its digest as it stands in the log, its parts, and its canary."""
    digests = {version.file: version.sha256 for of_type in versions.of.values() for version in of_type}
    if versions.baseline is not None:
        digests[versions.baseline.file] = versions.baseline.sha256
    there = {path.name for path in (folder / "models").glob("*.npz")}
    for file in sorted(there | set(digests)):
        try:
            from_arrays(*load_arrays(folder / "models" / file, digests.get(file)))
            found.models += 1
        except BadModel as error:
            found.faults.append(str(error) if file in str(error) else f"{file}: {error}")
