"""The command ``simulate``: make a fleet and stream it to a service."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from simulator.arrays import DAY_S, SECOND
from simulator.commands.options import USUAL_WORLD, WorldOptions, rates_of, world_of
from simulator.delivery.outcomes import instant
from simulator.errors import UsageError, one_line_errors
from simulator.fleet import Fleet
from simulator.scenarios import NO_CHANGES
from simulator.stream.resume import Identity, read_record
from simulator.stream.run import ClientKey, Plan, Source, check_plan, run
from simulator.stream.wire import Wire

Switch = Parameter(negative="")

_HOMES = 150
_MOST_HOMES = 1_000_000
_DAYS = 6.0


def simulate(
    *,
    url: str = "http://127.0.0.1:8000",
    key: ClientKey = None,
    homes: int | None = None,
    days: float | None = None,
    seed: int = 0,
    speed: float | None = None,
    rate: float | None = None,
    batch: int = 500,
    lanes: int | None = None,
    exact: Annotated[bool, Switch] = False,
    json: Annotated[bool, Switch] = False,
    end: str | None = None,
    resume: Path | None = None,
    world: WorldOptions = USUAL_WORLD,
) -> None:
    """Stream a simulated fleet of smart homes to a service and report how well it predicts.

    Args:
        url: Address of the service.
        key: Key of the service. A flag can be seen in the list of processes; the variable cannot.
        homes: How many homes, at most a million; a home has two to some thirty devices, most homes five to seventeen.
            Usually 150, or the scenario's.
        days: How many days of event time. Usually 6, or the scenario's.
        seed: Same seed, same fleet.
        speed: Event-time seconds per second; 0 or absent is as fast as possible.
        rate: Readings per second at most, over all lanes; absent is as fast as possible.
        batch: Readings in one request at most.
        lanes: Connections that send side by side, a device always through the same one; absent is up to four, as many
            as have full requests to send. One with --exact.
        exact: One request for each slot of event time, for exact repetition; needs a service in lock-step mode.
        json: Print the summary as one JSON object.
        end: Instant at which event time ends, ISO 8601 with UTC offset, not in the future; default now.
        resume: File that tells how far the stream is. If it exists, the stream goes on after what was acknowledged.
        world: What world it is.
    """
    with one_line_errors():
        plan = Plan(
            url=url, batch=batch, lanes=lanes, exact=exact, speed=speed, rate=rate, resume=resume, json=json,
            key=key,
        )  # fmt: skip
        check_plan(plan)
        end_us = _end(end or _first_end(resume), now=int(time.time()) * SECOND)
        fleet, stream = _fleet(homes, days, seed, end_us, world)
        source = Source(
            title=f"{stream['homes']} homes, {len(fleet.devices)} devices",
            stream=stream,
            total=fleet.expected_readings(),
            span_us=fleet.span_us,
            readings=Wire.of_fleet(fleet).timed(fleet.deliveries()),
            reports=fleet.reports(),
        )
        run(plan, source)


def _fleet(homes: int | None, days: float | None, seed: int, end: int, world: WorldOptions) -> tuple[Fleet, Identity]:
    """Make the fleet that is asked for, and say what it was made from."""
    patterns, scenario = world_of(world)
    failure_rate, interval_scale = rates_of(world, scenario)
    if homes is None:
        homes = _HOMES if scenario is None else scenario.homes
    if days is None:
        days = _DAYS if scenario is None else scenario.days
    if not 1 <= homes <= _MOST_HOMES:
        raise UsageError(f"--homes must be from 1 to {_MOST_HOMES:,}, not {homes:,}")
    if not 0 < days <= 3650:
        raise UsageError(f"--days must be more than 0 and at most 3650, not {days:g}")
    if seed < 0:
        raise UsageError(f"--seed must not be negative, not {seed}")
    start = end - max(1, int(days * DAY_S)) * SECOND
    if start < 0:
        raise UsageError("--end is too early for so many days: event time starts in 1970 at the earliest")
    fleet = Fleet(
        homes, seed, start, end, failure_rate=failure_rate, interval_scale=interval_scale, patterns=patterns,
        changes=NO_CHANGES if scenario is None else scenario.changes,
    )  # fmt: skip
    return fleet, {
        "command": "simulate",
        "homes": homes,
        "days": days,
        "seed": seed,
        "end": f"{instant(end):%Y-%m-%dT%H:%M:%SZ}",
        "scenario": None if scenario is None else scenario.name,
        "failure-rate": failure_rate,
        "interval-scale": interval_scale,
        **{
            f"{name}.{key}": value
            for name, keys in msgspec.to_builtins(patterns).items()
            for key, value in keys.items()
        },
    }


def _first_end(resume: Path | None) -> str | None:
    """Return where event time ended when the stream began, if it has begun."""
    record = read_record(resume)
    end = None if record is None else record.stream.get("end")
    return end if isinstance(end, str) else None


def _end(text: str | None, now: int) -> int:
    """Return the end of event time in microseconds: ``text``, or ``now``."""
    if text is None:
        return now
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--end {text!r} is no ISO 8601 instant such as 2025-03-01T12:00:00Z") from None
    if instant.tzinfo is None:
        raise UsageError(f"--end {text!r} has no UTC offset; write it like 2025-03-01T12:00:00Z")
    end = int((instant - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * SECOND
    if end > now:
        raise UsageError(f"--end {text} lies in the future; readings from the future are refused")
    return end
