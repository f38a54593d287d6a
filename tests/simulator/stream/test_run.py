"""The two commands, end to end, against a real server that keeps the service's promises."""

import json
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import structs

from service.contracts.outcomes import Failure, Retraction
from simulator.__main__ import main
from simulator.arrays import SECOND
from simulator.fleet import Fleet
from simulator.stream.merge import slot_width_us
from simulator.stream.readings import timed_readings
from simulator.stream.resume import used_alone
from simulator.stream.run import Plan, Source, check_plan, lanes_for
from tests.simulator.fake_service import FakeService
from tests.simulator.tables.test_table import CYCLES, CYCLES_MAP

SIMULATE = ["simulate", "--homes", "6", "--days", "1", "--end", "2025-06-01T00:00:00Z", "--failure-rate", "5", "--url"]
FIGURES = {"pr_auc", "roc_auc", "recall_at_1pct_far", "brier", "log_loss", "examples", "positives"}


def command(arguments: list[str]) -> int:
    """Run a command; return its exit code."""
    try:
        main(arguments)
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_json_summary(fake: FakeService, capsys: pytest.CaptureFixture[str]) -> None:
    """Exactly one JSON object on stdout, of the promised form."""
    assert command([*SIMULATE, fake.url, "--json"]) == 0
    out = capsys.readouterr().out
    summary: dict[str, Any] = json.loads(out)

    assert out.count("\n") == 1
    assert set(summary) == {
        "risk", "examples", "positives", "sent", "accepted", "duplicate", "late", "refused",
        "readings_per_s", "weights",
    }  # fmt: skip
    assert set(summary["risk"]) == {"blend", "prior"}
    assert set(summary["risk"]["blend"]) == {"all", "last70"}
    assert set(summary["risk"]["blend"]["all"]) == FIGURES
    assert summary["sent"] == summary["accepted"] == len(fake.readings()) > 1000
    assert summary["readings_per_s"] > 0


def test_readings_and_outcomes_come_in_event_time_order(fake: FakeService) -> None:
    """Batches are full unless a report cuts them, and no report is sent before its failure."""
    assert command([*SIMULATE, fake.url, "--batch", "100"]) == 0
    newest = datetime(1970, 1, 1, tzinfo=UTC)
    assert {path for path, _ in fake.requests} == {"/v1/readings", "/v1/outcomes"}
    for path, body in fake.requests:
        if path == "/v1/readings":
            assert 1 <= len(body) <= 100
            instants = [reading.ts for reading in body]
            assert instants == sorted(instants)
            assert instants[0] >= newest
            newest = instants[-1]
        else:
            for outcome in body:
                if not isinstance(outcome, Retraction):
                    assert outcome.ts <= newest + timedelta(hours=1)


def test_exact_needs_lock_step(fake: FakeService, capsys: pytest.CaptureFixture[str]) -> None:
    """Without it nothing is sent, one line says why, and the exit code is 2."""
    assert command([*SIMULATE, fake.url, "--exact"]) == 2
    assert "--exact needs a service in lock-step mode" in capsys.readouterr().err
    assert fake.requests == []


def test_exact_sends_one_request_a_slot(fake: FakeService) -> None:
    """Each readings request holds one slot; two runs send the same requests."""
    fake.lockstep = True
    width = slot_width_us(fake.horizon_s)
    assert command([*SIMULATE, fake.url, "--exact"]) == 0
    first, fake.requests = fake.requests, []
    assert command([*SIMULATE, fake.url, "--exact"]) == 0

    slots = []
    for path, body in first:
        if path == "/v1/readings":
            numbers = {int(reading.ts.timestamp()) * SECOND // width for reading in body}
            assert len(numbers) == 1
            slots.append(numbers.pop())
    assert slots == sorted(set(slots))
    assert fake.requests == first


def test_a_second_run_is_all_duplicates(fake: FakeService, capsys: pytest.CaptureFixture[str]) -> None:
    """Same arguments, same readings, same ids."""
    assert command([*SIMULATE, fake.url]) == 0
    known = set(fake.outcome_ids)
    capsys.readouterr()
    assert command([*SIMULATE, fake.url, "--json"]) == 0
    summary = json.loads(capsys.readouterr().out)

    assert summary["duplicate"] == summary["sent"]
    assert fake.outcome_ids == known


def test_replay_of_a_table(fake: FakeService, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """All rows in order, both failures after their last rows, then event time is advanced so that labels mature."""
    table, mapping = tmp_path / "t.txt", tmp_path / "m.toml"
    table.write_text(CYCLES)
    mapping.write_text(CYCLES_MAP)

    assert command(["replay", str(table), "--map", str(mapping), "--url", fake.url]) == 0

    readings, failures = fake.readings(), fake.outcomes()
    newest = max(reading.ts for reading in readings)
    assert [reading.ts for reading in readings] == sorted(reading.ts for reading in readings)
    assert len(readings) == 5
    assert {failure.device_id for failure in failures if isinstance(failure, Failure)} == {"9", "10"}
    (act,) = fake.advances
    assert act.home_type == "engine"
    assert act.to == newest + timedelta(seconds=2 * fake.horizon_s) + timedelta(hours=1) + timedelta(days=1)
    assert "5 readings sent" in capsys.readouterr().out


def test_a_table_from_the_future_is_not_sent(
    fake: FakeService, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says so before anything is sent."""
    table, mapping = tmp_path / "t.txt", tmp_path / "m.toml"
    table.write_text(CYCLES)
    mapping.write_text(CYCLES_MAP.replace("2024-01-01", "2924-01-01"))

    assert command(["replay", str(table), "--map", str(mapping), "--url", fake.url]) == 2
    assert "5 rows of t.txt lie in the future" in capsys.readouterr().err
    assert fake.requests == []


def test_ctrl_c_ends_with_a_summary(
    fake: FakeService, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupted stream still sums up what was sent, and no more than that."""
    monkeypatch.setattr("simulator.stream.run.Lanes.rest", _interrupt_when(lambda: fake.seq > 3))

    assert command([*SIMULATE, fake.url, "--json"]) == 130
    assert json.loads(capsys.readouterr().out)["sent"] == len(fake.readings()) > 0


def _interrupt_when(condition: Callable[[], bool]) -> Callable[[object, float], None]:
    def rest(lanes: object, seconds: float) -> None:
        if condition():
            signal.raise_signal(signal.SIGINT)

    return rest


@pytest.mark.parametrize("flags", [["--lanes", "3"], ["--exact"], ["--batch", "50"]], ids=lambda flags: flags[0])
def test_an_interrupted_stream_goes_on(
    fake: FakeService,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    flags: list[str],
) -> None:
    """With the same command, to the same end of event time; nothing twice, nothing left out; then it is complete."""
    fake.lockstep = True
    now = ["simulate", "--homes", "6", "--days", "1", "--failure-rate", "5", "--url", fake.url, "--json"]
    resume = [*now, *flags, "--resume", str(tmp_path / "stream.json")]
    with monkeypatch.context() as patched:
        patched.setattr("simulator.stream.run.Lanes.rest", _interrupt_when(lambda: fake.seq > 12))
        patched.setattr("simulator.commands.simulate.time.time", lambda: 1_750_000_000.0)
        assert command(resume) == 130
    first = json.loads(capsys.readouterr().out)
    assert command(resume) == 0
    second = json.loads(capsys.readouterr().out)
    assert command(resume) == 0
    third = capsys.readouterr()

    end = "2025-06-15T15:06:40Z"
    fleet = Fleet(6, 0, 1_750_000_000_000_000 - 86_400_000_000, 1_750_000_000_000_000, failure_rate=5.0)
    expected = [timed.reading for timed in timed_readings(fleet)]
    assert sorted(map(str, expected)) == sorted(map(str, fake.readings()))
    assert sorted(r.outcome.outcome_id for r in fleet.reports()) == sorted(o.outcome_id for o in fake.outcomes())
    assert (0, len(expected)) == (second["duplicate"], first["sent"] + second["sent"])
    assert 0 < first["sent"] < len(expected)
    assert 0 == json.loads(third.out)["sent"]
    assert "complete; nothing is sent" in third.err

    assert command([*resume, "--end", end]) == 0
    assert command([*resume, "--end", "2025-06-01T00:00:00Z"]) == 2
    assert "its end is 2025-06-15T15:06:40Z, not 2025-06-01T00:00:00Z" in capsys.readouterr().err
    assert command([*resume, "--set", "daily.strength=0.5"]) == 2
    assert "its daily.strength is 1.0, not 0.5; give" in capsys.readouterr().err
    assert command([*resume, "--without", "holidays"]) == 2
    assert "its holidays.on is True, not False; give" in capsys.readouterr().err


def test_a_file_in_use_is_refused(fake: FakeService, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In one line, before anything is sent."""
    path = tmp_path / "stream.json"
    with used_alone(path):
        assert command([*SIMULATE, fake.url, "--resume", str(path)]) == 2
    assert capsys.readouterr().err == f"error: --resume {path}: another run is using it\n"
    assert fake.requests == []
    assert command([*SIMULATE, fake.url, "--resume", str(path)]) == 0
    assert [path] == list(tmp_path.iterdir())


def test_a_replay_goes_on_as_well(
    fake: FakeService, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the service refused the rest; a table with other content is another stream."""
    table, mapping = tmp_path / "t.txt", tmp_path / "m.toml"
    table.write_text(CYCLES)
    mapping.write_text(CYCLES_MAP)
    replay = ["replay", str(table), "--map", str(mapping), "--url", fake.url, "--batch", "1"]
    replay += ["--resume", str(tmp_path / "r.json")]
    with monkeypatch.context() as patched:
        patched.setattr("simulator.stream.run.Lanes.rest", _interrupt_when(lambda: fake.seq > 1))
        assert command(replay) == 130
    assert 0 < len(fake.readings()) < 5
    assert command(replay) == 0
    assert 5 == len(fake.readings()) == len(fake.newest) + 3
    assert 2 == len(fake.outcomes())
    table.write_text(CYCLES + CYCLES.splitlines()[-1].replace("10 ", "11 ") + "\n")
    assert command(replay) == 2
    assert "is of another stream: its table is" in capsys.readouterr().err


def test_as_many_lanes_as_have_full_requests() -> None:
    """A small fleet has one; --exact has one; who asks gets what was asked for."""
    source = Source(title="", stream={}, total=0, span_us=86_400 * SECOND, readings=[], reports=[])

    def lanes(total: int, **plan: Any) -> int:
        return lanes_for(Plan(url="", **plan), structs.replace(source, total=total), 86_400.0)

    assert [1, 1, 2, 4, 4] == [lanes(total) for total in (0, 85_000, 100_000, 200_000, 10_000_000)]
    assert 4 == lanes(85_000, batch=100)
    assert (7, 1) == (lanes(10, lanes=7), lanes(10_000_000, lanes=7, exact=True))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["simulate", "--homes", "0"], "--homes must be from 1 to 1,000,000, not 0"),
        (["simulate", "--homes", "1000000000000"], "--homes must be from 1 to 1,000,000, not 1,000,000,000,000"),
        (["simulate", "--days", "-1"], "--days must be"),
        (["simulate", "--seed", "-1"], "--seed must not be negative"),
        (["simulate", "--batch", "0"], "--batch must be at least 1"),
        (["simulate", "--lanes", "0"], "--lanes must be from 1 to 64"),
        (["simulate", "--rate", "0"], "--rate must be at least 0.001, not 0"),
        (["simulate", "--rate", "1e-12"], "--rate must be at least 0.001, not 1e-12"),
        (["simulate", "--rate", "nan"], "--rate must be at least 0.001, not nan"),
        (["simulate", "--speed", "-1"], "--speed must be 0, for as fast as possible, or at least 0.001, not -1"),
        (["simulate", "--speed", "1e-9"], "or at least 0.001, not 1e-09"),
        (["simulate", "--speed", "inf"], "or at least 0.001, not inf"),
        (["simulate", "--end", "2999-01-01T00:00:00Z"], "lies in the future"),
        (["simulate", "--end", "2024-01-01"], "has no UTC offset"),
        (["simulate", "--homes", "many"], "homes"),
        (["replay", "no.csv", "--map", "no.toml"], "there is no file no.toml"),
        (["replay", "no.csv"], "map"),
    ],
)
def test_silly_arguments_are_told(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One clear error, exit code 2."""
    assert command(arguments) == 2
    assert says in capsys.readouterr().err


def test_too_little_memory_is_told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As one line, not as a traceback."""

    def too_large(*arguments: object, **more: object) -> Fleet:
        np.empty(2**50)
        raise AssertionError("it had the memory")

    monkeypatch.setattr("simulator.commands.simulate.Fleet", too_large)
    assert command(["simulate"]) == 2
    assert capsys.readouterr().err == "error: this machine has not enough memory for so much; ask for less\n"


@pytest.mark.parametrize("speed", ["0", "0.001"])
def test_a_pace_may_be_slow(speed: str) -> None:
    """The least that is taken, and none at all."""
    check_plan(Plan(url="", speed=float(speed), rate=0.001))


@pytest.mark.parametrize("end", ["5", "[]"])
def test_a_foreign_file_is_told(
    fake: FakeService, tmp_path: Path, capsys: pytest.CaptureFixture[str], end: str
) -> None:
    """Before the fleet is made from what it says."""
    path = tmp_path / "stream.json"
    path.write_text(f'{{"stream": {{"end": {end}}}, "done": [{{}}]}}')
    assert command([*SIMULATE, fake.url, "--resume", str(path)]) == 2
    assert "stream.json is no file of ours: " in capsys.readouterr().err
