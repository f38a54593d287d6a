"""What a user relies on when parts die: nothing acknowledged is lost, and answers go on."""

import contextlib
import os
import signal
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.storage.event_log import SqliteEventLog
from tests.acceptance.streams import HORIZON, body, fleet_reports, fleet_requests, path, told_at_once
from tests.api.test_readings import reading
from tests.service_process import ServiceProcess, until

LOCKSTEP = ("--lockstep", "--horizon", HORIZON, "--baseline", "off")


def _play(service: ServiceProcess, requests: list[Any]) -> list[Any]:
    with httpx.Client(base_url=service.url, timeout=60) as client:
        answers = [
            client.post(path(request), content=body(request), params={"members": "true"}).json() for request in requests
        ]
    return [{name: value for name, value in answer.items() if name != "as_of"} for answer in answers]


def _evaluation(service: ServiceProcess, seq: int) -> Any:
    """What is known once the learner has folded the log up to ``seq``."""
    until(lambda: service.get("/v1/evaluation")["up_to_seq"] >= seq)
    return service.get("/v1/evaluation")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Any], list[Any], Any]:
    """A stream, how a service answered that nothing befell, and what it had learned in the end."""
    requests = list(fleet_requests(6, 1.5, seed=3))
    with ServiceProcess(tmp_path_factory.mktemp("lived") / "data", *LOCKSTEP) as service:
        answers = _play(service, requests)
        return requests, answers, _evaluation(service, answers[-1]["seq"])


@pytest.mark.parametrize("snapshot_every", ["0s", "1h"])
def test_killed_service_goes_on_as_if_nothing_had_been(
    tmp_path: Path, lived: tuple[list[Any], list[Any], Any], snapshot_every: str
) -> None:
    """Killed in mid-stream and started again, every later answer equals that of a service that lived on.

    From a snapshot and the tail of the log, and from the log alone.
    """
    requests, expected, weights = lived
    half = len(requests) // 2
    killed = ServiceProcess(tmp_path / "killed", *LOCKSTEP, HEARTHBEAT_SNAPSHOT_EVERY=snapshot_every)
    killed.start()
    actual = _play(killed, requests[:half])
    device = actual[-1]
    killed.kill()
    assert (snapshot_every == "0s") == any((tmp_path / "killed" / "snapshots").glob("scorer-*"))
    with killed:
        again = _play(killed, requests[half - 1 : half])[0]
        assert 0 == again["accepted"]
        assert len(device["risks"]) == again["duplicate"] + again["late"]
        actual += _play(killed, requests[half:])
        assert weights == _evaluation(killed, expected[-1]["seq"])
    assert expected == actual


def test_learner_that_dies_is_replaced(tmp_path: Path) -> None:
    """Without its learner the service answers on, says that it is degraded, and has a new one soon."""
    with ServiceProcess(tmp_path / "data", "--baseline", "off") as service:
        service.post("/v1/readings", reading("home", minutes_ago=60))
        old = service.learner_pid()
        os.kill(old, signal.SIGKILL)
        until(lambda: service.get("/health/ready")["status"] == "degraded")
        assert 1 == service.post("/v1/readings", reading("home", minutes_ago=50))["accepted"]
        until(lambda: service.get("/health/ready")["status"] == "ok")
        assert old != service.learner_pid()
        until(lambda: service.get("/health/ready")["learned_seq"] == 2)


def test_dead_service_leaves_no_learner_behind(tmp_path: Path) -> None:
    """The learner ends by itself when the service is killed."""
    service = ServiceProcess(tmp_path / "data", "--baseline", "off")
    service.start()
    learner = service.learner_pid()
    service.kill()
    until(lambda: not Path(f"/proc/{learner}").exists() or " Z " in Path(f"/proc/{learner}/stat").read_text())


def test_full_queue_says_come_back(tmp_path: Path) -> None:
    """With the learner halted, lock-step waits; requests beyond the queue are told 429, and nothing of them is kept."""
    with ServiceProcess(tmp_path / "data", *LOCKSTEP, HEARTHBEAT_QUEUE_SIZE="1") as service:
        service.post("/v1/readings", reading("home", minutes_ago=60))
        os.kill(service.learner_pid(), signal.SIGSTOP)
        minutes = [50, 45, 40, 35, 30, 25, 20, 15]
        with httpx.Client(base_url=service.url, timeout=0.5) as client:
            statuses: list[int] = []
            for minutes_ago in minutes:
                try:
                    answer = client.post("/v1/readings", json=reading("home", minutes_ago=minutes_ago))
                except httpx.ReadTimeout:
                    continue
                if answer.is_success:  # the learner was halted when it had caught up already: this one need not wait
                    assert minutes_ago == minutes[0]
                    continue
                statuses.append(answer.status_code)
                assert answer.headers["retry-after"].isdigit()
        assert statuses
        assert {429} == set(statuses)
        os.kill(service.learner_pid(), signal.SIGCONT)
        until(
            lambda: service.get("/v1/homes/home/devices/sensor.kitchen")["readings"] == 1 + len(minutes) - len(statuses)
        )


def test_stop_does_not_wait_for_a_halted_learner(tmp_path: Path) -> None:
    """In lock-step, with the learner hung and requests waiting for it, SIGTERM is obeyed all the same."""
    service = ServiceProcess(tmp_path / "data", *LOCKSTEP)
    service.start()
    service.post("/v1/readings", reading("home", minutes_ago=60))
    learner = service.learner_pid()
    os.kill(learner, signal.SIGSTOP)
    with contextlib.suppress(httpx.TransportError):
        httpx.post(service.url + "/v1/readings", json=reading("home", minutes_ago=50), timeout=0.5)
    assert 0 == service.stop()


def test_stop_finishes_accepted_work_and_ends_clean(tmp_path: Path) -> None:
    """SIGTERM ends the service with status 0, and what it had acknowledged is there after a new start."""
    service = ServiceProcess(tmp_path / "data", "--baseline", "off")
    service.start()
    service.post("/v1/readings", [reading("home", minutes_ago=m) for m in (30, 20, 10)])
    assert 0 == service.stop()
    assert "Traceback" not in service.output()
    with service:
        assert 3 == service.get("/v1/homes/home/devices/sensor.kitchen")["readings"]


def test_open_stream_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    """A client that keeps an NDJSON body open cannot keep the service from ending."""
    service = ServiceProcess(tmp_path / "data", "--baseline", "off")
    service.start()

    def endless() -> Any:
        yield b"\n"
        assert 0 == service.stop()
        yield b"\n"

    with httpx.Client(base_url=service.url, timeout=60) as client, contextlib.suppress(httpx.TransportError):
        client.post("/v1/readings", content=endless(), headers={"content-type": "application/x-ndjson"})
    assert service.process is not None
    assert 0 == service.process.poll()


@pytest.mark.parametrize(
    ("flags", "environment", "word"),
    [
        (("--horizon", "soon"), {}, "horizon"),
        (("--baseline", "/nowhere.npz"), {}, "baseline"),
        ((), {"HEARTHBEAT_MAX_METRICS": "0"}, "max_metrics"),
        ((), {"HEARTHBEAT_COLOUR": "red"}, "HEARTHBEAT_COLOUR"),
        ((), {"HEARTHBEAT_TRAIN_CRON": "every night"}, "train_cron"),
    ],
)
def test_bad_setting_stops_the_start(tmp_path: Path, flags: tuple[str, ...], environment: Any, word: str) -> None:
    """The start fails with one line that names the setting."""
    with pytest.raises(AssertionError, match=word):
        ServiceProcess(tmp_path / "data", *flags, **environment).start()


def test_folder_of_another_horizon_is_refused(tmp_path: Path) -> None:
    """A log is only good for the horizon it was written under."""
    with ServiceProcess(tmp_path / "data", "--baseline", "off"):
        pass
    with pytest.raises(AssertionError, match="horizon"):
        ServiceProcess(tmp_path / "data", "--baseline", "off", "--horizon", "30h").start()


def test_old_news_is_not_examples(tmp_path: Path) -> None:
    """Arrivals behind the watermark update their device and are counted, but are no examples."""
    with ServiceProcess(tmp_path / "data", "--lockstep", "--baseline", "off") as service:
        service.post("/v1/readings", [reading("home", device=f"d{n}", minutes_ago=10) for n in range(5)])
        late = reading("home", device="slow", minutes_ago=600)
        assert 1 == service.post("/v1/readings", late)["accepted"]
        until(lambda: service.get("/v1/home-types/apartment")["lag_events"] == 0)
        counts = service.get("/v1/home-types/apartment")["counts"]
        assert (5, 1) == (counts["pending"], counts["late_readings"])
        device = service.get("/v1/homes/home/devices/slow")
        assert datetime.fromisoformat(late["ts"]) == datetime.fromisoformat(device["as_of"])


def test_pruned_log_and_snapshots_carry_the_service(tmp_path: Path) -> None:
    """With little room for the log, old events go; a restart then needs the snapshots, and goes on all the same.

    Outcomes are told at once here: a late one may concern examples whose features have left the log.
    """
    requests = list(fleet_requests(6, 1.0, seed=3, reports=told_at_once(fleet_reports(6, 1.0, seed=3))))
    small = {"HEARTHBEAT_SNAPSHOT_EVERY": "0s", "HEARTHBEAT_LOG_MAX_BYTES": "1000000"}
    half = len(requests) // 2
    with ServiceProcess(tmp_path / "large", *LOCKSTEP) as large:
        expected = _play(large, requests)
    service = ServiceProcess(tmp_path / "small", *LOCKSTEP, **small)
    service.start()
    actual = _play(service, requests[:half])
    service.kill()
    with service:
        actual += _play(service, requests[half:])
    with contextlib.closing(SqliteEventLog(tmp_path / "small" / "events.db", read_only=True)) as log:
        assert log.first_seq() > 1
    assert expected == actual


def test_broken_middle_of_the_log_stops_the_start(tmp_path: Path) -> None:
    """A record that was changed is named by its sequence number, loudly; nothing is answered from half a log."""
    with ServiceProcess(tmp_path / "data", "--baseline", "off") as service:
        for minutes_ago in (30, 20, 10):
            service.post("/v1/readings", reading("home", minutes_ago=minutes_ago))
    for snapshot in (tmp_path / "data" / "snapshots").iterdir():
        snapshot.unlink()
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "events.db")) as database:
        database.execute("UPDATE events SET blob = zeroblob(100) WHERE seq = 2")
        database.commit()
    with pytest.raises(AssertionError, match="event 2 does not match its checksum"):
        ServiceProcess(tmp_path / "data", "--baseline", "off").start()


def test_halted_learner_does_not_halt_scoring(tmp_path: Path) -> None:
    """While the learner is stopped readings are scored, its lag shows, and the write-ahead log stays bounded."""
    with ServiceProcess(tmp_path / "data", "--baseline", "off") as service:
        service.post("/v1/readings", reading("home", minutes_ago=1000))
        os.kill(service.learner_pid(), signal.SIGSTOP)
        try:
            for n in range(1, 300):
                batch = [reading("home", device=f"d{k}", minutes_ago=1000 - n) for k in range(50)]
                assert 50 == service.post("/v1/readings", batch)["accepted"]
            health = service.get("/health/ready")
            assert health["seq"] - health["learned_seq"] >= 299
            assert (tmp_path / "data" / "events.db-wal").stat().st_size < 20_000_000
        finally:
            os.kill(service.learner_pid(), signal.SIGCONT)
        until(lambda: service.get("/health/ready")["learned_seq"] == 300)
