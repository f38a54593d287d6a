"""A backup of a service that runs, restored elsewhere: it goes on as the original did from there."""

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apsw
import httpx
import pytest

from service.contracts.errors import BadBackup
from service.contracts.ports import LogRecord
from service.jobs.upkeep.backup import back_up
from service.jobs.upkeep.restore import restore
from service.jobs.upkeep.verify import verify
from service.storage.event_log import SqliteEventLog
from service.storage.keys import KeyFile
from tests.service_process import ROOT, ServiceProcess, until

NOW = datetime.now(UTC)
FLAGS = ("--baseline", "off", "--horizon", "6h", "--lockstep")
STEPS = 90

Made = tuple[Path, Path, str, list[Any], list[Any]]


def requests() -> list[tuple[str, Any]]:
    """An hour of twelve devices each, and in between a failure and its repair: one event a request."""
    out: list[tuple[str, Any]] = []
    for step in range(STEPS):
        ts = (NOW - timedelta(hours=STEPS + 10 - step)).isoformat()
        readings = [
            {"home_id": f"home-{n // 3}", "device_id": f"lamp-{n}", "home_type": "condo", "device_type": "lamp",
             "ts": ts, "metrics": {"battery_pct": 90.0 - (step * (n + 1)) % 80, "signal_dbm": -60.0 - n}}
            for n in range(12)
        ]  # fmt: skip
        out.append(("/v1/readings", readings))
        if step % 4 == 3:
            device = {"home_id": f"home-{step % 12 // 3}", "device_id": f"lamp-{step % 12}", "ts": ts}
            told = {"kind": "failure", "outcome_id": f"f-{step}", "mode": "battery"} | device
            out.append(("/v1/outcomes", [told, {"kind": "repair", "outcome_id": f"r-{step}"} | device]))
    return out


def sent(client: httpx.Client, asked: list[tuple[str, Any]]) -> list[Any]:
    """The receipts of some requests, with risks."""
    return [client.post(path, json=body, params={"risks": True}).raise_for_status().json() for path, body in asked]


def asking(service: ServiceProcess, key: str) -> httpx.Client:
    return httpx.Client(base_url=service.url, timeout=120, headers={"Authorization": f"Bearer {key}"})


def homes_of(client: httpx.Client) -> list[Any]:
    return [client.get(f"/v1/homes/home-{n}").raise_for_status().json() for n in range(4)]


def command(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "service", *map(str, words)], capture_output=True, text=True, cwd=ROOT, check=False
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A backup taken in mid-stream, the data folder, its key, and the receipts and homes of the original."""
    folder = tmp_path_factory.mktemp("backup")
    data, copy, asked = folder / "data", folder / "copy.tar", requests()
    key = KeyFile(data).create("ada", ["ingest", "read"], NOW)
    with (
        ServiceProcess(data, *FLAGS, HEARTHBEAT_SNAPSHOT_EVERY="0.1s") as service,
        asking(service, key) as client,
    ):
        (data / "keys.json").chmod(0o644)  # as somebody might leave it
        receipts = sent(client, asked[:40])
        until(lambda: list((data / "snapshots").glob("learner-*.snapshot")))
        taking = subprocess.Popen(
            [sys.executable, "-m", "service", "backup", "--data", str(data), "--out", str(copy)], cwd=ROOT
        )
        receipts += sent(client, asked[40:])
        assert 0 == taking.wait(100)
        assert 0 == command("verify", data).returncode  # while it runs
        homes = homes_of(client)
        service.stop()
    return copy, data, key, receipts, homes


def test_a_restored_service_goes_on_as_the_original(made: Made, tmp_path: Path) -> None:
    """The same keys and sequence number, and from there the same requests get the same receipts, risk for risk."""
    copy, _, key, receipts, homes = made
    data = tmp_path / "data"
    looked = command("verify", copy)
    assert 0 == looked.returncode, looked.stdout
    put = command("restore", copy, "--data", data)
    assert 0 == put.returncode, put.stderr
    assert 0o600 == (data / "keys.json").stat().st_mode & 0o777
    assert 0o600 == (data / "snapshot.key").stat().st_mode & 0o777
    last = int(put.stdout.split(" to ")[1].split(";")[0])
    assert 0 < last <= len(receipts)
    with ServiceProcess(data, *FLAGS) as service, asking(service, key) as client:
        assert last == service.get("/health/ready")["seq"]
        assert receipts[last:] == sent(client, requests()[last:])
        assert homes == homes_of(client)


def test_a_stopped_folder_and_its_backup_are_whole(made: Made, tmp_path: Path) -> None:
    """To a folder; then one thing after the other is damaged in it, and each is said."""
    data, copy = made[1], tmp_path / "copy"
    assert [] == verify(data).faults
    back_up(data, copy)
    found = verify(copy)
    assert ("backup", []) == (found.what, found.faults)
    assert found.snapshots >= 3
    assert found.blocks > 0
    with pytest.raises(BadBackup, match="is there already"):
        back_up(data, copy)
    with pytest.raises(BadBackup, match="is not empty"):
        restore(copy, data)
    (copy / "snapshots" / "x").write_text("foreign")
    with pytest.raises(BadBackup, match="snapshots/x does not belong to it"):
        verify(copy)
    (copy / "snapshots" / "x").unlink()
    manifest = json.loads((copy / "backup.json").read_text())
    (copy / "backup.json").write_text(json.dumps(manifest | {"schema": 99}))
    with pytest.raises(BadBackup, match="schema 99"):
        restore(copy, tmp_path / "other")
    (copy / "backup.json").write_text(json.dumps(manifest))
    with (copy / "events.db").open("r+b") as file:
        file.seek(40_000)
        file.write(b"damage")
    with pytest.raises(BadBackup, match=r"events\.db is not what was backed up"):
        restore(copy, tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_what_is_wrong_with_a_folder_is_said(made: Made, tmp_path: Path) -> None:
    """A gap, an event that is none, a changed snapshot, a foreign model, damaged keys; all in one go, with status 1."""
    data = tmp_path / "data"
    shutil.copytree(made[1], data)
    log = SqliteEventLog(data / "events.db")
    log.rewrite([LogRecord(5, b"no event")])
    log.close()
    db = apsw.Connection(str(data / "events.db"))
    db.execute("DELETE FROM events WHERE seq BETWEEN 9 AND 20")
    db.close()
    snapshot = next((data / "snapshots").glob("learner-*.snapshot"))
    snapshot.write_bytes(snapshot.read_bytes()[:-1] + b"?")
    (data / "models" / "checkpoint-9.npz").write_bytes(b"no model")
    (data / "keys.json").write_text("{}")
    looked = command("verify", data)
    assert looked.returncode == 1
    faults = [line for line in looked.stdout.splitlines() if line.startswith("wrong: ")]
    expected = [
        "events 9 to 20 are missing",
        snapshot.name,
        "event 5 cannot be read",
        "checkpoint-9.npz cannot be loaded",
        "keys.json is damaged",
    ]
    assert len(expected) == len(faults), faults
    assert all(any(what in fault for fault in faults) for what in expected), faults
    with pytest.raises(BadBackup, match="neither a backup nor a data folder"):
        verify(tmp_path)


@pytest.mark.parametrize("suffix", ["", ".tar"])
def test_a_killed_backup_leaves_nothing_that_verifies(made: Made, tmp_path: Path, suffix: str) -> None:
    """Whatever it leaves lies under another name and is no backup; the next one removes it."""
    data = tmp_path / "data"
    shutil.copytree(made[1], data)
    os.mkfifo(data / "models" / "stuck.npz")  # a file that never ends: the backup stands still here
    out = tmp_path / f"copy{suffix}"
    taking = subprocess.Popen(
        [sys.executable, "-m", "service", "backup", "--data", str(data), "--out", str(out)], cwd=ROOT
    )
    until(lambda: list(tmp_path.glob(".copy*/events.db")))
    taking.send_signal(signal.SIGKILL)
    taking.wait(30)
    (left,) = tmp_path.glob(".copy*")
    assert not out.exists()
    for path in (out, left):
        with pytest.raises(BadBackup):
            verify(path)
    (data / "models" / "stuck.npz").unlink()
    back_up(data, out)
    assert [] == list(tmp_path.glob(".copy*"))
    assert [] == verify(out).faults
