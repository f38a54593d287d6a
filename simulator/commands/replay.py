"""The command ``replay``: stream any table of device telemetry to a service."""

import hashlib
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from simulator.arrays import DAY_S, SECOND
from simulator.delivery.outcomes import instant
from simulator.errors import UsageError, one_line_errors
from simulator.stream.resume import Identity
from simulator.stream.run import ClientKey, Plan, Source, check_plan, run
from simulator.tables.failure_rules import FailureFile
from simulator.tables.mapping import load_mapping
from simulator.tables.shipped import mapping_file

if TYPE_CHECKING:
    from simulator.tables.table import Telemetry

Switch = Parameter(negative="")


def replay(
    file: Path,
    /,
    *,
    map: Annotated[Path, Parameter(name="--map")],
    url: str = "http://127.0.0.1:8000",
    key: ClientKey = None,
    speed: float | None = None,
    rate: float | None = None,
    batch: int = 500,
    lanes: int | None = None,
    exact: Annotated[bool, Switch] = False,
    json: Annotated[bool, Switch] = False,
    limit_rows: int | None = None,
    seed: int | None = None,
    resume: Path | None = None,
) -> None:
    """Stream a table of device telemetry to a service and report how well it predicts.

    Args:
        file: The table: CSV with any separator, also compressed, or Parquet.
        map: TOML file that says what the columns mean, or the name of a shipped one.
        url: Address of the service.
        key: Key of the service. A flag can be seen in the list of processes; the variable cannot.
        speed: Event-time seconds per second; 0 or absent is as fast as possible.
        rate: Readings per second at most, over all lanes; absent is as fast as possible.
        batch: Readings in one request at most.
        lanes: Connections that send side by side, a device always through the same one; absent is up to four, as many
            as have full requests to send. One with --exact.
        exact: One request for each slot of event time, for exact repetition; needs a service in lock-step mode.
        json: Print the summary as one JSON object.
        limit_rows: Stream only the first so many rows in the order of time.
        seed: Replaces the seed in the mapping, by which devices start at staggered times.
        resume: File that tells how far the stream is. If it exists, the stream goes on after what was acknowledged.
    """
    with one_line_errors():
        plan = Plan(
            url=url, batch=batch, lanes=lanes, exact=exact, speed=speed, rate=rate, resume=resume, json=json,
            key=key,
        )  # fmt: skip
        check_plan(plan)
        if limit_rows is not None and limit_rows < 1:
            raise UsageError(f"--limit-rows must be at least 1, not {limit_rows}")
        if seed is not None and seed < 0:
            raise UsageError(f"--seed must not be negative, not {seed}")
        map = mapping_file(map)
        mapping = load_mapping(map)
        # pandas takes a second to import: not before it is sure that it is needed.
        from simulator.tables.table import load_table

        telemetry = load_table(file, mapping, seed=seed, limit_rows=limit_rows)
        stream: dict[str, str | int | None] = {"command": "replay", "limit-rows": limit_rows, "seed": seed}
        if resume is not None:
            stream |= {"table": _digest(file), "map": _digest(map)}
            if isinstance(mapping.failure, FailureFile):
                stream["failures"] = _digest(Path(mapping.failure.path))
        run(plan, source_of(telemetry, file.name, now=int(time.time()) * SECOND, stream=stream))


def source_of(telemetry: "Telemetry", title: str, now: int, stream: Identity) -> Source:
    """Return what to stream for a table, checked against the clock.

    Args:
        telemetry: The table.
        title: Its name.
        now: The current instant in microseconds since the epoch.
        stream: What it is made from.

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
        stream=stream,
        total=len(telemetry),
        span_us=newest - int(telemetry.ts[0]),
        readings=telemetry.readings(),
        reports=known,
        advance_to=advance_to,
        home_types=tuple(sorted(set(telemetry.home_type))),
    )


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
