"""What a user relies on when models cannot be trusted: somebody who can answers, and it is told who and why."""

import contextlib
import os
import shutil
import signal
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.api.trained import FLAGS, SETTINGS, STEPS, act, members_now, send, stream, versions_of
from tests.service_process import ServiceProcess, until

LIVE = tuple(flag for flag in FLAGS if flag != "--lockstep")
ONLINE = {"forest", "logistic", "global_forest", "global_logistic"}
OUTAGE_STEPS = 260
"""Of ten minutes: nearly two days without outcomes, twenty horizons."""


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a service that has learned, and has trained and published versions 2 and 3."""
    folder = tmp_path_factory.mktemp("life") / "data"
    with ServiceProcess(folder, *FLAGS, **SETTINGS) as service:
        send(service, 0, STEPS)
    return folder


@pytest.fixture
def folder(life: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(life, tmp_path / "data"))


def _votes(members: dict[str, dict[str, Any]]) -> dict[str, float]:
    return {name: member["weight"] for name, member in members.items() if member["weight"] > 0.0}


def _next_answers(service: ServiceProcess) -> Callable[[], dict[str, dict[str, Any]]]:
    """Each call sends another reading, and tells who answered."""
    steps = iter(range(STEPS, 100 * STEPS))
    return lambda: members_now(service, "villa", next(steps))


def test_a_halted_learner_is_not_listened_to_until_it_is_back(folder: Path) -> None:
    """Halted in mid-stream: soon the checkpoint answers alone, every reading gets a risk; then all vote again."""
    with ServiceProcess(folder, *LIVE, HEARTHBEAT_STALE_AFTER="1s", **SETTINGS) as service:
        answer = _next_answers(service)
        until(lambda: ONLINE & _votes(answer()).keys())
        os.kill(service.learner_pid(), signal.SIGSTOP)
        try:
            until(lambda: {"checkpoint": 1.0} == _votes(answer()), timeout_s=20.0)
            members = answer()
            assert {"stale"} == {member["benched"] for name, member in members.items() if name in ONLINE}
            assert 0.0 < members["checkpoint"]["risk"] < 1.0
            ready = service.get("/health/ready")
            assert ("degraded", True) == (ready["status"], "do not speak" in ready["reasons"][0])
        finally:
            os.kill(service.learner_pid(), signal.SIGCONT)
        until(lambda: ONLINE & _votes(answer()).keys())
        until(lambda: "ok" == service.get("/health/ready")["status"])
        until(lambda: {"stale", "stale_over"} <= {entry["kind"] for entry in service.get("/v1/journal")["entries"]})


def test_risks_do_not_decay_while_nobody_reports_outcomes(folder: Path) -> None:
    """Twenty horizons without an outcome: warm devices still get the risks they got, and are told from healthy ones."""

    def risks(service: ServiceProcess, step: int) -> tuple[float, float]:
        """Mean risk of those that are warm, and of the others."""
        (_, readings) = stream(step, step + 1)[-1]
        given = np.array([risk["risk"] for risk in service.post("/v1/readings", readings, risks="true")["risks"]])
        warm = np.array([(step + 4 * n) % 48 >= 36 for n in range(len(readings))])
        return float(given[warm].mean()), float(given[~warm].mean())

    with ServiceProcess(folder, *FLAGS, **SETTINGS) as service:
        before = np.median([risks(service, step) for step in range(STEPS, STEPS + 20)], axis=0)
        for step in range(STEPS + 20, STEPS + OUTAGE_STEPS, 20):
            told_nothing = [body for path, body in stream(step, step + 20) if path == "/v1/readings"]
            service.post("/v1/readings", list(chain.from_iterable(told_nothing)))
        end = STEPS + OUTAGE_STEPS
        after = np.median([risks(service, step) for step in range(end, end + 20)], axis=0)
        told = service.get("/v1/journal")["entries"]

    assert "silence" in {entry["kind"] for entry in told}
    assert before[0] > 3.0 * before[1]
    assert after[0] > 0.5 * before[0]
    assert after[0] > 3.0 * after[1]


def test_a_spoiled_checkpoint_is_refused_and_the_one_before_it_serves(folder: Path) -> None:
    """One byte of the file that serves is another: the version before it answers, and health says why."""
    file = folder / "models" / "checkpoint-3@villa.npz"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)

    service = ServiceProcess(folder, *LIVE, **SETTINGS)
    try:
        service.start("degraded")
        members = _next_answers(service)()
        reasons = service.get("/health/ready")["reasons"]
    finally:
        service.stop()

    assert 2 == members["checkpoint"]["version"]
    assert any(file.name in reason for reason in reasons), reasons


def test_a_trainer_killed_in_mid_fit_changes_nothing(folder: Path) -> None:
    """The job is reported as failed, what serves goes on serving, no file is left; the next training goes well."""
    with ServiceProcess(folder, *LIVE, **SETTINGS) as service, httpx.Client(base_url=service.url, timeout=60) as http:
        files = sorted(path.name for path in (folder / "models").iterdir())
        serving = {name: versions_of(http, name) for name in ("villa", "global")}
        job = act(http, "villa", "refresh")["job"]
        until(lambda: _trainers(service))
        for pid in _trainers(service):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        until(lambda: service.get(f"/v1/jobs/{job}")["state"] in ("failed", "done"))
        told = service.get(f"/v1/jobs/{job}")

        assert "failed" == told["state"]
        assert "the trainer" in told["targets"][0]["reason"]
        assert serving == {name: versions_of(http, name) for name in ("villa", "global")}
        assert files == sorted(path.name for path in (folder / "models").iterdir())
        again = act(http, "villa", "refresh")["job"]
        until(lambda: service.get(f"/v1/jobs/{again}")["state"] in ("failed", "done"))
        assert service.get(f"/v1/jobs/{again}")["targets"][0]["state"] in ("published", "rejected")


def _trainers(service: ServiceProcess) -> list[int]:
    assert service.process is not None
    tasks = Path(f"/proc/{service.process.pid}/task").glob("*/children")
    children = [child for task in tasks for child in task.read_text().split()]
    return [int(pid) for pid in children if "trainer" in Path(f"/proc/{pid}/cmdline").read_text()]


def test_a_rollback_is_in_the_next_answer(folder: Path) -> None:
    """Back to the version before, and the next reading is answered by it."""
    with ServiceProcess(folder, *LIVE, **SETTINGS) as service, httpx.Client(base_url=service.url, timeout=60) as http:
        answer = _next_answers(service)
        assert 3 == answer()["checkpoint"]["version"]
        act(http, "villa", "rollback")
        assert 2 == answer()["checkpoint"]["version"]


def test_the_same_log_gives_the_same_decisions(life: Path, tmp_path: Path) -> None:
    """Folded anew from nothing but the log and the models, weights, benchings, drifts and the journal are the same."""
    anew = tmp_path / "anew"
    shutil.copytree(life, anew, ignore=shutil.ignore_patterns("snapshots", "examples.db*", "kernels"))
    tellings = []
    for data in (Path(shutil.copytree(life, tmp_path / "data")), anew):
        with ServiceProcess(data, *FLAGS, **SETTINGS) as service:
            until(lambda served=service: _caught_up(served))
            journal = service.get("/v1/journal", limit=1000)["entries"]
            kinds = [service.get(f"/v1/home-types/{name}") for name in ("villa", "global")]
            tellings.append((journal, [(kind["members"], kind["counts"]) for kind in kinds]))
    assert len(tellings[0][0]) > 5
    assert tellings[0] == tellings[1]


def _caught_up(service: ServiceProcess) -> bool:
    ready = service.get("/health/ready")
    return bool(ready["learned_seq"] == ready["seq"])
