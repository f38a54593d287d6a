"""Fleet: the whole simulated world behind one door.

Where `homes` ... `outcomes` come together. A data set builder takes `Fleet.blocks` as they are (columns, no objects);
the streaming client turns them into readings (`simulator.stream.wire`). What a fleet yields is a function of its
arguments, and does not depend on how it is cut into blocks.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct

from simulator.arrays import HOUR_S, SECOND, Codes, Indices, Ints
from simulator.blocks import Block, join_blocks, take_block
from simulator.chance.counter import key_of
from simulator.chance.purposes import Purpose
from simulator.delivery.delivery import deliver, told
from simulator.delivery.outcomes import Report, draw_reports
from simulator.scenarios import NO_CHANGES, Changes
from simulator.world.clock import Clock
from simulator.world.context import surround
from simulator.world.devices import METRICS
from simulator.world.health import Health, Lives
from simulator.world.patterns import DEFAULT_PATTERNS, Patterns
from simulator.world.population import DeviceTable, populate
from simulator.world.schedule import hours
from simulator.world.senses import sense
from simulator.world.signals import draw_restarts, own_of, types_of


class Failures(Struct, frozen=True, kw_only=True):
    """Ground truth, f rows in order of time: what failed when, whether reported or not.

    Attributes:
        device: Row of the device table, (f,) int32.
        ts: Microseconds since the epoch, UTC, (f,) int64.
        mode: Code into `simulator.world.devices.MODES`, (f,) int8.
        repaired: Instant of the repair in microseconds, (f,) int64; may lie after the end.
    """

    device: Indices
    ts: Ints
    mode: Codes
    repaired: Ints


class Fleet:
    """A fleet of homes from ``start`` to ``end``.

    Args:
        homes: How many homes, at least 1.
        seed: Everything follows from it.
        start: First instant, in microseconds since the epoch, UTC; taken down to a full second.
        end: Last instant, likewise, after ``start``.
        failure_rate: Factor on all failure rates; 1 means about 3 % of the devices fail per day.
        interval_scale: Factor on all reporting intervals, which are 12 to 75 minutes at 1.
        patterns: The temporal patterns.
        changes: What comes over the fleet.
        shares: Relative shares of the home types, instead of their own.
        stays: Seconds at which each home joins the fleet and leaves it, (homes,) each; by default all stay throughout.

    Attributes:
        devices: The static device table, d rows.
        lives: The hidden truth: each device's lives with onset, end and mode.
        failures: The failures in [start, end].
        metric_names: Names of the metric columns, (m,).

    Raises:
        ValueError: If an argument is out of its range.
    """

    metric_names: tuple[str, ...] = METRICS

    def __init__(
        self, homes: int, seed: int, start: int, end: int, *, failure_rate: float = 1.0, interval_scale: float = 1.0,
        patterns: Patterns = DEFAULT_PATTERNS, changes: Changes = NO_CHANGES, shares: Sequence[float] | None = None,
        stays: tuple[Ints, Ints] | None = None,
    ) -> None:  # fmt: skip
        if homes < 1 or seed < 0 or end <= start or start < 0 or failure_rate <= 0 or interval_scale <= 0:
            raise ValueError("a fleet needs homes >= 1, seed >= 0, 0 <= start < end, and positive factors")
        self.seed = seed
        self.patterns = patterns
        self.changes = changes
        self._start_s, self._end_s = start // SECOND, end // SECOND
        span = self._start_s, self._end_s
        stays = _stays(homes, changes, span) if stays is None else stays
        self.devices: DeviceTable = populate(homes, seed, stays, interval_scale=interval_scale, shares=shares)
        self._clock = Clock(*span, patterns)
        self._health = Health(self.devices, self._clock, patterns, changes, seed, span, failure_rate)
        self._around = surround(self.devices, self._clock, patterns, seed, span)
        self._own, self._types = own_of(self.devices), types_of(changes, span)
        self._restarts = draw_restarts(self.devices, self.lives, seed)
        self.failures = self._failures()

    @property
    def lives(self) -> Lives:
        """The hidden truth behind the signals."""
        return self._health.lives

    @property
    def span_us(self) -> int:
        """Length of the simulation in microseconds."""
        return (self._end_s - self._start_s) * SECOND

    def reports(self) -> list[Report]:
        """Return what is told of the failures in [start, end], in order of when it is told."""
        reports = draw_reports(self.devices, self.lives, self.seed, self._start_s, self._end_s)
        return told(reports, self.changes.label_outage, self._start_s, self._end_s)

    def deliveries(self, step_s: int = HOUR_S) -> Iterator[Block]:
        """Yield what reaches the service, in the order in which it does, in blocks of about ``step_s`` seconds."""
        yield from deliver(self.blocks(step_s), self.changes, self.devices, self.seed, self._start_s, self._end_s)

    def blocks(self, step_s: int = HOUR_S) -> Iterator[Block]:
        """Yield the readings in [start, end] in order of time, in blocks of ``step_s`` seconds of event time."""
        if step_s < 1:
            raise ValueError("step_s must be at least 1")
        held: list[Block] = []
        edge = (self._start_s + step_s) * SECOND
        for hour in self._hours():
            while len(hour) and int(hour.ts[-1]) >= edge:
                cut = int(np.searchsorted(hour.ts, edge))
                whole = join_blocks([*held, take_block(hour, slice(0, cut))])
                if len(whole):
                    yield whole
                held, hour, edge = [], take_block(hour, slice(cut, None)), edge + step_s * SECOND
            if len(hour):
                held.append(hour)
        if held:
            yield join_blocks(held)

    def expected_readings(self) -> int:
        """Return about how many readings there will be."""
        table = self.devices
        stay_s = np.minimum(table.leaves_s, self._end_s) - np.maximum(table.joins_s, self._start_s)
        return int((np.maximum(0, stay_s) / table.interval_s).sum())

    def _hours(self) -> Iterator[Block]:
        """Draw hour by hour; any other cut would give the same readings."""
        key = key_of(self.seed, Purpose.READINGS)
        for device, second in hours(self.devices, self.seed, self._start_s, self._end_s):
            metrics = np.full((len(device), len(METRICS)), np.nan)
            arrives = np.empty(len(device), dtype=np.bool_)
            sense(
                key, device, second, self._own, self._health.columns, self._around, self._types, self._restarts,
                metrics, arrives,
            )  # fmt: skip
            device, second = device[arrives], second[arrives]
            offset_s = self._clock.offsets(self.devices.zone[device], second)
            yield Block(device, second * SECOND, second * SECOND, offset_s, metrics[arrives])

    def _failures(self) -> Failures:
        lives, table = self.lives, self.devices
        inside = ~lives.averted & (lives.end_s >= self._start_s) & (lives.end_s <= self._end_s)
        inside &= lives.end_s <= table.leaves_s[lives.device]
        rows = np.nonzero(inside)[0]
        rows = rows[np.lexsort((lives.device[rows], lives.end_s[rows]))]
        return Failures(
            device=lives.device[rows],
            ts=lives.end_s[rows] * SECOND,
            mode=lives.mode[rows],
            repaired=lives.repair_s[rows] * SECOND,
        )


def _stays(homes: int, changes: Changes, span: tuple[int, int]) -> tuple[Ints, Ints]:
    """Let all homes stay throughout, or join little by little where the fleet grows."""
    joins_s = np.full(homes, span[0], dtype=np.int64)
    if changes.growth is not None:
        later = homes - round(homes * changes.growth.initial)
        joins_s[homes - later :] += np.linspace(0, span[1] - span[0], later, endpoint=False).astype(np.int64)
    return joins_s, np.full(homes, span[1], dtype=np.int64)
