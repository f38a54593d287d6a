"""Fleet: the whole simulated world behind one door.

Where `homes` ... `outcomes` come together. A data set builder takes `Fleet.blocks` as they are (columns, no objects);
the streaming client turns them into readings (`simulator.stream`). What a fleet yields is a function of its arguments,
and does not depend on how it is cut into blocks.
"""

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
from msgspec import Struct

from simulator.arrays import HOUR_S, SECOND, Codes, Floats, Indices, Ints
from simulator.context import Surroundings
from simulator.delivery import deliver, told
from simulator.devices import DEVICE_TYPES, METRICS, MODES
from simulator.health import Health, Lives
from simulator.outcomes import Report, draw_reports
from simulator.patterns import DEFAULT_PATTERNS, Patterns
from simulator.population import DeviceTable, populate
from simulator.randomness import Purpose, generator
from simulator.scenarios import NO_CHANGES, Changes
from simulator.signals import Signals


class Block(Struct, frozen=True):
    """Readings in order of time (then device), n rows.

    Attributes:
        device: Row of the device table, (n,) int32.
        ts: What the device's clock says, in microseconds since the epoch, UTC, (n,) int64. In `Fleet.blocks` that is
            the truth: per device strictly increasing, over all blocks too.
        sent: When it reaches the service, in microseconds likewise, (n,) int64; never decreasing, over all blocks too.
            In `Fleet.blocks` the same as ``ts``.
        offset_s: Offset of the home's local time from UTC at ``ts``, in seconds, (n,) int32.
        metrics: (n, m) float64 in the order of `Fleet.metric_names`; NaN where absent.
    """

    device: Indices
    ts: Ints
    sent: Ints
    offset_s: Indices
    metrics: Floats

    def __len__(self) -> int:
        return len(self.ts)


class Failures(Struct, frozen=True, kw_only=True):
    """Ground truth, f rows in order of time: what failed when, whether reported or not.

    Attributes:
        device: Row of the device table, (f,) int32.
        ts: Microseconds since the epoch, UTC, (f,) int64.
        mode: Code into `Fleet.mode_names`, (f,) int8.
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

    Attributes:
        devices: The static device table, d rows.
        lives: The hidden truth: each device's lives with onset, end and mode.
        failures: The failures in [start, end].
        metric_names: Names of the metric columns, (m,).
        mode_names: Names of the failure modes by code.

    Raises:
        ValueError: If an argument is out of its range.
    """

    metric_names: tuple[str, ...] = METRICS
    mode_names: tuple[str, ...] = MODES

    def __init__(
        self, homes: int, seed: int, start: int, end: int, *, failure_rate: float = 1.0, interval_scale: float = 1.0,
        patterns: Patterns = DEFAULT_PATTERNS, changes: Changes = NO_CHANGES,
    ) -> None:  # fmt: skip
        if homes < 1 or seed < 0 or end <= start or start < 0 or failure_rate <= 0 or interval_scale <= 0:
            raise ValueError("a fleet needs homes >= 1, seed >= 0, 0 <= start < end, and positive factors")
        self.seed = seed
        self.patterns = patterns
        self.changes = changes
        self._start_s, self._end_s = start // SECOND, end // SECOND
        self.devices: DeviceTable = populate(homes, seed, interval_scale)
        self._health = Health(self.devices, seed, self._start_s, self._end_s, failure_rate)
        surroundings = Surroundings(self.devices, seed, self._start_s, self._end_s)
        self._signals = Signals(self.devices, self._health, surroundings, seed, self._start_s, self._end_s)
        self.failures = self._failures()

    @property
    def lives(self) -> Lives:
        """The hidden truth behind the signals."""
        return self._health.lives

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
                whole = join_blocks([*held, slice_block(hour, 0, cut)])
                if len(whole):
                    yield whole
                held, hour, edge = [], slice_block(hour, cut, len(hour)), edge + step_s * SECOND
            if len(hour):
                held.append(hour)
        if held:
            yield join_blocks(held)

    def expected_readings(self) -> int:
        """Return about how many readings there will be."""
        return int(((self._end_s - self._start_s) / self.devices.interval_s).sum())

    def _hours(self) -> Iterator[Block]:
        """Draw hour by hour from the start: a fixed step with its own generator, so blocks can be cut at will."""
        table = self.devices
        interval = table.interval_s.astype(np.int64)
        jitter_s = np.array([kind.jitter for kind in DEVICE_TYPES])[table.device_type] * interval
        late = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int64)
        for number in range((self._end_s - self._start_s) // HOUR_S + 1):
            rng = generator(self.seed, Purpose.READINGS, number)
            low = number * HOUR_S
            first = np.ceil(low / interval - table.phase).astype(np.int64)
            count = np.ceil((low + HOUR_S) / interval - table.phase).astype(np.int64) - first
            device = np.repeat(np.arange(len(table), dtype=np.int32), count)
            turn = np.arange(len(device)) - np.repeat(np.cumsum(count) - count, count) + first[device]
            delay = rng.random(len(device)) * jitter_s[device]
            second = self._start_s + ((turn + table.phase[device]) * interval[device] + delay).astype(np.int64)
            device, second = np.concatenate([late[0], device]), np.concatenate([late[1], second])
            order = np.lexsort((device, second))
            device, second = device[order], second[order]
            # Readings that their delay carries over the hour wait for the next one.
            cut = int(np.searchsorted(second, self._start_s + low + HOUR_S))
            late = device[cut:], second[cut:]
            cut = min(cut, int(np.searchsorted(second, self._end_s, side="right")))
            ts = second[:cut] * SECOND
            metrics, arrives = self._signals.read(device[:cut], ts, rng)
            told = device[:cut][arrives]
            yield Block(
                device=told,
                ts=ts[arrives],
                sent=ts[arrives],
                offset_s=table.utc_offset_min[told] * np.int32(60),
                metrics=metrics[arrives],
            )

    def _failures(self) -> Failures:
        lives = self.lives
        inside = ~lives.averted & (lives.end_s >= self._start_s) & (lives.end_s <= self._end_s)
        rows = np.nonzero(inside)[0]
        rows = rows[np.lexsort((lives.device[rows], lives.end_s[rows]))]
        return Failures(
            device=lives.device[rows],
            ts=lives.end_s[rows] * SECOND,
            mode=lives.mode[rows],
            repaired=lives.repair_s[rows] * SECOND,
        )


def slice_block(block: Block, low: int, high: int) -> Block:
    """Return the readings ``low`` to ``high`` of a block."""
    return Block(*(column[low:high] for column in msgspec.structs.astuple(block)))


def join_blocks(blocks: Sequence[Block]) -> Block:
    """Return the readings of several blocks as one; at least one block."""
    return Block(*(np.concatenate(columns) for columns in zip(*map(msgspec.structs.astuple, blocks), strict=True)))
