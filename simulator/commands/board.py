"""The board of the demo: what has been seen so far, and how it is shown, live or line by line."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

import httpx
import msgspec
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from service.contracts.outcomes import Failure
from service.contracts.predictions import DeviceList, DeviceSummary
from service.contracts.standing import HomeTypeSummary
from simulator.stream.client import Client
from simulator.stream.merge import R, Request


class Seen:
    """What has been seen so far, of ``days`` days: the service's own account, and what was sent to it."""

    def __init__(self, client: Client, days: float) -> None:
        self.days, self.day = days, 0.0
        self.readings = self.lag = 0
        self.home_types: list[HomeTypeSummary] = []
        self.rates: dict[str, float] = {}
        self.devices: list[DeviceSummary] = []
        self.failures: list[tuple[Failure, float]] = []
        self._risks: dict[tuple[str, str], list[tuple[datetime, float]]] = {}
        self._client, self._polled = client, time.monotonic()

    def send(self, request: Request[R]) -> None:
        """Send a request; note with each failure the highest risk seen in the day before it."""
        self._client.send(request)
        self.readings += len(request.readings)
        for outcome in request.outcomes:
            if isinstance(outcome, Failure) and not isinstance(outcome.supersedes, str):
                past = self._risks.get((outcome.home_id, outcome.device_id), [])
                day_before = outcome.ts - timedelta(days=1)
                risks = [risk for ts, risk in past if day_before <= ts <= outcome.ts]
                self.failures.append((outcome, max(risks, default=0.0)))

    def poll(self) -> None:
        """Ask the service how it stands."""
        before = {kind.home_type: kind.readings for kind in self.home_types}
        self.home_types, health = self._client.home_types().home_types, self._client.health()
        answer = httpx.get(f"{self._client.url}/v1/devices?state=ok&limit=1000", timeout=30.0).raise_for_status()
        self.devices = msgspec.json.decode(answer.content, type=DeviceList).devices
        for one in self.devices:
            self._risks.setdefault((one.home_id, one.device_id), []).append((one.as_of, one.risk))
        self.lag = health.seq - health.learned_seq
        elapsed_s, self._polled = time.monotonic() - self._polled, time.monotonic()
        self.rates = {k.home_type: (k.readings - before.get(k.home_type, 0)) / elapsed_s for k in self.home_types}


def board(seen: Seen, note: str) -> Group:
    """Draw how things stand, at most 80 columns by 24 lines."""
    day, failures = f"Day {seen.day:.1f} of {seen.days:.1f}", f"{len(seen.failures)} failures"
    kinds = []
    for kind in seen.home_types:
        rate, champion = seen.rates[kind.home_type], kind.champion + ", provisional" * kind.provisional
        counts = f"{kind.devices:,}", f"{rate:,.0f}", f"{kind.positives_learned:,}", figure(kind.pr_auc)
        kinds.append((kind.home_type, *counts, champion))
    top = seen.devices[:4]
    risky = [(one.home_id, one.device_id, one.device_type, f"{one.risk:.0%}", one.mode or "-") for one in top]
    failed = [(one.home_id, one.device_id, one.mode, f"{risk:.0%}") for one, risk in seen.failures[:-4:-1]]
    return Group(
        f"{day}: {seen.readings:,} readings, {failures} reported, learner lag {seen.lag} events.\n{note}\n",
        table("HOME TYPE|>DEVICES|>READINGS/S|>POSITIVES|>PR-AUC|CHAMPION", kinds),
        "",
        table("MOST AT RISK|DEVICE|TYPE|>RISK|LIKELY MODE", risky),
        "",
        table("FAILED LATELY|DEVICE|MODE|>HIGHEST RISK BEFORE", failed),
    )


def table(heads: str, rows: Iterable[Sequence[str]]) -> Table:
    """A plain table; heads are separated by ``|``, and one that begins with ``>`` is aligned to the right."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    for head in heads.split("|"):
        table.add_column(head.removeprefix(">"), justify="right" if head.startswith(">") else "left", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def figure(value: float | None) -> str:
    """Three decimals, or a dash."""
    return "-" if value is None else f"{value:.3f}"


@contextlib.contextmanager
def screen(console: Console) -> Iterator[Callable[[Seen, str], None]]:
    """Give what shows a board: live on a terminal, else printed every ten seconds and with each new note."""
    if console.is_terminal and not console.is_dumb_terminal:
        with Live(console=console, auto_refresh=False) as live:
            yield lambda seen, note: live.update(board(seen, note), refresh=True)
        return
    due, last = 0.0, ""

    def show(seen: Seen, note: str) -> None:
        nonlocal due, last
        if time.monotonic() >= due or note != last:
            console.print("\n", board(seen, note), sep="")
            due, last = time.monotonic() + 10.0, note

    yield show
