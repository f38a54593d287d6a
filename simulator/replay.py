"""The command ``replay``: stream any table of device telemetry to a service."""

import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from simulator.arrays import DAY_S, SECOND
from simulator.errors import UsageError, one_line_errors
from simulator.mapping import load_mapping
from simulator.outcomes import instant
from simulator.stream import Plan, Source, check_plan, run

if TYPE_CHECKING:
    from simulator.table import Telemetry

Switch = Parameter(negative="")


def replay(
    file: Path,
    /,
    *,
    map: Annotated[Path, Parameter(name="--map")],
    url: str = "http://127.0.0.1:8000",
    speed: float | None = None,
    batch: int = 500,
    exact: Annotated[bool, Switch] = False,
    json: Annotated[bool, Switch] = False,
    limit_rows: int | None = None,
    seed: int | None = None,
) -> None:
    """Stream a table of device telemetry to a service and report how well it predicts.

    Args:
        file: The table: CSV with any separator, also compressed, or Parquet.
        map: TOML file that says what the columns mean.
        url: Address of the service.
        speed: Event-time seconds per second; 0 or absent is as fast as possible.
        batch: Readings in one request at most.
        exact: One request for each slot of event time, for exact repetition; needs a service in lock-step mode.
        json: Print the summary as one JSON object.
        limit_rows: Stream only the first so many rows in the order of time.
        seed: Replaces the seed in the mapping, by which devices start at staggered times.
    """
    with one_line_errors():
        plan = Plan(url=url, batch=batch, exact=exact, speed=speed, json=json)
        check_plan(plan)
        if limit_rows is not None and limit_rows < 1:
            raise UsageError(f"--limit-rows must be at least 1, not {limit_rows}")
        if seed is not None and seed < 0:
            raise UsageError(f"--seed must not be negative, not {seed}")
        mapping = load_mapping(map)
        # pandas takes a second to import: not before it is sure that it is needed.
        from simulator.table import load_table

        telemetry = load_table(file, mapping, seed=seed, limit_rows=limit_rows)
        run(plan, source_of(telemetry, file.name, now=int(time.time()) * SECOND))


def source_of(telemetry: "Telemetry", title: str, now: int) -> Source:
    """Return what to stream for a table, checked against the clock.

    Args:
        telemetry: The table.
        title: Its name.
        now: The current instant in microseconds since the epoch.

    Raises:
        UsageError: If readings lie in the future.
    """
    newest = int(telemetry.ts[-1])
    if newest > now:
        rows = int((telemetry.ts > now).sum())
        raise UsageError(
            f"{rows} rows of {title} lie in the future, the newest at {instant(newest):%Y-%m-%dT%H:%M:%SZ}, and would "
            "be refused; check the time column, its zone or unit, or choose an earlier origin"
        )
    for note in telemetry.notes:
        print(f"note: {note}", file=sys.stderr)
    known = [report for report in telemetry.reports if report.at <= now]
    if len(known) < len(telemetry.reports):
        left = len(telemetry.reports) - len(known)
        print(f"note: {left} failures would be reported in the future and are left out", file=sys.stderr)

    def advance_to(horizon_s: float) -> datetime:
        to = newest + 2 * int(horizon_s * SECOND) + telemetry.failure_offset_us + DAY_S * SECOND
        return instant(min(to, max(now, newest)))

    return Source(
        title=title,
        total=len(telemetry),
        readings=telemetry.readings(),
        reports=known,
        advance_to=advance_to,
        home_types=tuple(sorted(set(telemetry.home_type))),
    )
