"""The command ``simulate``: make a fleet and stream it to a service."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from service.contracts.readings import Reading
from simulator.arrays import DAY_S, SECOND
from simulator.devices import DEVICE_TYPES
from simulator.errors import UsageError, one_line_errors
from simulator.fleet import Block, Fleet
from simulator.homes import HOME_TYPES
from simulator.merge import Timed
from simulator.outcomes import instant
from simulator.resume import read_record
from simulator.stream import Plan, Source, check_plan, run
from simulator.wire import Wire

Switch = Parameter(negative="")


def simulate(
    *,
    url: str = "http://127.0.0.1:8000",
    homes: int = 150,
    days: float = 6.0,
    seed: int = 0,
    speed: float | None = None,
    rate: float | None = None,
    batch: int = 500,
    lanes: int | None = None,
    exact: Annotated[bool, Switch] = False,
    json: Annotated[bool, Switch] = False,
    end: str | None = None,
    failure_rate: float = 1.0,
    resume: Path | None = None,
) -> None:
    """Stream a simulated fleet of smart homes to a service and report how well it predicts.

    Args:
        url: Address of the service.
        homes: How many homes; a home has five to seventeen devices.
        days: How many days of event time.
        seed: Same seed, same fleet.
        speed: Event-time seconds per second; 0 or absent is as fast as possible.
        rate: Readings per second at most, over all lanes; absent is as fast as possible.
        batch: Readings in one request at most.
        lanes: Connections that send side by side, a device always through the same one; absent is up to four, as many
            as have full requests to send. One with --exact.
        exact: One request for each slot of event time, for exact repetition; needs a service in lock-step mode.
        json: Print the summary as one JSON object.
        end: Instant at which event time ends, ISO 8601 with UTC offset, not in the future; default now.
        failure_rate: Factor on the failure rates; 1 breaks about 3 % of the devices a day.
        resume: File that tells how far the stream is. If it exists, the stream goes on after what was acknowledged.
    """
    with one_line_errors():
        plan = Plan(
            url=url, batch=batch, lanes=lanes, exact=exact, speed=speed, rate=rate, resume=resume, json=json
        )  # fmt: skip
        check_plan(plan)
        end_us = _end(end or _first_end(resume), now=int(time.time()) * SECOND)
        fleet = _fleet(homes, days, seed, end_us, failure_rate)
        source = Source(
            title=f"{homes} homes, {len(fleet.devices)} devices",
            stream={
                "command": "simulate",
                "homes": homes,
                "days": days,
                "seed": seed,
                "end": f"{instant(end_us):%Y-%m-%dT%H:%M:%SZ}",
                "failure-rate": failure_rate,
            },
            total=fleet.expected_readings(),
            span_us=int(days * DAY_S) * SECOND,
            readings=Wire.of_fleet(fleet).timed(fleet.deliveries()),
            reports=fleet.reports(),
        )
        run(plan, source)


def timed_readings(fleet: Fleet) -> Iterator[Timed[Reading]]:
    """Yield a fleet's readings by when they are sent, as `Reading`, for who looks into them; see `Wire` for speed."""
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
                ts=instant(ts).astimezone(timezone(timedelta(seconds=offset_s))),
                metrics={name: value for name, value in zip(names, values, strict=True) if value == value},
            )
            yield Timed(sent, reading)


def _rows(block: Block) -> Iterator[tuple[int, int, int, int, list[float]]]:
    columns = (block.device, block.ts, block.sent, block.offset_s, block.metrics)
    return zip(*(column.tolist() for column in columns), strict=True)


def _fleet(homes: int, days: float, seed: int, end: int, failure_rate: float) -> Fleet:
    if homes < 1:
        raise UsageError(f"--homes must be at least 1, not {homes}")
    if not 0 < days <= 3650:
        raise UsageError(f"--days must be more than 0 and at most 3650, not {days:g}")
    if seed < 0:
        raise UsageError(f"--seed must not be negative, not {seed}")
    if not 0 < failure_rate <= 100:
        raise UsageError(f"--failure-rate must be more than 0 and at most 100, not {failure_rate:g}")
    start = end - max(1, int(days * DAY_S)) * SECOND
    if start < 0:
        raise UsageError("--end is too early for so many days: event time starts in 1970 at the earliest")
    return Fleet(homes, seed, start, end, failure_rate=failure_rate)


def _first_end(resume: Path | None) -> str | None:
    """Return where event time ended when the stream began, if it has begun."""
    record = read_record(resume)
    return None if record is None else record.stream.get("end")


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
