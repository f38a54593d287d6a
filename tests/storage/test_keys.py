"""Keys at rest."""

import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from service.contracts.errors import BadSetting, Conflict, NotKnown
from service.storage.keys import KeyFile, digest_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_only_digests_are_kept(tmp_path: Path) -> None:
    """A key is told once; the file, its owner's alone, holds its digest, name and scopes."""
    file = KeyFile(tmp_path / "new" / "folder")
    token = file.create("ada", ["read", "ingest", "read"], NOW)
    (key,) = file.read()

    assert (len(token), "hb_") == (46, token[:3])
    assert ("ada", ["ingest", "read"], digest_of(token.encode()).hex()) == (key.name, key.scopes, key.sha256)
    assert token not in file.path.read_text()
    assert 0o600 == stat.S_IMODE(file.path.stat().st_mode)
    assert ["keys.json"] == [path.name for path in file.path.parent.iterdir()]


def test_a_name_means_one_key_for_ever(tmp_path: Path) -> None:
    """Also once it is revoked, which can be said twice."""
    file = KeyFile(tmp_path)
    file.create("ada", ["read"], NOW)
    assert [True, False] == [file.revoke("ada", NOW), file.revoke("ada", NOW)]
    with pytest.raises(Conflict):
        file.create("ada", ["read"], NOW)
    with pytest.raises(NotKnown):
        file.revoke("bob", NOW)


def test_the_stamp_changes_with_the_file(tmp_path: Path) -> None:
    """Also when its size stays the same."""
    file = KeyFile(tmp_path)
    stamps = [file.stamp()]
    for name in ("a", "b"):
        file.create(name, ["read"], NOW)
        stamps.append(file.stamp())
    assert 3 == len(set(stamps))
    assert stamps[0] is None


@pytest.mark.parametrize("name", ["", " ", "a b", "-a", "../a", "a\n", "ä", "a" * 65])
def test_names_are_plain(tmp_path: Path, name: str) -> None:
    """They stand in lists and logs."""
    with pytest.raises(BadSetting, match="name"):
        KeyFile(tmp_path).create(name, ["read"], NOW)
    assert [] == KeyFile(tmp_path).read()


def test_a_key_is_for_something(tmp_path: Path) -> None:
    """No scope is refused."""
    with pytest.raises(BadSetting, match="scope"):
        KeyFile(tmp_path).create("a", [], NOW)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"form": 2, "keys": []}', b"\xff", b'{"form":1,"keys":[{}]}'])
def test_a_damaged_file_is_named_and_left(tmp_path: Path, content: bytes) -> None:
    """It is neither taken for an empty one nor written over."""
    file = KeyFile(tmp_path)
    file.path.write_bytes(content)
    for act in (file.read, lambda: file.create("a", ["read"], NOW), lambda: file.revoke("a", NOW)):
        with pytest.raises(BadSetting, match=r"keys\.json"):
            act()
    assert content == file.path.read_bytes()


def _create(folder: Path, name: str) -> None:
    KeyFile(folder).create(name, ["read"], NOW)


def test_none_is_lost_when_many_are_made_at_once(tmp_path: Path) -> None:
    """Two that write at the same time wait for each other."""
    names = [f"n{n}" for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        assert 8 == len({*pool.map(lambda name: KeyFile(tmp_path).create(name, ["read"], NOW), names)})
    assert names == sorted(key.name for key in KeyFile(tmp_path).read())
