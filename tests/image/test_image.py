"""The image: what its files promise, and its steps run as they stand, without a container."""

import json
import re
import shutil
import signal
import stat
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.image.dockerfile import Yard, parse
from tests.service_process import ROOT, until

STAGES = parse((ROOT / "Dockerfile").read_text())
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
STOP_S = 30
"""A stop takes no longer than that; see docs/operate.md."""


def test_runs_as_nobody_special_from_exec_forms() -> None:
    """No shell between signals and the service, a number for a user, one volume, a check of readiness."""
    final = STAGES[-1]
    user, group = final.last("USER").rest.split(":")
    assert int(user) >= 1000
    assert int(group) >= 1000
    for word in ("ENTRYPOINT", "CMD"):
        assert final.last(word).rest.startswith("["), word
    assert ["hearthbeat", "serve"] == final.last("ENTRYPOINT").words() + final.last("CMD").words()
    assert ["/data"] == [step.rest for step in final.steps if step.word == "VOLUME"]
    assert "/data" == final.environment()["HEARTHBEAT_DATA_DIR"]
    assert "/health/ready" in final.last("HEALTHCHECK").rest
    assert "SIGTERM" == final.last("STOPSIGNAL").rest
    assert not [step for step in final.steps if step.word == "RUN"], "what is installed comes from the stage before"


def test_what_is_installed_is_pinned_by_hashes() -> None:
    """Every installation but that of the project's own wheel asks for hashes."""
    runs = [part for step in STAGES[0].steps if step.word == "RUN" for part in step.rest.split("&&")]
    installs = [part for part in runs if "pip install" in part]
    assert 3 == len(installs)
    assert all("--require-hashes" in part or "--no-index" in part for part in installs)
    assert "generic" == STAGES[0].environment()["NUMBA_CPU_NAME"] == STAGES[-1].environment()["NUMBA_CPU_NAME"]


def test_what_is_copied_is_there_and_not_ignored() -> None:
    """The context holds what the Dockerfile copies, and the ignore file lets it through."""
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for step in STAGES[0].steps:
        if step.word == "COPY":
            for source in step.words()[:-1]:
                assert (ROOT / source).exists()
                assert source.split("/")[0] in let_through


def test_compose_gives_time_to_stop_and_nothing_to_write_but_the_volume() -> None:
    """The grace is above the time that a stop takes; root is read-only; the simulator comes only if asked for."""
    service, simulator = COMPOSE["services"]["hearthbeat"], COMPOSE["services"]["simulator"]
    assert int(service["stop_grace_period"].removesuffix("s")) > STOP_S
    assert ["data:/data"] == service["volumes"]
    assert service["read_only"]
    assert simulator["read_only"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert ["simulator"] == simulator["profiles"]
    assert "profiles" not in service
    assert {"data"} == COMPOSE["volumes"].keys()


def test_the_first_key_is_for_all_that_is_done_with_it() -> None:
    """Scopes hold no others, so the key that docs, Dockerfile and a refused start make has all three."""
    for page in ("docs/deploy.md", "Dockerfile", "service/api/access/gate.py"):
        (made,) = re.findall(r"keys create (?:.*\n)??.*--scope admin", (ROOT / page).read_text())
        assert ["ingest", "read", "admin"] == re.findall(r"--scope (\w+)", made), page


@pytest.mark.long
@pytest.mark.timeout(1500)
def test_every_step_runs_and_what_comes_of_it_serves(tmp_path: Path) -> None:
    """The stages as shell in an empty folder: a service that neither trains nor compiles, over a read-only program."""
    yard = Yard(tmp_path / "yard", ROOT)
    for stage in STAGES:
        yard.run(stage, STAGES)
    final = STAGES[-1]
    program = yard.inside(final, "/opt/hearthbeat")
    made = yard.inside(STAGES[0], "/opt/hearthbeat")
    shutil.rmtree(made)
    made.symlink_to(program)  # scripts and kernels know the place where they were made, as they do in the image
    for path in program.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    data = yard.inside(final, "/data")
    environment = yard.environment(final) | {"HEARTHBEAT_HOST": "127.0.0.1", "HEARTHBEAT_DATA_DIR": str(data)}
    output = tmp_path / "output.txt"
    with output.open("wb") as out:
        service = subprocess.Popen(
            [str(made / "bin" / "hearthbeat"), "serve", "--port", "18217"], env=environment, stdout=out, stderr=out
        )
    try:
        until(lambda: service.poll() is not None or _is_ready(), timeout_s=120)
        assert service.poll() is None, output.read_text()
        assert "being trained" not in output.read_text()
        shipped = {path.name for path in (made / "share" / "hearthbeat" / "kernels").rglob("*.nbc")}
        assert shipped
        assert shipped == {path.name for path in (data / "kernels").rglob("*.nbc")}, "nothing was compiled anew"
        check = json.loads(final.last("HEALTHCHECK").rest.removeprefix("CMD ").replace("8000", "18217"))
        checked = subprocess.run([str(made / "bin" / check[0]), *check[1:]], env=environment, check=False)
        assert 0 == checked.returncode
    finally:
        service.send_signal(signal.SIGTERM)
        assert 0 == service.wait(STOP_S)


def _is_ready() -> bool:
    try:
        return httpx.get("http://127.0.0.1:18217/health/ready", timeout=5).is_success
    except httpx.TransportError:
        return False
