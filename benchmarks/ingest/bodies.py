"""Bodies: a simulated fleet as the bodies of requests, all made before the time runs.

There are as many homes of each type as of any other, so that every type has failures to learn from, and a body meets
all eight committees. Every reading is new to the service, so every one is accepted, scored and stored: nothing is sent
twice to the same place.
"""

import math
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from benchmarks.report import BenchError
from simulator.arrays import SECOND
from simulator.fleet import Fleet
from simulator.stream.wire import Wire, WireReading
from simulator.world.homes import HOME_TYPES

DAY_US = 86_400 * SECOND
_END_US = 1_767_225_600 * SECOND  # 2026-01-01T00:00:00Z
_PER_HOME_DAY = 300  # a little fewer than a home gives
_ENCODER = msgspec.json.Encoder()


class Part(Struct, frozen=True, kw_only=True):
    """A part of the stream, ready to be sent.

    Attributes:
        outcomes: What had become known before, a JSON array, or None if nothing had.
        lanes: Bodies of readings, arrays or single objects, for each connection: a device is always on the same one, or
            its readings would overtake each other.
        readings: How many readings there are in them.
    """

    outcomes: bytes | None
    lanes: list[list[bytes]]
    readings: int


class Source:
    """A stream of readings and outcomes.

    Args:
        homes: How many; a home has about eleven devices.
        readings: How many readings it must have.
        seed: Same seed, same fleet.
        failure_rate: Factor on how often devices fail.
        district: What the names of its homes begin with, so that two fleets are not taken for one.
    """

    def __init__(self, homes: int, readings: int, seed: int, *, failure_rate: float = 1.0, district: str = "") -> None:
        days = max(1, math.ceil(readings / (homes * _PER_HOME_DAY)))
        shares = [1.0] * len(HOME_TYPES)
        self._fleet = Fleet(homes, seed, _END_US - days * DAY_US, _END_US, failure_rate=failure_rate, shares=shares)
        table = self._fleet.devices
        self._fleet.devices = msgspec.structs.replace(table, home_id=tuple(district + name for name in table.home_id))
        self.devices = len(table)
        self._reports = iter(self._fleet.reports())
        self._report = next(self._reports, None)
        self._readings = self._stream()
        self._now = 0
        self._place: dict[tuple[str, str], int] = {}

    def take(self, readings: int, size: int, lanes: int) -> Part:
        """Take about so many of the next readings; what does not fill a body in its lane is left out for good.

        Args:
            readings: How many, rounded down to full bodies, as many in each lane; at least one.
            size: Readings in a body; 1 means single objects.
            lanes: Over how many connections they go.

        Raises:
            BenchError: The stream is at its end.
        """
        outcomes = []
        while self._report is not None and self._report.at <= self._now:
            outcomes.append(self._report.outcome)
            self._report = next(self._reports, None)
        each = max(1, readings // (size * lanes)) * size
        dealt: list[list[WireReading]] = [[] for _ in range(lanes)]
        open_lanes = lanes
        while open_lanes:
            reading = next(self._readings, None)
            if reading is None:
                raise BenchError("the simulated fleet has too few readings")
            place = self._place.setdefault((reading.home_id, reading.device_id), len(self._place))
            lane = dealt[place % lanes]
            if len(lane) < each:
                lane.append(reading)
                open_lanes -= len(lane) == each
        return Part(
            outcomes=_ENCODER.encode(outcomes) if outcomes else None,
            lanes=[
                [_ENCODER.encode(lane[low : low + size] if size > 1 else lane[low]) for low in range(0, each, size)]
                for lane in dealt
            ],
            readings=each * lanes,
        )

    def _stream(self) -> Iterator[WireReading]:
        wire = Wire.of_fleet(self._fleet)
        for block in self._fleet.blocks():
            for reading, self._now in zip(wire.readings(block), block.ts.tolist(), strict=True):
                yield reading
