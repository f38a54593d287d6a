"""Files that the service reads: whatever is in them, a value comes of it or the error that is documented."""

import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from service.contracts.errors import BadBackup, BadModel, BadSetting
from service.contracts.events import SCHEMA, OutcomesLogged, decode_event, encode_event
from service.contracts.outcomes import Repair
from service.jobs.upkeep.manifest import NAME, read_manifest, unpacked
from service.models.artifact import from_arrays, modes_from_arrays, to_arrays
from service.pipeline.instants import utc
from service.pipeline.scoring.snapshot import encode, freeze, thaw
from service.settings import Settings, load_settings
from service.storage.folder import folder_settings, prepare_folder
from service.storage.keys import KeyFile
from service.storage.registry import load_arrays, save_arrays
from service.storage.snapshots import read_snapshot
from tests.decoders.spoil import JUNK, Decoder, spoilt
from tests.models.test_artifact import FOREST, FULL, MODES
from tests.pipeline.scoring.test_snapshot import events
from tests.pipeline.streams import empty_fleet

KEY = b"k" * 32
FOLDER = Settings()
MANIFEST = {
    "schema": SCHEMA, "version": "1.0", "made_us": 5, "first_seq": 1, "last_seq": 9,
    "files": {"events.db": {"bytes": 9, "sha256": "0" * 64, "mode": 0o600}},
}  # fmt: skip
SNAPSHOT = {"kind": "scorer", "seq": 5, "made_with": {"python": "3"}, "sha256": "0" * 64, "mac": "0" * 64}


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _archive() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in (NAME, "models/a.npz"):
            about = tarfile.TarInfo(name)
            about.size = 3
            archive.addfile(about, io.BytesIO(b"abc"))
    return out.getvalue()


def _unpack(path: Path) -> None:
    with unpacked(path, path.parent):
        pass


def _load(path: Path) -> None:
    arrays, manifest = load_arrays(path)
    _, about = from_arrays(arrays, manifest)
    modes_from_arrays(arrays, about)


def _checkpoint(folder: Path) -> bytes:
    save_arrays(folder / "good.npz", to_arrays(FOREST, MODES), msgspec.json.encode(FULL))
    return (folder / "good.npz").read_bytes()


@pytest.fixture(scope="module")
def decoders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Decoder]:
    """All of them; those of files read them from a folder."""
    folder = tmp_path_factory.mktemp("files")

    def file(name: str, read: Any, errors: tuple[type[BaseException], ...], *good: bytes) -> Decoder:
        path = folder / read.__name__.strip("_<>") / name
        path.parent.mkdir(exist_ok=True)

        def decode(content: bytes) -> Any:
            path.write_bytes(content)
            return read(path)

        return Decoder(decode, errors, good)

    def settings_file(path: Path) -> None:
        load_settings({}, config=path)

    def manifest(path: Path) -> None:
        read_manifest(path.parent)

    def made_with(path: Path) -> None:
        folder_settings(path.parent)

    def prepared(path: Path) -> None:
        os.close(prepare_folder(Settings(data_dir=str(path.parent))))

    def keys(path: Path) -> None:
        KeyFile(path.parent).read()

    def snapshot(path: Path) -> None:
        read_snapshot(path, KEY)

    of_folder = {"schema": SCHEMA, "horizon_us": 86_400_000_000, "grace_us": 0, "lateness_us": 0, "seed": 1}
    key = {"name": "ada", "scopes": ["read"], "sha256": "0" * 64, "created_at": "2026-01-01T00:00:00Z"}
    repair = Repair(outcome_id="r", home_id="h", device_id="d", ts=utc(0))
    toml = b'host = "127.0.0.1"\nport = 80\nhorizon = "24h"\nalert_risk = 0.5\nlockstep = true\ntime_zone = "UTC"\n'
    return {
        "settings file": file("hearthbeat.toml", settings_file, (BadSetting,), toml, b"horizon = 5\nseed = 0x5\n"),
        "manifest of a backup": file(NAME, manifest, (BadBackup,), _json(MANIFEST)),
        "archive of a backup": file("backup.tar", _unpack, (BadBackup,), _archive()),
        "what a folder was made with": file("folder.json", made_with, (BadBackup,), _json(of_folder)),
        "folder that is taken": file("folder.json", prepared, (BadSetting,), _json(of_folder)),
        "keys": file("keys.json", keys, (BadSetting,), _json({"form": 1, "keys": [key]})),
        "snapshot": file("a.snapshot", snapshot, (OSError, ValueError), _json(SNAPSHOT) + b"\nstate"),
        "state of the scorer": Decoder(lambda blob: thaw(blob, empty_fleet()), (ValueError,), [_state()]),
        "checkpoint": file("checkpoint.npz", _load, (BadModel,), _checkpoint(folder)),
        "manifest of a checkpoint": Decoder(
            lambda blob: from_arrays(to_arrays(FOREST, MODES), blob), (BadModel,), [msgspec.json.encode(FULL)]
        ),
        "event": Decoder(decode_event, (ValueError,), [encode_event(OutcomesLogged(received_us=5, outcomes=[repair]))]),
    }


def _state() -> bytes:
    fleet = empty_fleet()
    events(fleet, range(3))
    return b"".join(bytes(piece) for piece in encode(freeze(fleet)))


NAMES = (
    "settings file", "manifest of a backup", "archive of a backup", "what a folder was made with", "keys", "snapshot",
    "folder that is taken", "state of the scorer", "checkpoint", "manifest of a checkpoint", "event",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_files_are_read_or_refused(decoders: dict[str, Decoder], name: str) -> None:
    """Junk, and good ones with something else in them."""
    decoder = decoders[name]
    for junk in (*JUNK, bytes([SCHEMA]) + b"\x91" * 20_000):
        decoder.try_on(junk)

    @settings(max_examples=80)
    @given(spoilt(decoder.good))
    def spoil(content: bytes) -> None:
        decoder.try_on(content)

    spoil()
