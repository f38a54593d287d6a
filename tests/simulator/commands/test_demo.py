"""The demo: what it shows, how it ends, and that it leaves nothing behind."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from service.contracts.outcomes import Failure
from service.contracts.predictions import DeviceSummary
from service.contracts.standing import HomeTypeSummary
from simulator.child import ServiceProcess
from simulator.commands.board import Seen, board
from simulator.errors import ServiceError
from simulator.stream.client import Client
from simulator.world.devices import DEVICE_TYPES, MODES
from simulator.world.homes import HOME_TYPES

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _longest(names: list[str]) -> str:
    return max(names, key=len)


def _start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "service", "demo", *arguments],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _left_behind(folder: Path) -> list[str]:
    """Files in ``folder``, and command lines of processes that name it."""
    lines: list[str] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return [*map(str, folder.iterdir()), *(line for line in lines if str(folder) in line)]


def test_the_board_fits_a_terminal() -> None:
    """With all home types and the longest names it has at most 80 columns and 24 lines, and nothing is cut off."""
    device_type, mode = _longest([kind.name for kind in DEVICE_TYPES]), _longest(list(MODES))
    device = f"{device_type}.bedroom-1"
    with Client("http://127.0.0.1:9") as client:
        seen = Seen(client, 8.6)
    seen.home_types = [
        HomeTypeSummary(
            home_type=kind.name, devices=220, readings=10_000, champion="baseline", provisional=True, watermark=NOW,
            positives_learned=1_234, pr_auc=0.5,
        )
        for kind in HOME_TYPES
    ]  # fmt: skip
    seen.rates = {kind.name: 2_000.0 for kind in HOME_TYPES}
    seen.devices = 9 * [
        DeviceSummary(
            home_id="home-000001", device_id=device, home_type="apartment", device_type=device_type, state="ok",
            risk=0.25, as_of=NOW, provisional=False, mode=mode,
        )
    ]  # fmt: skip
    failure = Failure(outcome_id="1", home_id="home-000001", device_id=device, ts=NOW, mode=mode)
    seen.failures = 1_234 * [(failure, 0.25)]
    seen.readings, seen.lag = 1_900_000, 32
    out = StringIO()

    Console(file=out, width=80).print(board(seen, "n" * 80))

    lines = out.getvalue().splitlines()
    assert len(lines) <= 24
    assert "…" not in out.getvalue()
    assert sum("baseline, provisional" in line for line in lines) == len(HOME_TYPES)
    assert sum(device in line for line in lines) == 4 + 3


def test_a_service_that_does_not_start_is_told(tmp_path: Path) -> None:
    """The error has the status and the last words of the service."""
    with (
        ServiceProcess(tmp_path, horizon="soon") as service,
        pytest.raises(ServiceError, match=r"ended with status 2; its last output:\n  hearthbeat: horizon: 'soon'"),
    ):
        service.wait_ready()


def test_settings_of_the_caller_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service in a process of its own gets its settings from its starter alone."""
    monkeypatch.setenv("HEARTHBEAT_HORIZON", "nonsense")

    with ServiceProcess(tmp_path, horizon="6h", baseline="off") as service:
        service.wait_ready()
        with Client(service.url) as client:
            assert client.health().horizon_s == 6 * 3600


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_leaves_nothing_behind(tmp_path: Path, number: signal.Signals, status: int) -> None:
    """Told to end while the service is starting, it ends soon, without a traceback, a process or a file."""
    with _start(tmp_path) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(number)
        rest, _ = process.communicate(timeout=30)  # half of what it lasts if nobody ends it

    assert first.startswith("Starting a service on http://127.0.0.1:")
    assert process.returncode == status
    assert "Traceback" not in rest
    assert _left_behind(tmp_path) == []


@pytest.mark.parametrize("arguments", [["--seconds", "0"], ["--seconds", "nan"], ["--homes", "0"], ["--seed", "-1"]])
def test_silly_arguments_are_told(tmp_path: Path, arguments: list[str]) -> None:
    """One line, exit code 2, and no service is started."""
    with _start(tmp_path, *arguments) as process:
        out, _ = process.communicate(timeout=60)

    assert process.returncode == 2
    assert out.startswith("error: --seconds must be")
    assert _left_behind(tmp_path) == []


def test_a_short_demo_tells_its_story(tmp_path: Path) -> None:
    """Piped, it prints boards without control characters, sums up, says what to try next, and cleans up."""
    with _start(tmp_path, "--seconds", "2", "--homes", "8") as process:
        out, _ = process.communicate(timeout=110)

    assert process.returncode == 0, out
    assert not any(ord(letter) < 32 and letter != "\n" for letter in out)
    for part in ("baseline is being trained", "HOME TYPE", "MOST AT RISK", "blend", "prior", "python -m service serve"):
        assert part in out
    assert _left_behind(tmp_path) == []
