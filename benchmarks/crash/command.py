"""The command ``crash-test``: kill a service time and again under load; is anything lost, doubled, or different after?

fleet ──► clients ──► service ──► log ──► is all that was acknowledged in it, once?
            │  ▲         │  ▲        └──► fold it in one go: does the service say the same?
            books    SIGKILL, start
"""

import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from msgspec import Struct
from rich.progress import track

from benchmarks.crash.books import Dealer, Ledger
from benchmarks.crash.check import LogFindings, check_log
from benchmarks.crash.compare import compare
from benchmarks.crash.load import Load
from benchmarks.crash.service import CrashService
from benchmarks.report import BenchError, Row, make_report, show_report, write_report
from service.contracts.errors import HearthbeatError
from service.settings import Settings
from service.storage.event_log import SqliteEventLog
from simulator.child import reserved_port
from simulator.errors import unwound_by_signals
from simulator.fleet import Fleet

Switch = Parameter(negative="")

HORIZON = "6h"
SNAPSHOT_EVERY = "0.5s"
"""So often that kills also hit snapshots."""

_HOMES = 10
_FAILURE_RATE = 15.0  # so that there is something to learn within days
_DAY_US = 86_400_000_000
_END_US = 1_767_225_600_000_000  # 2026-01-01T00:00:00Z: the past, whenever this runs
_LEARNER_SHARE = 1 / 3
_LEARNING_SHARE = 1 / 3  # of the kills are held back until the learner is at work; else it is often still starting
_LOAD_S = (0.05, 1.5)
_STALE_AFTER = "6h"  # that a learner lags is an event of its own, which must not come between two things compared
_RECEIPTS = 60  # for each kill at least, so that there is as much to learn on a slow machine
_SHOWN = 10


class Tally(Struct, kw_only=True):
    """What was done, and what came of it."""

    books: Ledger
    services: int = 0
    learners: int = 0
    events: int = 0
    learned: int = 0
    lost: int = 0
    doubled: int = 0
    foreign: int = 0
    differing: int = 0
    seconds: float = 0.0
    lines: list[str] = []

    @property
    def wrong(self) -> bool:
        """Whether a promise was broken."""
        return bool(self.lost or self.doubled or self.foreign or self.differing or self.books.refused)

    def rows(self) -> list[Row]:
        """As results."""
        books = self.books
        return [
            Row("crash.kills.service", self.services, "", "higher"),
            Row("crash.kills.learner", self.learners, "", "higher"),
            Row("crash.requests", books.requests, "", "higher"),
            Row("crash.acknowledged.readings", len(books.acknowledged_readings), "", "higher"),
            Row("crash.acknowledged.outcomes", len(books.acknowledged_outcomes), "", "higher"),
            Row("crash.resent", books.resent, "requests", "lower"),
            Row("crash.refused", books.refused, "", "lower"),
            Row("crash.events", self.events, "", "higher"),
            Row("crash.learned", self.learned, "examples", "higher"),
            Row("crash.lost", self.lost, "", "lower"),
            Row("crash.doubled", self.doubled, "", "lower"),
            Row("crash.foreign", self.foreign, "", "lower"),
            Row("crash.differing", self.differing, "", "lower"),
            Row("crash.seconds", self.seconds, "s", "lower"),
        ]


@unwound_by_signals()  # so that the service is stopped
def crash_test(
    *,
    kills: int = 30,
    seed: int = 1,
    lockstep: Annotated[bool, Switch] = False,
    clients: int = 3,
    json: Path | None = None,
) -> None:
    """Kill a service, or its learner, again and again under load, and check that nothing is lost, doubled or different.

    Args:
        kills: How often; about one in three hits only the learner.
        seed: Seed of the fleet, of the requests and of the moments.
        lockstep: Run the service in lock-step; then every risk is computed once more, too.
        clients: How many clients send at once.
        json: File to write the results to.
    """
    try:
        for name, value, least in (("kills", kills, 0), ("seed", seed, 0), ("clients", clients, 1)):
            if value < least:
                raise BenchError(f"--{name} must be at least {least}, not {value}")
        if json is not None and not json.parent.is_dir():
            raise BenchError(f"--json {json}: there is no folder {json.parent}")
        folder = Path(tempfile.mkdtemp(prefix="hearthbeat-crash-"))
        tally = run(folder, kills=kills, seed=seed, lockstep=lockstep, clients=clients)
        report = make_report("crash-test", seed, tally.rows())
        if json is not None:
            write_report(report, json)
    except (BenchError, HearthbeatError) as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    show_report(report)
    if tally.wrong:
        for line in tally.lines[:_SHOWN]:
            print(line, file=sys.stderr)
        print(f"error: {len(tally.lines)} things are wrong; the data folder is kept in {folder}", file=sys.stderr)
        raise SystemExit(1)
    shutil.rmtree(folder, ignore_errors=True)


def run(folder: Path, *, kills: int, seed: int, lockstep: bool, clients: int) -> Tally:
    """Do it, with everything in ``folder``.

    Raises:
        BenchError: The service does not start or stop as it should, or refuses what it is sent.
    """
    began = time.monotonic()
    days = 4 + kills  # more than can be sent in the time
    fleet = Fleet(_HOMES, seed, _END_US - days * _DAY_US, _END_US, failure_rate=_FAILURE_RATE)
    with reserved_port() as port:
        settings = Settings(
            port=port.getsockname()[1],
            data_dir=str(folder / "data"),
            horizon=HORIZON,
            lockstep=lockstep,
            baseline="off",
            snapshot_every=SNAPSHOT_EVERY,
            stale_after=_STALE_AFTER,
        )
        with CrashService(settings, folder / "output.txt") as service:
            tally = _kill(service, Load(service.url, Dealer(fleet, clients), clients, seed), kills, random.Random(seed))
            found = _checked(settings, tally.books)
            compared = compare(service, settings)
    tally.lost, tally.doubled, tally.foreign = found.lost, found.doubled, found.foreign
    tally.events, tally.learned, tally.differing = compared.events, compared.learned, len(compared.differing)
    tally.lines = found.lines + [f"{name} differs" for name in compared.differing]
    tally.seconds = time.monotonic() - began
    return tally


def _checked(settings: Settings, books: Ledger) -> LogFindings:
    log = SqliteEventLog(settings.folder / "events.db", read_only=True)
    try:
        return check_log(log, books)
    finally:
        log.close()


def _kill(service: CrashService, load: Load, kills: int, draw: random.Random) -> Tally:
    """The load and the kills, up to a clean stop."""
    services = learners = 0
    service.start()
    with load:
        load.resume()
        for number in track(range(kills), description="killing", disable=not sys.stderr.isatty(), transient=True):
            of_learner = draw.random() < _LEARNER_SHARE
            if draw.random() < _LEARNING_SHARE:
                load.pause()
                service.wait_learning()
                load.resume()
            load.wait_acknowledged(number * _RECEIPTS)
            load.last(draw.uniform(*_LOAD_S))
            if of_learner:
                service.kill_learner()
                learners += 1
            else:
                service.kill()
                services += 1
                service.start()
        load.wait_acknowledged(kills * _RECEIPTS)
        books = load.end()
    service.stop()
    return Tally(books=books, services=services, learners=learners)
