"""The two commands, end to end, against a real server that keeps the service's promises."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service.contracts.outcomes import Failure, Retraction
from simulator.__main__ import main
from simulator.arrays import SECOND
from simulator.merge import slot_width_us
from tests.simulator.fake_service import FakeService
from tests.simulator.test_table import CYCLES, CYCLES_MAP

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
    """An interrupted stream still sums up what was sent."""

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("simulator.stream.time.sleep", interrupt)

    assert command([*SIMULATE, fake.url, "--speed", "10", "--json"]) == 130
    assert json.loads(capsys.readouterr().out)["sent"] >= 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["simulate", "--homes", "0"], "--homes must be at least 1"),
        (["simulate", "--days", "-1"], "--days must be"),
        (["simulate", "--seed", "-1"], "--seed must not be negative"),
        (["simulate", "--batch", "0"], "--batch must be at least 1"),
        (["simulate", "--speed", "-1"], "--speed must not be negative"),
        (["simulate", "--end", "2999-01-01T00:00:00Z"], "lies in the future"),
        (["simulate", "--end", "2024-01-01"], "has no UTC offset"),
        (["simulate", "--homes", "many"], "homes"),
        (["replay", "no.csv", "--map", "no.toml"], "no.toml: No such file"),
        (["replay", "no.csv"], "map"),
    ],
)
def test_silly_arguments_are_told(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One clear error, exit code 2."""
    assert command(arguments) == 2
    assert says in capsys.readouterr().err
