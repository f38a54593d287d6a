"""The command ``demo``: a service of its own, days of a simulated fleet in a minute, and what it learns, live."""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx
from rich.console import Console

from service.contracts.standing import Evaluation
from simulator.arrays import DAY_S, SECOND
from simulator.child import ServiceProcess
from simulator.commands.board import Seen, figure, screen, table
from simulator.errors import ServiceError, UsageError, one_line_errors, unwound_by_signals
from simulator.fleet import Fleet
from simulator.stream.client import Client
from simulator.stream.merge import in_batches
from simulator.stream.readings import timed_readings

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


def demo(*, seconds: float = 60, homes: int = 40, seed: int = 1) -> None:
    """Start a service in a temporary folder, stream a simulated fleet to it, and show what it learns.

    Args:
        seconds: How long to stream. In more seconds more days of event time pass, and more is learned.
        homes: How many homes; a home has two to some thirty devices, most homes five to seventeen. More homes are
            streamed for fewer days.
        seed: Same seed, same fleet.
    """
    with one_line_errors():
        if not 1 <= seconds <= 86_400 or not 1 <= homes <= 10_000 or seed < 0:
            raise UsageError("--seconds must be from 1 to 86400, --homes from 1 to 10000, --seed not negative")
        console = Console(highlight=False)
        # No process and no folder stays behind.
        with (
            unwound_by_signals(),
            tempfile.TemporaryDirectory(prefix="hearthbeat-demo-", ignore_cleanup_errors=True) as folder,
        ):
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
                with screen(console) as show:
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
    rows = [(name, *map(figure, (weights.get(name), q.all.pr_auc, q.last70.pr_auc))) for name, q in best_first]
    console.print(
        _SUMMARY.format(seen=seen, failures=len(seen.failures), warned=warned, warning=WARNING, evaluation=evaluation),
        table("WHO|>WEIGHT NOW|>PR-AUC|>AFTER THE FIRST 30 %", rows),
        _NEXT.format(command="python -m service" if sys.argv[0].endswith(".py") else sys.argv[0]),
        sep="",
    )
