"""Keys of the API at rest: a file in the data folder with the digest of each key, never the key itself.

A key is 256 random bits. Nobody can try that many, so a plain SHA-256 keeps it: salts and slow functions, as for
passwords, slow down guessing, and would cost every request milliseconds. Who reads the file learns nothing to send.
"""

import contextlib
import fcntl
import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from service.contracts.access import KeyName, Scope
from service.contracts.decoding import UNDECODABLE
from service.contracts.errors import BadSetting, Conflict, NotKnown
from service.storage.durable import sync

PREFIX: Final = "hb_"
"""Each key begins like this, so that people, and tools that look for leaked secrets, know one when they see it."""

_RANDOM_BYTES = 32
_FORM = 1

Stamp = tuple[int, int, int]
"""Inode, size and instant of a file's last change: another one, another content."""


class Key(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key as it is kept.

    Attributes:
        name: Whose it is; stays taken once the key is revoked, so that a name in a log means one key for ever.
        scopes: What it is for.
        sha256: Digest of the key, in hexadecimal.
        created_at: When it was made.
        revoked_at: When it was revoked, or None while it is good.
    """

    name: KeyName
    scopes: Annotated[list[Scope], Meta(min_length=1)]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    created_at: datetime
    revoked_at: datetime | None = None


class _Content(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    form: int
    keys: list[Key]


def digest_of(key: bytes) -> bytes:
    """SHA-256 of a key as it is sent."""
    return hashlib.sha256(key).digest()


class KeyFile:
    """``keys.json`` of a data folder, written by the command line, read by the service.

    Args:
        folder: The data folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "keys.json"

    def stamp(self) -> Stamp | None:
        """Changes whenever the file does; None while there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns

    def read(self) -> list[Key]:
        """All keys, also revoked ones, the oldest first; none without a file.

        Raises:
            BadSetting: The file cannot be read, or is none of ours.
        """
        try:
            content = msgspec.json.decode(self.path.read_bytes(), type=_Content)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise BadSetting(f"{self.path} cannot be read: {error.strerror}", field="data_dir") from None
        except UNDECODABLE:  # what is in it is not for the log
            raise BadSetting(
                f"{self.path} is damaged; restore it, or remove it and make new keys", field="data_dir"
            ) from None
        if content.form != _FORM:
            raise BadSetting(f"{self.path} was made by another version", field="data_dir")
        return content.keys

    def create(self, name: str, scopes: Sequence[Scope], now: datetime) -> str:
        """Make a key and return it. It is told this once; only its digest is kept.

        Raises:
            BadSetting: The name cannot be used, there is no scope, or the file cannot be read or written.
            Conflict: There is, or was, a key of that name.
        """
        with self._changing() as keys:
            if any(key.name == name for key in keys):
                raise Conflict(f"there is a key {name!r} already, perhaps a revoked one; choose another name")
            token = PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
            made = {
                "name": name,
                "scopes": sorted(set(scopes)),
                "sha256": digest_of(token.encode()).hex(),
                "created_at": now,
            }
            try:
                keys.append(msgspec.convert(made, Key))
            except msgspec.ValidationError as error:
                field = "scope" if "scopes" in str(error) else "name"
                what = "name at least one scope" if field == "scope" else f"{name!r} is no name; {_NAME_RULE}"
                raise BadSetting(what, field=field) from None
        return token

    def revoke(self, name: str, now: datetime) -> bool:
        """Revoke a key; returns whether it was good until now.

        Raises:
            NotKnown: There is none of that name.
            BadSetting: The file cannot be read or written.
        """
        with self._changing() as keys:
            for place, key in enumerate(keys):
                if key.name == name:
                    if key.revoked_at is None:
                        keys[place] = msgspec.structs.replace(key, revoked_at=now)
                    return key.revoked_at is None
            raise NotKnown(f"there is no key {name!r}")

    @contextlib.contextmanager
    def _changing(self) -> Iterator[list[Key]]:
        """The keys, to be changed in place; they are written afterwards, if nothing was raised. One at a time."""
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(folder, os.O_RDONLY)  # the folder itself, so that no further file is left, of whatever owner
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                keys = self.read()
                before = list(keys)
                yield keys
                if keys != before:
                    self._write(keys)
            finally:
                os.close(lock)
        except OSError as error:
            raise BadSetting(f"{self.path} cannot be written: {error.strerror}", field="data_dir") from None

    def _write(self, keys: list[Key]) -> None:
        folder = self.path.parent
        unfinished = folder / f".keys.{os.getpid()}"
        unfinished.unlink(missing_ok=True)
        place = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(place, "wb") as file:
                if os.geteuid() == 0:  # made by root, the service could not read it
                    owner = folder.stat()
                    os.fchown(file.fileno(), owner.st_uid, owner.st_gid)
                file.write(msgspec.json.format(msgspec.json.encode(_Content(form=_FORM, keys=keys))) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self.path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        sync(folder)


_NAME_RULE = "letters, digits, dots and hyphens, the first a letter or digit, at most 64"
