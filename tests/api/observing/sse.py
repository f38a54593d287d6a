"""Reads Server-Sent Events as a browser does."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx

from service.contracts.access import bearer


class Event(NamedTuple):
    id: str
    kind: str
    data: Any


@contextmanager
def listening(
    url: str, last_id: str | None = None, *, key: str | None = None, **query: Any
) -> Iterator[Iterator[Event]]:
    """The events of a stream; a heartbeat is an event without a kind."""
    headers = bearer(key) if last_id is None else bearer(key) | {"Last-Event-ID": last_id}
    with httpx.stream("GET", f"{url}/v1/stream", params=query, headers=headers, timeout=20) as answer:
        if answer.status_code != 200:
            answer.read()
        answer.raise_for_status()
        assert "text/event-stream" == answer.headers["content-type"]
        yield events(answer.iter_lines())


def events(lines: Iterator[str]) -> Iterator[Event]:
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            found[name] = value
        elif "id" in found:
            data = found.get("data")
            yield Event(found["id"], found.get("event", ""), json.loads(data) if data is not None else None)
            found = {}


def take(stream: Iterator[Event], count: int) -> list[Event]:
    """The next so many events that are no heartbeats."""
    return [next(event for event in stream if event.kind) for _ in range(count)]
