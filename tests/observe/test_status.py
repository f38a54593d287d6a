"""`hearthbeat status`: a board for people, JSON for programs, a plain word where there is no service."""

import io
import json
import subprocess
import sys
from collections.abc import Iterator

import msgspec
import pytest
from msgspec.structs import replace
from rich.console import Console

from service.contracts.status import Status
from service.observe.board import Rate, board
from tests.api.test_readings import reading
from tests.service_process import ROOT, ServiceProcess

NAME = "odd-homes"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    with ServiceProcess(tmp_path_factory.mktemp("status") / "data", "--baseline", "off") as process:
        process.post("/v1/readings", [reading("a", minutes_ago=m, home_type=NAME) for m in (50, 40, 30)])
        yield process


def _status(*flags: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "service", "status", *flags]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


def test_board(service: ServiceProcess) -> None:
    """Health, what came in, and each home type under its name as it is."""
    done = _status("--url", service.url)
    assert (0, "") == (done.returncode, done.stderr)
    for part in ("ok", "3 accepted", "0 of 256 requests", "has learned everything", NAME, "prior 100%"):
        assert part in done.stdout


def test_board_in_a_narrow_terminal(service: ServiceProcess) -> None:
    """Nothing is cut at 80 columns: all of a long name, and who is benched, of eight home types in a line."""
    status = msgspec.json.decode(msgspec.json.encode(service.get("/v1/status")), type=Status)
    (state,) = status.home_types
    names = [f"{n}-{'a-long-name-' * 5}" for n in range(8)]
    members = [replace(member, benched="cold") for member in state.detail.members]
    many = [replace(state, detail=replace(state.detail, home_type=name, members=members)) for name in names]
    console = Console(width=80, file=io.StringIO())
    console.print(board(replace(status, home_types=many), Rate()))
    shown = console.file.getvalue()  # type: ignore[attr-defined]  # it is the one given above
    assert "…" not in shown
    assert 80 >= max(map(len, shown.splitlines()))
    assert 1 == shown.count(f"{members[0].member} (cold)")


def test_json(service: ServiceProcess) -> None:
    """One line that is the answer of the service."""
    done = _status("--url", service.url, "--json")
    (line,) = done.stdout.splitlines()
    assert 3 == json.loads(line)["ingest"]["readings"]["accepted"]


def test_watch(service: ServiceProcess) -> None:
    """Asks again until it is stopped."""
    command = [sys.executable, "-m", "service", "status", "--url", service.url, "--json", "--watch", "0.1"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [json.loads(process.stdout.readline()) for _ in range(3)]
        process.terminate()
    assert sorted(line["at"] for line in lines) == [line["at"] for line in lines]


@pytest.mark.parametrize(
    ("flags", "code", "told"),
    [(("--url", "http://127.0.0.1:9"), 1, "cannot be reached"), (("--watch", "0"), 2, "between 0.1 and 3600")],
)
def test_what_cannot_be_asked(flags: tuple[str, ...], code: int, told: str) -> None:
    """One line, and a code that scripts can tell apart."""
    done = _status(*flags)
    assert (code, 1) == (done.returncode, len(done.stderr.splitlines()))
    assert told in done.stderr
