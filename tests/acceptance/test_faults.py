"""A disk that refuses: the real service, with its file size limited from outside."""

import contextlib
import resource
from pathlib import Path

import httpx
import pytest

from tests.acceptance.disks import disk
from tests.api.test_readings import reading
from tests.service_process import ServiceProcess

_UNLIMITED = resource.RLIM_INFINITY


def _limit(service: ServiceProcess, size: int) -> None:
    assert service.process is not None
    resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (size, _UNLIMITED))


@pytest.mark.timeout(180)
def test_disk_without_room_is_told_and_survived(tmp_path: Path) -> None:
    """503 with Retry-After and a reason while nothing can be written; afterwards it goes on, and nothing is missing."""
    with ServiceProcess(tmp_path / "data", "--baseline", "off") as service:
        service.post("/v1/readings", reading("home", minutes_ago=100))
        known = service.get("/v1/homes/home/devices/sensor.kitchen")
        _limit(service, 1000)
        for minutes_ago in (90, 80):
            answer = httpx.post(service.url + "/v1/readings", json=reading("home", minutes_ago=minutes_ago), timeout=30)
            assert (503, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
            assert answer.headers["retry-after"].isdigit()
            assert "could not be written" in answer.json()["detail"]
        assert "degraded" == service.get("/health/ready")["status"]
        assert known == service.get("/v1/homes/home/devices/sensor.kitchen")
        _limit(service, _UNLIMITED)
        for minutes_ago in (90, 80, 70):
            assert 1 == service.post("/v1/readings", reading("home", minutes_ago=minutes_ago))["accepted"]
        assert "ok" == service.get("/health/ready")["status"]
        service.kill()
    with service:
        assert 4 == service.get("/v1/homes/home/devices/sensor.kitchen")["readings"]


@pytest.mark.timeout(180)
def test_disk_that_fills_up_is_told_and_survived(tmp_path: Path) -> None:
    """A real one: while nothing more fits, 503; with room again it goes on, and all that was acknowledged is there."""
    taken = 0
    with disk(tmp_path / "disk", "size=16m") as there, ServiceProcess(there / "data", "--baseline", "off") as service:
        with (there / "filler").open("wb", buffering=0) as filler, contextlib.suppress(OSError):
            while True:
                filler.write(bytes(4096))
        refusals = 0
        for n in range(400):
            many = [reading("home", device=f"d{k}", minutes_ago=900 - n) for k in range(100)]
            answer = httpx.post(service.url + "/v1/readings", json=many, timeout=30)
            if answer.status_code == 200:
                taken += answer.json()["accepted"]
                continue
            refusals += 1
            assert (503, "/problems/unavailable") == (answer.status_code, answer.json()["type"])
            if refusals == 3:
                break
        assert 3 == refusals
        assert 200 == httpx.get(service.url + "/v1/devices", timeout=30).status_code
        (there / "filler").unlink()
        taken += service.post("/v1/readings", [reading("home", device=f"d{k}") for k in range(100)])["accepted"]
        service.kill()
        with service:
            devices = service.get("/v1/devices", limit=200)["devices"]
            assert 100 == len(devices)
            known = [service.get(f"/v1/homes/home/devices/{each['device_id']}")["readings"] for each in devices]
            assert taken == sum(known)
