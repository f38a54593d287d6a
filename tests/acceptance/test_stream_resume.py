"""The live stream across what may happen to a service: an older backup put back, a home forgotten, a restart."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.api.observing.sse import listening, take
from tests.api.test_readings import reading
from tests.service_process import ROOT, ServiceProcess, until


def _run(*words: str | Path) -> None:
    subprocess.run([sys.executable, "-m", "service", *map(str, words)], cwd=ROOT, check=True, capture_output=True)


def _devices(told: list[Any]) -> list[str]:
    return [event.data["device_id"] for event in told]


def test_a_backup_that_was_put_back_loses_nothing_silently(tmp_path: Path) -> None:
    """Its log grows beyond the id that a listener has: what it missed is told all the same, what is gone is named."""
    data, copy, back = tmp_path / "data", tmp_path / "copy", tmp_path / "back"
    with ServiceProcess(data, "--baseline", "off") as service, listening(service.url, min_risk=0) as stream:
        next(stream)
        service.post("/v1/readings", reading("home", "a"))
        (known,) = take(stream, 1)
        _run("backup", "--data", data, "--out", copy)
        for name in "bcd":
            service.post("/v1/readings", reading("home", name))
        lost = take(stream, 3)[-1]
    _run("restore", copy, "--data", back)
    with ServiceProcess(back, "--baseline", "off") as service:
        for name in "vwxyz":
            service.post("/v1/readings", reading("home", name))
        with listening(service.url, lost.id, min_risk=0) as stream:
            gap, *told = take(stream, 6)
        assert ("gap", "log", 2, 4) == (gap.kind, gap.data["of"], gap.data["from_seq"], gap.data["to_seq"])
        assert list("vwxyz") == _devices(told)
        for last_id in (known.id, gap.id):  # what was told before the backup was made counts as ever
            with listening(service.url, last_id, min_risk=0) as stream:
                assert list("vwxyz") == _devices(take(stream, 5))


def test_a_stream_goes_on_across_forgetting_and_a_restart(tmp_path: Path) -> None:
    """The one that is open and one that goes on from before: not told of who was forgotten, and told of all others."""
    wish = {"home_id": "gone", "by": "ada", "why": "moved out"}
    with ServiceProcess(tmp_path / "data", "--baseline", "off") as service:
        with listening(service.url, min_risk=0) as stream:
            begin = next(stream)
            service.post("/v1/readings", [reading("gone", "a"), reading("stays", "b")])
            assert list("ab") == sorted(_devices(take(stream, 2)))
            forgot = service.post("/v1/forget", wish)["seq"]
            service.post("/v1/readings", reading("stays", "c"))
            (last,) = take(stream, 1)
            assert "c" == last.data["device_id"]
        until(lambda: service.get(f"/v1/forget/{forgot}")["done"])
        with listening(service.url, begin.id, min_risk=0) as stream:
            assert list("bc") == _devices(take(stream, 2))
    with service:
        service.post("/v1/readings", reading("stays", "d"))
        for last_id, devices in ((begin.id, "bcd"), (last.id, "d")):
            with listening(service.url, last_id, min_risk=0) as stream:
                assert list(devices) == _devices(take(stream, len(devices)))
