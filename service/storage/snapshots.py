"""Snapshots: the state of a fold at a sequence number, kept so that a restart need not fold the whole log.

One file each: a line of JSON (the manifest), then the state, which is given in pieces so that nobody has to put a copy
of a large one together. It is written to a temporary file, made durable, renamed,
and the folder made durable, so a file of the final name is whole. A manifest carries a SHA-256 of the state and a keyed
digest over both; what does not match, or was made by something else, is skipped with a warning for an older one.
"""

import contextlib
import hashlib
import hmac
import logging
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
from msgspec import Struct

from service.contracts.decoding import UNDECODABLE
from service.storage.background import write_gently
from service.storage.durable import sync

Piece = bytes | memoryview
"""A part of a state, in order; contiguous bytes."""

_KEY_BYTES = 32
_LOG = logging.getLogger("hearthbeat.snapshots")


class Manifest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a snapshot says of itself.

    Attributes:
        kind: Of which fold, or part of one.
        seq: The log is folded up to here.
        made_with: Versions that must be the same for the state to be read again.
        sha256: Of the state, in hexadecimal.
        mac: HMAC-SHA-256 of the manifest without it, and the state, under the folder's key.
    """

    kind: str
    seq: int
    made_with: dict[str, str]
    sha256: str
    mac: str = ""


def folder_key(folder: Path) -> bytes:
    """The secret of a data folder, made at first use and readable by its owner only."""
    path = folder / "snapshot.key"
    if not path.exists():
        unfinished = folder / f".key.{os.getpid()}"
        unfinished.touch(mode=0o600)
        with unfinished.open("wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        sync(folder)
    key = path.read_bytes()
    if len(key) != _KEY_BYTES:
        raise OSError(f"{path} is damaged: no snapshot can be trusted; without it all of them are skipped")
    return key


def read_snapshot(path: Path, key: bytes) -> tuple[Manifest, bytes]:
    """The manifest and the state of a snapshot that was signed under a key, by whatever versions it was made.

    Raises:
        OSError: It cannot be read.
        ValueError: It is damaged, or signed under another key.
    """
    with path.open("rb") as file:
        head, state = file.readline(), file.read()
    try:
        manifest = msgspec.json.decode(head, type=Manifest)
    except UNDECODABLE as error:
        raise ValueError(f"it cannot be read ({error})") from None
    mac = _mac(key, msgspec.structs.replace(manifest, mac=""), [state])
    if not hmac.compare_digest(manifest.mac.encode(), mac.encode()):
        raise ValueError("it was changed, or written under another key")
    if hashlib.sha256(state).hexdigest() != manifest.sha256:
        raise ValueError("it does not match its SHA-256")
    return manifest, state


def newest_snapshot(folder: Path, kind: str) -> tuple[int, float] | None:
    """Sequence number and Unix time of the newest snapshot of a kind, or None without one."""
    for path in sorted(folder.glob(f"{kind}-[0-9]*.snapshot"), reverse=True):
        with contextlib.suppress(OSError):  # it was just replaced by a newer one
            return _seq(path), path.stat().st_mtime
    return None


def _mac(key: bytes, bare: Manifest, pieces: Sequence[Piece]) -> str:
    digest = hmac.new(key, msgspec.json.encode(bare), hashlib.sha256)
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _seq(path: Path) -> int:
    return int(path.stem.rsplit("-", 1)[1])


class SnapshotStore:
    """The snapshots of one kind in a folder.

    Args:
        folder: Where they lie; made if it is not there.
        kind: Of which fold.
        key: Under which they are signed.
        made_with: Versions of what reads and writes them.
        keep: How many are kept.
    """

    def __init__(self, folder: Path, kind: str, *, key: bytes, made_with: Mapping[str, str], keep: int = 3) -> None:
        self._folder = folder
        self._kind = kind
        self._key = key
        self._made_with = dict(made_with)
        self._keep = keep
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob(f".{kind}-*.snapshot.*"):  # half written by a process that was killed
            if not Path(f"/proc/{left.suffix[1:]}").exists():
                left.unlink(missing_ok=True)

    def save(self, seq: int, pieces: Sequence[Piece]) -> Path:
        """Keep a state, given in pieces, and drop the oldest beyond the number to keep.

        Raises:
            OSError: It could not be written; the former ones stay.
        """
        digest = hashlib.sha256()
        for piece in pieces:
            digest.update(piece)
        bare = Manifest(kind=self._kind, seq=seq, made_with=self._made_with, sha256=digest.hexdigest())
        signed = msgspec.structs.replace(bare, mac=_mac(self._key, bare, pieces))
        path = self._folder / f"{self._kind}-{seq:016d}.snapshot"
        unfinished = self._folder / f".{path.name}.{os.getpid()}"
        try:
            with unfinished.open("wb") as file:
                write_gently(file, [msgspec.json.encode(signed) + b"\n", *pieces])
            unfinished.replace(path)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        sync(self._folder)
        for old in self._paths()[self._keep :]:
            old.unlink(missing_ok=True)
        return path

    def newest_first(self, up_to_seq: int | None = None) -> Iterator[tuple[int, bytes]]:
        """The good snapshots as (seq, state); others are skipped with a warning."""
        for path in self._paths():
            try:
                manifest, state = read_snapshot(path, self._key)
            except (OSError, ValueError) as error:
                _LOG.warning("snapshot %s is skipped: %s", path.name, error)
                continue
            fault = self._fault(manifest)
            if fault is None and up_to_seq is not None and manifest.seq > up_to_seq:
                fault = f"it is of event {manifest.seq}, and the log ends at {up_to_seq}"
            if fault is None:
                yield manifest.seq, state
            else:
                _LOG.warning("snapshot %s is skipped: %s", path.name, fault)

    def drop_before(self, seq: int) -> None:
        """Remove the snapshots from before an event that forgot something."""
        for path in self._paths():
            if _seq(path) < seq:
                path.unlink(missing_ok=True)
        sync(self._folder)

    def seqs(self) -> list[int]:
        """Sequence numbers of the snapshots there are, the newest first."""
        return [_seq(path) for path in self._paths()]

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob(f"{self._kind}-[0-9]*.snapshot"), reverse=True)

    def _fault(self, manifest: Manifest) -> str | None:
        if manifest.kind != self._kind:
            return f"it is of kind {manifest.kind!r}"
        if manifest.made_with != self._made_with:
            return f"it was made with {manifest.made_with}, this is {self._made_with}"
        return None
