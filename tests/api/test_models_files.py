"""The files of checkpoints behind the API: damaged, exported, imported, and what a restart makes of them."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from service.contracts.events import CheckpointImported, RolledBack
from tests.api.trained import BY, act, event_of, refused, versions_of
from tests.service_process import ROOT, ServiceProcess, until

Answering = Callable[[str], dict[str, dict[str, Any]]]


def test_damaged_version_does_not_serve(http: httpx.Client, folder: Path) -> None:
    """It is refused before anything is logged; its detail and its export say what is wrong."""
    file = folder / "models" / "checkpoint-2@global.npz"
    whole = file.read_bytes()
    file.write_bytes(whole[:-40])
    seq = http.get("/health/ready").json()["seq"]
    answer = http.post("/v1/models/~global/rollback", json=BY)
    assert (409, "conflict") == refused(answer)
    assert "version 2 of home type global is damaged" in answer.json()["detail"]
    assert seq == http.get("/health/ready").json()["seq"]
    detail = http.get("/v1/models/~global/versions/2").json()
    assert "does not match its SHA-256" in detail["damaged"]
    assert detail["manifest"] is None
    assert (409, "conflict") == refused(http.get("/v1/models/~global/versions/2/file"))
    file.write_bytes(whole)
    assert http.get("/v1/models/~global/versions/2").json()["damaged"] is None


def test_export_and_import(trained: ServiceProcess, http: httpx.Client, folder: Path, answering: Answering) -> None:
    """A version goes out as a file, comes back as a candidate under a name of the service's own, and can serve."""
    out = folder.with_name("out.npz")
    command = [sys.executable, "-m", "service", "models"]
    where = ["--url", trained.url]
    export = [*command, "export", "--home-type", "global", "--version", "2", "--out", str(out), *where]
    subprocess.run(export, cwd=ROOT, check=True, capture_output=True)
    assert hashlib.sha256(out.read_bytes()).hexdigest() == versions_of(http, "global")[2]["sha256"]

    bring = [*command, "import", str(out), "--home-type", "villa", "--by", "ada", "--why", "to see", *where]
    told = subprocess.run(bring, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    number = max(versions_of(http, "villa"))
    version = versions_of(http, "villa")[number]
    assert f"version {number} of villa" in told
    assert ("candidate", "ada", "to see") == (version["state"], version["by"], version["why"])
    assert (folder / "models" / f"checkpoint-{number}@villa.npz").read_bytes() == out.read_bytes()
    assert isinstance(event_of(folder, http.get("/health/ready").json()["seq"]), CheckpointImported)
    assert 3 == answering("villa")["checkpoint"]["version"]
    act(http, "villa", "rollback", version=number)
    assert number == answering("villa")["checkpoint"]["version"]
    act(http, "villa", "rollback", version=3)

    wrong = [*command, "export", "--home-type", "villa", "--version", "99", "--out", str(out), *where]
    done = subprocess.run(wrong, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (1, True) == (done.returncode, "there is no version 99" in done.stderr)


def test_imports_that_are_refused(http: httpx.Client, folder: Path) -> None:
    """What is no checkpoint leaves nothing behind: no file, no event, no number."""
    path, query = "/v1/models/villa/versions", {"by": "ada", "why": "to see"}
    octets = {"content-type": "application/octet-stream"}
    good = http.get("/v1/models/villa/versions/3/file").content
    files, seq = sorted((folder / "models").iterdir()), http.get("/health/ready").json()["seq"]

    for content in (b"", b"no archive", good[:-1], good[:2000] + b"\0\0\0\0" + good[2004:]):
        answer = http.post(path, params=query, content=content, headers=octets)
        assert (422, "bad_model") == (answer.status_code, answer.json()["reason"])
    assert (415, "unsupported-media-type") == refused(http.post(path, params=query, json={}))
    assert 400 == http.post(path, params={"by": "ada"}, content=good, headers=octets).status_code
    assert 400 == http.post(path, params={"by": "", "why": "x"}, content=good, headers=octets).status_code
    assert 404 == http.post("/v1/models/none/versions", params=query, content=good, headers=octets).status_code
    assert 413 == http.post(path, params=query, content=b"x" * 16_000_001, headers=octets).status_code
    assert files == sorted((folder / "models").iterdir())
    assert seq == http.get("/health/ready").json()["seq"]


def test_health_of_models(http: httpx.Client, folder: Path) -> None:
    """Every checkpoint that serves is loaded and verified; a file that rots is told before a restart needs it."""
    health = http.get("/health/models").json()
    assert ("ok", []) == (health["status"], health["reasons"])
    assert [None, "global", "villa"] == [model["home_type"] for model in health["models"]]
    assert all(model["loaded"] and model["verified"] for model in health["models"])
    file = folder / "models" / "checkpoint-3@villa.npz"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    health = http.get("/health/models").json()
    file.write_bytes(whole)
    assert ("degraded", 1) == (health["status"], len(health["reasons"]))
    assert "version 3 of home type villa: checkpoint-3@villa.npz does not match" in health["reasons"][0]


def test_restart_keeps_what_was_decided(
    trained: ServiceProcess, http: httpx.Client, folder: Path, answering: Answering
) -> None:
    """Killed and started again: the same serves, leftovers are gone; of a damaged file the version before serves."""
    act(http, "villa", "pin", member="checkpoint")
    before, files = trained.get("/v1/models")["models"], sorted((folder / "models").iterdir())
    trained.kill()
    (folder / "models" / "checkpoint-99@villa.npz").write_bytes(b"a crash left this behind")
    (folder / "models" / ".checkpoint-99.npz.77").write_bytes(b"and this")
    trained.start()
    until(lambda: trained.get("/v1/models")["models"][0]["behind_s"] is not None)
    after = trained.get("/v1/models")["models"]
    assert [each | {"age_s": 0} for each in before] == [each | {"age_s": 0} for each in after]
    assert files == sorted((folder / "models").iterdir())
    trained.stop()

    damaged = folder / "models" / "checkpoint-3@villa.npz"
    damaged.write_bytes(damaged.read_bytes()[:-9])
    trained.start("degraded")
    until(lambda: trained.get("/health/ready")["learned_seq"] > 0)  # its learner ails no more
    health = trained.get("/health/ready")
    (reason,) = health["reasons"]
    assert "version 3 of home type villa is damaged" in reason
    assert "degraded" == trained.get("/health/models")["status"]
    villa = trained.get("/v1/models")["models"][2]
    assert (2, "service", reason) == (villa["version"], villa["by"], villa["why"])
    event = event_of(folder, health["seq"])
    assert isinstance(event, RolledBack)
    assert ("villa", 2, "service") == (event.home_type, event.version, event.by)
    assert 2 == answering("villa")["checkpoint"]["version"]
    trained.post("/v1/models/villa/rollback", BY | {"version": 0})
    assert "ok" == trained.get("/health/ready")["status"]
