"""A client that is killed in mid-stream and started again leaves the service as if it had never been killed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.crash.books import Ledger
from benchmarks.crash.check import check_log
from service.contracts.predictions import Receipt
from service.storage.event_log import SqliteEventLog
from simulator.fleet import Fleet
from simulator.stream.readings import timed_readings
from simulator.stream.resume import read_record
from tests.acceptance.streams import DAY_US, END_US
from tests.service_process import ROOT, ServiceProcess, until

HOMES, DAYS, SEED, RATE = 60, 2, 3, 4.0


def _books() -> Ledger:
    """What an uninterrupted stream leaves: all of the fleet, acknowledged."""
    fleet = Fleet(HOMES, SEED, END_US - DAYS * DAY_US, END_US, failure_rate=RATE)
    books = Ledger()
    for items in ([timed.reading for timed in timed_readings(fleet)], [report.outcome for report in fleet.reports()]):
        books.sending(items)
        books.acknowledge(items, Receipt())
    return books


def _acknowledged(path: Path) -> int:
    record = read_record(path)
    return 0 if record is None else sum(lane.readings for lane in record.done)


@pytest.mark.timeout(300)
def test_a_killed_client_goes_on_where_it_was(tmp_path: Path) -> None:
    """Killed twice, through four lanes: every reading and outcome is in the log as sent, and once."""
    books, progress = _books(), tmp_path / "stream.json"
    with ServiceProcess(tmp_path / "data", "--baseline", "off") as service:
        command = [sys.executable, "-m", "simulator", "simulate", "--url", service.url, "--json"]
        command += ["--homes", str(HOMES), "--days", str(DAYS), "--seed", str(SEED), "--failure-rate", str(RATE)]
        command += ["--end", "2026-01-01T00:00:00Z", "--lanes", "4", "--resume", str(progress)]
        for part in (0.2, 0.5):
            client = subprocess.Popen([*command, "--rate", "10000"], cwd=ROOT, stdout=subprocess.PIPE)
            until(lambda part=part: _acknowledged(progress) > part * len(books.readings))
            client.kill()
            client.communicate(timeout=30)
        before = _acknowledged(progress)
        assert 0.5 * len(books.readings) < before < 0.95 * len(books.readings)
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stderr
        summary = json.loads(done.stdout)
        kinds = service.get("/v1/home-types")["home_types"]
    # What the service had taken when the client died, but the file did not say yet, came once more: half a second's
    # worth and what was on its way, known again by its instants.
    again = summary["duplicate"] + summary["late"]
    assert len(books.readings) - before == summary["sent"] == summary["accepted"] + again
    assert (True, 0) == (again <= 12_000, summary["refused"])
    assert len(books.readings) == sum(kind["readings"] for kind in kinds) == _acknowledged(progress)
    log = SqliteEventLog(tmp_path / "data" / "events.db", read_only=True)
    findings = check_log(log, books)
    log.close()
    assert (0, 0, 0) == (findings.lost, findings.doubled, findings.foreign), findings.lines[:5]
