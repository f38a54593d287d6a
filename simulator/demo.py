"""The command ``demo``: a service of its own, days of a simulated fleet in a minute, and what it learns, live.

In this order: the service as a child process, what has been seen so far, how that is shown, and the story.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import msgspec
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from service.contracts.outcomes import Failure
from service.contracts.predictions import DeviceList, DeviceSummary, Health
from service.contracts.standing import Evaluation, HomeTypeSummary
from simulator.arrays import DAY_S, SECOND
from simulator.client import Client
from simulator.errors import ServiceError, UsageError, one_line_errors
from simulator.fleet import Fleet
from simulator.merge import Request, in_batches
from simulator.simulate import timed_readings

WARNING = 0.2  # the service names the likely mode from this risk on
_LAG_EVENTS = 32  # the stream waits for a learner that is further behind
_CATCH_UP_S = 30.0
_READY = """\
Ready. Streaming {days:.1f} days of {homes} homes with {devices} devices in {seconds:g} seconds.
A positive is an example whose device failed within 24 h. PR-AUC tells how well
the risks, as they were given, set these apart: 1 is best, 0.025 is guessing."""
_COLD = "Labels become final 25 h after a reading. Until then baseline and prior answer."
_WARM = "Labels are becoming final: the online members learn from them, and vote."
_END = "The stream has ended, and what is final has been learned."
_SLOW = "This machine could not keep up: the stream was cut short, or not all is learned."
_SUMMARY = """
{seen.readings:,} readings in {seen.day:.1f} days; {failures} failures reported, {warned} of them after a risk
of {warning:.0%} or more. {evaluation.examples:,} examples are final, {evaluation.positives:,} positive, and learned.

How well did each member set them apart? The blend is what was answered. The
baseline is hard to beat here: it was trained on samples of this very simulator.
"""
_NEXT = """
Next: a service that stays; in a second terminal a fleet; and some questions.

  {command} serve
  {command} simulate --homes 40 --days 6
  curl -s 'localhost:8000/v1/devices?limit=5'
  curl -s localhost:8000/v1/home-types/apartment"""


class ServiceProcess(contextlib.AbstractContextManager["ServiceProcess"]):
    """A service in a process of its own, on a free port of the loop-back address; a context manager.

    It leads its own session: Ctrl-C reaches only whoever started it, who then stops it in order.

    Args:
        folder: For its data and its output; the caller removes it.
        settings: Settings by name; those of the caller's environment are not meant for this service.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        self.url = f"http://127.0.0.1:{port}"
        self._patience_s = 1.0  # there is nothing to lose before it is ready
        self._output = folder / "output.txt"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("HEARTHBEAT_")}
        environment |= {f"HEARTHBEAT_{name.upper()}": value for name, value in settings.items()}
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "service", "serve", "--port", port, "--data", str(folder / "data")],
                env=environment, start_new_session=True, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip

    def __exit__(self, *error: object) -> None:
        """Stop it by SIGTERM; what is left of its session after a while is killed."""
        try:
            self._process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(self._patience_s)
        finally:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def wait_ready(self, tell: Callable[[str], None] = lambda reason: None, bound_s: float = 300.0) -> None:
        """Wait until readings can be scored; ``tell`` is given each new thing that the service says it is doing.

        Raises:
            ServiceError: It has ended, or is not ready within ``bound_s`` seconds.
        """
        deadline, told = time.monotonic() + bound_s, ""
        while time.monotonic() < deadline:
            self.check()
            with contextlib.suppress(httpx.TransportError, msgspec.DecodeError):
                response = httpx.get(f"{self.url}/health/ready", timeout=5.0)
                if response.is_success:
                    self._patience_s = 10.0
                    return
                reason = "; ".join(msgspec.json.decode(response.content, type=Health).reasons)
                if reason != told:
                    tell(told := reason)
            time.sleep(0.1)
        raise ServiceError(f"the service is not ready after {bound_s:g} s{self._last_output()}")

    def check(self) -> None:
        """Raises `ServiceError` with its last output if it has ended."""
        if (status := self._process.poll()) is not None:
            raise ServiceError(f"the service has ended with status {status}{self._last_output()}")

    def _last_output(self) -> str:
        lines = self._output.read_text(errors="replace").splitlines()[-20:]
        return "".join(["; its last output:" if lines else "", *(f"\n  {line}" for line in lines)])


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

    def send(self, request: Request) -> None:
        """Send a request; note with each failure the highest risk seen in the day before it."""
        if request.readings:
            self._client.post_readings(request.readings)
            self.readings += len(request.readings)
            return
        self._client.post_outcomes(request.outcomes)
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
        counts = f"{kind.devices:,}", f"{rate:,.0f}", f"{kind.positives_learned:,}", _figure(kind.pr_auc)
        kinds.append((kind.home_type, *counts, champion))
    top = seen.devices[:4]
    risky = [(one.home_id, one.device_id, one.device_type, f"{one.risk:.0%}", one.mode or "-") for one in top]
    failed = [(one.home_id, one.device_id, one.mode, f"{risk:.0%}") for one, risk in seen.failures[:-4:-1]]
    return Group(
        f"{day}: {seen.readings:,} readings, {failures} reported, learner lag {seen.lag} events.\n{note}\n",
        _table("HOME TYPE|>DEVICES|>READINGS/S|>POSITIVES|>PR-AUC|CHAMPION", kinds),
        "",
        _table("MOST AT RISK|DEVICE|TYPE|>RISK|LIKELY MODE", risky),
        "",
        _table("FAILED LATELY|DEVICE|MODE|>HIGHEST RISK BEFORE", failed),
    )


def _table(heads: str, rows: Iterable[Sequence[str]]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0))
    for head in heads.split("|"):
        table.add_column(head.removeprefix(">"), justify="right" if head.startswith(">") else "left", no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


@contextlib.contextmanager
def _screen(console: Console) -> Iterator[Callable[[Seen, str], None]]:
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


def demo(*, seconds: float = 60, homes: int = 40, seed: int = 1) -> None:
    """Start a service in a temporary folder, stream a simulated fleet to it, and show what it learns.

    Args:
        seconds: How long to stream. In more seconds more days of event time pass, and more is learned.
        homes: How many homes; a home has five to seventeen devices. More homes are streamed for fewer days.
        seed: Same seed, same fleet.
    """
    with one_line_errors():
        if not 1 <= seconds <= 86_400 or not 1 <= homes <= 10_000 or seed < 0:
            raise UsageError("--seconds must be from 1 to 86400, --homes from 1 to 10000, --seed not negative")
        for number in (signal.SIGTERM, signal.SIGHUP):
            # Unwinds the stack, so that no process and no folder stays behind.
            signal.signal(number, lambda number, _: sys.exit(128 + number))
        console = Console(highlight=False)
        with tempfile.TemporaryDirectory(prefix="hearthbeat-demo-", ignore_cleanup_errors=True) as folder:
            with ServiceProcess(Path(folder), horizon="24h") as service:
                _tell_story(console, service, seconds, homes, seed)
            console.print("\nThe service has been stopped and its folder removed.")


def _tell_story(console: Console, service: ServiceProcess, seconds: float, homes: int, seed: int) -> None:
    # Learning an example takes some 4 ms on a slow core, and a home brings about 30 of them a day.
    days = min(400.0, max(1.8, 1.1 + 5.0 * seconds / homes))
    console.print(f"Starting a service on {service.url} in a temporary folder.")
    end = int(time.time()) * SECOND
    start = end - int(days * DAY_S) * SECOND
    fleet = Fleet(homes, seed, start, end)
    service.wait_ready(lambda reason: console.print(f"  {reason} ..."))
    console.print(_READY.format(homes=homes, devices=len(fleet.devices), days=days, seconds=seconds))
    with Client(service.url, attempts=4) as client:
        seen = Seen(client, days)
        try:
            try:
                with _screen(console) as show:
                    _stream(seen, fleet, start, seconds, show)
            except KeyboardInterrupt:
                _sum_up(console, seen, client.evaluation())
                raise
            _sum_up(console, seen, client.evaluation())
        except (ServiceError, httpx.HTTPError) as error:
            service.check()
            raise ServiceError(str(error)) from None


def _stream(seen: Seen, fleet: Fleet, start: int, seconds: float, show: Callable[[Seen, str], None]) -> None:
    """Send everything at an even pace, wait for a learner that is behind, and show how things stand."""
    speed = seen.days * DAY_S * SECOND / seconds
    began = polled = time.monotonic()
    deadline = began + 1.5 * seconds + 5.0  # a slow machine shall not make it endless
    for request in in_batches(timed_readings(fleet), fleet.reports(), 500, int(speed / 4)):
        early_s = 0.0
        while early_s >= 0.0 and time.monotonic() < deadline:
            if time.monotonic() - polled > min(2.0, max(0.25, seconds / 60)):
                polled = time.monotonic()
                seen.poll()
                show(seen, _COLD if all(kind.provisional for kind in seen.home_types) else _WARM)
            early_s = 0.1 if seen.lag > _LAG_EVENTS else began + (request.at - start) / speed - time.monotonic()
            time.sleep(min(0.1, max(0.0, early_s)))
        if time.monotonic() >= deadline:
            break
        seen.send(request)
        seen.day = (request.at - start) / (DAY_S * SECOND)
    seen.poll()
    ended = time.monotonic()
    while seen.lag and time.monotonic() - ended < _CATCH_UP_S:
        time.sleep(0.25)
        seen.poll()
    show(seen, _SLOW if seen.lag or ended >= deadline else _END)


def _sum_up(console: Console, seen: Seen, evaluation: Evaluation) -> None:
    warned = sum(risk >= WARNING for _, risk in seen.failures)
    weights, best_first = evaluation.weights, sorted(evaluation.risk.items(), key=lambda one: -(one[1].all.pr_auc or 0))
    rows = [(name, *map(_figure, (weights.get(name), q.all.pr_auc, q.last70.pr_auc))) for name, q in best_first]
    console.print(
        _SUMMARY.format(seen=seen, failures=len(seen.failures), warned=warned, warning=WARNING, evaluation=evaluation),
        _table("WHO|>WEIGHT NOW|>PR-AUC|>AFTER THE FIRST 30 %", rows),
        _NEXT.format(command="python -m service" if sys.argv[0].endswith(".py") else sys.argv[0]),
        sep="",
    )
