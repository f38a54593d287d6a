"""The command ``simulate``: make a fleet and stream it to a service."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated

from cyclopts import Parameter

from service.contracts.readings import Reading
from simulator.arrays import DAY_S, SECOND
from simulator.blocks import Block
from simulator.devices import DEVICE_TYPES
from simulator.errors import UsageError, one_line_errors
from simulator.fleet import Fleet
from simulator.homes import HOME_TYPES
from simulator.merge import Timed
from simulator.options import USUAL_WORLD, WorldOptions, rates_of, world_of
from simulator.scenarios import NO_CHANGES
from simulator.stream import Plan, Source, check_plan, run

Switch = Parameter(negative="")

_HOMES = 150
_DAYS = 6.0


def simulate(
    *,
    url: str = "http://127.0.0.1:8000",
    homes: int | None = None,
    days: float | None = None,
    seed: int = 0,
    speed: float | None = None,
    batch: int = 500,
    exact: Annotated[bool, Switch] = False,
    json: Annotated[bool, Switch] = False,
    end: str | None = None,
    world: WorldOptions = USUAL_WORLD,
) -> None:
    """Stream a simulated fleet of smart homes to a service and report how well it predicts.

    Args:
        url: Address of the service.
        homes: How many homes; a home has five to seventeen devices. Usually 150, or the scenario's.
        days: How many days of event time. Usually 6, or the scenario's.
        seed: Same seed, same fleet.
        speed: Event-time seconds per second; 0 or absent is as fast as possible.
        batch: Readings in one request at most.
        exact: One request for each slot of event time, for exact repetition; needs a service in lock-step mode.
        json: Print the summary as one JSON object.
        end: Instant at which event time ends, ISO 8601 with UTC offset, not in the future; default now.
        world: What world it is.
    """
    with one_line_errors():
        plan = Plan(url=url, batch=batch, exact=exact, speed=speed, json=json)
        check_plan(plan)
        fleet = _fleet(homes, days, seed, _end(end, now=int(time.time()) * SECOND), world)
        source = Source(
            title=f"{fleet.devices.home[-1] + 1} homes, {len(fleet.devices)} devices",
            total=fleet.expected_readings(),
            readings=timed_readings(fleet),
            reports=fleet.reports(),
        )
        run(plan, source)


def timed_readings(fleet: Fleet) -> Iterator[Timed]:
    """Yield a fleet's readings in order of time, as they go over the wire, in each home's own UTC offset."""
    table = fleet.devices
    home_types = [HOME_TYPES[code].name for code in table.home_type.tolist()]
    device_types = [DEVICE_TYPES[code].name for code in table.device_type.tolist()]
    names = fleet.metric_names
    for block in fleet.deliveries():
        for device, ts, sent, offset_s, values in _rows(block):
            reading = Reading(
                home_id=table.home_id[device],
                device_id=table.device_id[device],
                home_type=home_types[device],
                device_type=device_types[device],
                ts=datetime.fromtimestamp(ts // SECOND, timezone(timedelta(seconds=offset_s))),
                metrics={name: value for name, value in zip(names, values, strict=True) if value == value},
            )
            yield Timed(sent, reading)


def _rows(block: Block) -> Iterator[tuple[int, int, int, int, list[float]]]:
    columns = (block.device, block.ts, block.sent, block.offset_s, block.metrics)
    return zip(*(column.tolist() for column in columns), strict=True)


def _fleet(homes: int | None, days: float | None, seed: int, end: int, world: WorldOptions) -> Fleet:
    patterns, scenario = world_of(world)
    failure_rate, interval_scale = rates_of(world, scenario)
    if homes is None:
        homes = _HOMES if scenario is None else scenario.homes
    if days is None:
        days = _DAYS if scenario is None else scenario.days
    if homes < 1:
        raise UsageError(f"--homes must be at least 1, not {homes}")
    if not 0 < days <= 3650:
        raise UsageError(f"--days must be more than 0 and at most 3650, not {days:g}")
    if seed < 0:
        raise UsageError(f"--seed must not be negative, not {seed}")
    start = end - max(1, int(days * DAY_S)) * SECOND
    if start < 0:
        raise UsageError("--end is too early for so many days: event time starts in 1970 at the earliest")
    return Fleet(
        homes, seed, start, end, failure_rate=failure_rate, interval_scale=interval_scale, patterns=patterns,
        changes=NO_CHANGES if scenario is None else scenario.changes,
    )  # fmt: skip


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
