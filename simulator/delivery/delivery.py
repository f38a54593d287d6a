"""Delivery: what reaches the service, and when. Between the fleet, which knows the truth, and whoever sends it.

    measured   ──●──●──●──●──●──●──●──►   in order of the true instants
    an outage  ──●───────────●●●●─●──●──►  a gateway's readings queue, in order, until it has caught up
    dirt       ──●─────●──●──●●────●──►   held back, sent again, misdated, spoilt (`simulator.delivery.dirt`)

Carries out `Outage`, `LabelOutage` and `Dirt` of `simulator.scenarios.Changes`. Nothing here depends on how the stream
is cut into blocks. What is kept in memory are the readings under way: the backlog of an outage, and those held back.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from simulator.arrays import HOUR_S, SECOND, Flags, Ints
from simulator.blocks import Block, join_blocks, take_block
from simulator.delivery.dirt import Soiling
from simulator.delivery.outcomes import Report
from simulator.scenarios import Changes, LabelOutage, Outage
from simulator.world.homes import HOME_TYPE_CODE
from simulator.world.population import DeviceTable

REPORTS_CATCH_UP_S: Final = 600
"""In what time the outcomes held back by a label outage are told, once it is over."""


def deliver(
    blocks: Iterable[Block], changes: Changes, table: DeviceTable, seed: int, start_s: int, end_s: int
) -> Iterator[Block]:
    """Yield what reaches the service by the end of the span, in the order in which it does (``sent``, then device).

    Args:
        blocks: What was measured, in order of true instants, ``sent`` the same as ``ts``.
        changes: What comes over the fleet.
        table: Its devices.
        seed: What is dirty, and how, follows from it.
        start_s: Begin of the fleet's span, in seconds since the epoch, UTC.
        end_s: Its end, likewise; what would arrive later never does.

    Yields:
        Blocks of about the size of those that come in; none is empty.
    """
    if changes.outage is None and changes.dirt is None:
        yield from blocks
        return
    line = _Line(changes, table, seed, start_s, end_s)
    under_way = _UnderWay()
    for measured in blocks:
        for block in line.apart(measured):
            sent, late, again = line.carry(block)
            under_way.add(sent, late, again)
            # Of those that reach the service at this very instant more may follow in the next block.
            merged = _merge(sent, ~late, under_way.due(before=int(block.ts[-1])))
            if len(merged):
                yield merged
    rest = under_way.due(before=end_s * SECOND + 1)
    if rest is not None and len(rest):
        yield rest


def told(reports: Sequence[Report], outage: LabelOutage | None, start_s: int, end_s: int) -> list[Report]:
    """Return the reports, in order, as they are told by the end of the span if none can be told during an outage.

    Args:
        reports: In order of when they would be told.
        outage: When none can be told, or None.
        start_s: Begin of the fleet's span, in seconds since the epoch, UTC.
        end_s: Its end, likewise.
    """
    if outage is None:
        return list(reports)
    queue = _queue_of(outage, REPORTS_CATCH_UP_S, start_s, end_s)
    at = queue.leave(np.array([report.at for report in reports], dtype=np.int64)).tolist()
    later = (Report(instant, report.outcome) for instant, report in zip(at, reports, strict=True))
    return [report for report in later if report.at <= end_s * SECOND]


class _Queue(Struct, frozen=True):
    """First in, first out, blocked for a while; from ``end`` on it drains evenly, until it has ``caught_up``.

    Attributes:
        begin: From when on nothing leaves, in microseconds.
        end: When the first may leave again.
        caught_up: From when on everything leaves at once, as it did before.
    """

    begin: int
    end: int
    caught_up: int

    def leave(self, arrive: Ints) -> Ints:
        """Return the instants, (n,), at which those leave that arrive at ``arrive``; never before, never overtaking."""
        pace = (self.caught_up - self.end) / (self.caught_up - self.begin)
        waits = (arrive >= self.begin) & (arrive < self.caught_up)
        drained = self.end + ((arrive - self.begin) * pace).astype(np.int64)
        return np.where(waits, np.maximum(arrive, drained), arrive)


class _Line:
    """The way from the devices to the service: dirt before a home's gateway, outages behind it."""

    def __init__(self, changes: Changes, table: DeviceTable, seed: int, start_s: int, end_s: int) -> None:
        dirt, outage = changes.dirt, changes.outage
        self._queue = None if outage is None else _queue_of(outage, outage.backfill_h * HOUR_S, start_s, end_s)
        if outage is not None:
            self._cut_off: Flags = table.home_type == HOME_TYPE_CODE[outage.home_type]
        self._soiling: Soiling | None = None
        if dirt is not None:
            self._dirty_since = _instant(dirt.begin, start_s, end_s)
            self._soiling = Soiling(dirt, table, seed, self._dirty_since, end_s * SECOND)

    def apart(self, block: Block) -> Iterator[Block]:
        """Yield a block in such parts, none empty, as are clean or dirty throughout."""
        cut = len(block) if self._soiling is None else int(np.searchsorted(block.ts, self._dirty_since))
        for part in (slice(0, cut), slice(cut, len(block))):
            if part.start < part.stop:
                yield block if part.stop - part.start == len(block) else take_block(block, part)

    def carry(self, block: Block) -> tuple[Block, Flags, Block | None]:
        """Return one part as it is sent, in its old order; which of it comes late, (n,); what of it is sent again."""
        true = block.ts
        if self._soiling is None or int(true[0]) < self._dirty_since:
            sent = replace(block, sent=self._leave(block, true))
            return sent, sent.sent != true, None
        arrive = true + self._soiling.held_us(block.device, true)
        dirty = replace(
            block,
            ts=true + self._soiling.clock_off[block.device],
            sent=self._leave(block, arrive),
            metrics=self._soiling.spoil(block.device, true, block.metrics),
        )
        twice, after = self._soiling.again(block.device, true)
        again = take_block(dirty, twice)
        return dirty, dirty.sent != true, replace(again, sent=self._leave(again, arrive[twice] + after))

    def _leave(self, block: Block, arrive: Ints) -> Ints:
        if self._queue is None:
            return arrive
        return np.where(self._cut_off[block.device], self._queue.leave(arrive), arrive)


class _UnderWay:
    """Readings that reach the service later than those measured after them, in chunks of any order."""

    def __init__(self) -> None:
        self._chunks: list[tuple[int, Block]] = []

    def add(self, sent: Block, late: Flags, again: Block | None) -> None:
        """Take those that come late, and those that are sent again."""
        for chunk in (take_block(sent, late) if late.any() else None, again):
            if chunk is not None and len(chunk):
                self._chunks.append((int(chunk.sent.min()), chunk))

    def due(self, before: int) -> Block | None:
        """Hand out those that reach the service before an instant, ordered by instant, device, time stamp."""
        ripe = [chunk for first, chunk in self._chunks if first < before]
        if not ripe:
            return None
        joined = join_blocks(ripe)
        joined = take_block(joined, np.lexsort((joined.ts, joined.device, joined.sent)))
        cut = int(np.searchsorted(joined.sent, before))
        self._chunks = [one for one in self._chunks if one[0] >= before]
        if cut < len(joined):
            self._chunks.append((int(joined.sent[cut]), take_block(joined, slice(cut, None))))
        return take_block(joined, slice(0, cut))


def _merge(block: Block, prompt: Flags, due: Block | None) -> Block:
    """Put those of a block that are prompt and those due now in order; of the same instant, the prompt ones first."""
    if due is None:
        return block if prompt.all() else take_block(block, prompt)
    rows = np.flatnonzero(prompt)
    places = np.searchsorted(block.sent[rows], due.sent, side="right")
    return take_block(join_blocks([block, due]), np.insert(rows, places, len(block) + np.arange(len(due))))


def _queue_of(outage: Outage | LabelOutage, catch_up_s: float, start_s: int, end_s: int) -> _Queue:
    end = _instant(outage.end, start_s, end_s)
    return _Queue(_instant(outage.begin, start_s, end_s), end, end + int(catch_up_s * SECOND))


def _instant(share: float, start_s: int, end_s: int) -> int:
    """Return the instant at a share of a span, a full second in microseconds."""
    return (start_s + int(share * (end_s - start_s))) * SECOND
