"""Starts that are refused: one line that names the thing, a status that is not 0, and nothing left behind."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.__main__ import serve
from service.contracts.events import SCHEMA
from tests.acceptance.disks import disk
from tests.service_process import ROOT

FOLDER = {
    "schema": SCHEMA,
    "horizon_us": 86_400_000_000,
    "grace_us": 3_600_000_000,
    "lateness_us": 1_800_000_000,
    "seed": 1,
}


def tree(folder: Path) -> dict[str, bytes | None]:
    """All that is in a folder."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def told(error: str) -> str:
    """The one line of a refusal."""
    assert error.startswith("hearthbeat: ")
    assert 1 == error.count("\n")
    assert "Traceback" not in error
    return error


def refused(folder: Path, capsys: pytest.CaptureFixture[str], **flags: Any) -> str:
    """What a start says that ends at once; it must leave the folder around its data as it was."""
    before = tree(folder)
    chosen: dict[str, Any] = {"data": str(folder / "data"), "port": 0, "baseline": "off"}
    with pytest.raises(SystemExit) as caught:
        serve(**(chosen | flags))
    assert 2 == caught.value.code
    assert before == tree(folder)
    out, error = capsys.readouterr()
    assert "" == out
    return told(error)


def test_folder_that_nothing_can_be_written_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On a read-only file system, whether the folder is there or not."""
    with disk(tmp_path / "disk", "ro") as there:
        assert "data_dir" in (line := refused(there, capsys))
        assert "read-only" in line
        assert "read-only" in refused(there, capsys, data=str(there))


def test_folder_on_a_full_disk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It does not begin what it could not finish."""
    with disk(tmp_path / "disk", "size=512k") as there:
        line = refused(there, capsys)
    assert "data_dir" in line
    assert "the disk is full" in line


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (json.dumps(FOLDER | {"schema": SCHEMA - 1}), (f"schema {SCHEMA - 1}", f"schema {SCHEMA}")),
        (json.dumps({"schema": SCHEMA + 1, "of": "the future"}), (f"schema {SCHEMA + 1}",)),
        (json.dumps(FOLDER | {"seed": 7}), ("seed 7",)),
        ("nonsense", ("folder.json cannot be read",)),
        ("", ("folder.json cannot be read",)),
    ],
)
def test_folder_of_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, words: tuple[str, ...]
) -> None:
    """One that another version, or other settings, or nobody made."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "folder.json").write_text(content)
    line = refused(tmp_path, capsys)
    assert [] == [word for word in ("data_dir", *words) if word not in line]


def test_folder_that_is_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is named."""
    (tmp_path / "data").touch()
    assert "data is no folder" in refused(tmp_path, capsys)


def test_damaged_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody comes in by chance."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "keys.json").write_text("{")
    assert "keys.json is damaged" in refused(tmp_path, capsys)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_address_beyond_loopback_without_a_key(tmp_path: Path, capsys: pytest.CaptureFixture[str], host: str) -> None:
    """What to do about it is said."""
    line = refused(tmp_path, capsys, host=host)
    assert f"host: {host} can be reached from other machines" in line
    assert "keys create" in line


def test_occupied_port(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With its number."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused(tmp_path, capsys, port=port)
    assert f"port: cannot listen on 127.0.0.1:{port}" in line


@pytest.mark.parametrize(
    ("flags", "field"),
    [({"horizon": "soon"}, "horizon"), ({"port": 70_000}, "port"), ({"host": "no such host."}, "host")],
)
def test_bad_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: Any, field: str) -> None:
    """By the name of the field."""
    assert f"hearthbeat: {field}: " in refused(tmp_path, capsys, **flags)


@pytest.fixture
def started(tmp_path: Path) -> Callable[..., str]:
    """Starts a process of its own, without kernels from elsewhere, which must refuse; gives what it says."""

    def start(*flags: str) -> str:
        command = [sys.executable, "-m", "service", "serve", "--port", "0", "--baseline", "off"]
        environment = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
        done = subprocess.run(
            [*command, "--data", str(tmp_path / "data"), *flags],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert (2, "") == (done.returncode, done.stdout)
        return told(done.stderr)

    return start


def test_damaged_log(tmp_path: Path, started: Callable[..., str]) -> None:
    """The file is named, and stays as it is."""
    (tmp_path / "data").mkdir()
    junk = b"no database" * 1_000
    (tmp_path / "data" / "events.db").write_bytes(junk)
    assert "events.db is no event log" in started()
    assert junk == (tmp_path / "data" / "events.db").read_bytes()


def test_nothing_is_left_of_a_late_refusal(tmp_path: Path, started: Callable[..., str]) -> None:
    """Also not the folder of compiled kernels, which is made before all else of it."""
    (tmp_path / "hearthbeat.toml").write_text('train_cron = "every night"\n')
    assert "train_cron" in started("--config", str(tmp_path / "hearthbeat.toml"))
    assert ["hearthbeat.toml"] == [path.name for path in tmp_path.iterdir()]
