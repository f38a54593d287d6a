"""Flatness: does a reading cost more in a large fleet, or after many readings?

Three services from the same prepared folder take turns: one with a thousand devices that has just begun, one with a
thousand devices that has taken many readings, and one with a hundred thousand devices. The first two are sent readings
of the same devices.
"""

from pathlib import Path

from benchmarks.ingest.bodies import Source
from benchmarks.ingest.contest import CONNECTIONS, Scores, contest, fresh
from benchmarks.ingest.cores import Cores
from benchmarks.ingest.warm import Served, copy_of
from benchmarks.report import Row

_SIZE = 1_000
_CHUNK = 50_000
_REGISTERED = 28  # readings for each home, after which hardly a device has not been read


def flatness(
    folder: Path, cores: Cores, old: Served, source: Source, *, readings: int, homes: int, rounds: int, round_s: float,
    seed: int,
) -> list[Row]:  # fmt: skip
    """Compare the cost of a reading.

    Args:
        folder: The prepared folder.
        cores: The two cores.
        old: The service that has taken readings of ``source``; it is sent more until there are ``readings`` of them.
        source: Its fleet.
        readings: How many.
        homes: How many homes the large fleet has.
        rounds, round_s: How often, and how long.
        seed: Of the large fleet.
    """
    while old.readings < readings:
        old.send(source.take(_CHUNK, _SIZE, CONNECTIONS))
    with copy_of(folder, "young", cores) as young, copy_of(folder, "large", cores) as large:
        for served in (young, large):
            served.wait_ready()
        registered = _REGISTERED * homes
        sent = registered + _CHUNK + (rounds + 2) * max(int(round_s * 500_000), 20 * _SIZE)
        crowd = Source(homes, sent, seed + 1, district="crowd-")
        for _ in range(0, registered, _CHUNK):
            large.send(crowd.take(min(registered, _CHUNK), _SIZE, CONNECTIONS))
        turns = {
            "young": fresh(young.send, source, _SIZE),
            "old": fresh(old.send, source, _SIZE),
            "large": fresh(large.send, crowd, _SIZE),
        }
        scores = contest(cores, turns, dict.fromkeys(turns, 20 * _SIZE), rounds, round_s)
        devices = sum(kind.devices for kind in large.client.home_types().home_types)
    return _rows(scores, old.readings, devices)


def _rows(scores: Scores, readings: int, devices: int) -> list[Row]:
    by_devices, by_readings = scores.ratio("young", "large"), scores.ratio("young", "old")
    return [
        Row("ingest.flatness", max(by_devices, by_readings), "times", "lower"),
        Row("ingest.flatness.by_devices", by_devices, "times", "lower"),
        Row("ingest.flatness.by_readings", by_readings, "times", "lower"),
        Row("ingest.flatness.devices", devices, "devices", "higher"),
        Row("ingest.flatness.readings", readings, "readings", "higher"),
    ]
