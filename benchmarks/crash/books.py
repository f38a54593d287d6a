"""The books of the crash test: what is sent by whom, and what of it was acknowledged."""

import threading
from collections import deque
from collections.abc import Sequence

from service.contracts.outcomes import Outcome
from service.contracts.predictions import Receipt
from service.contracts.readings import Reading
from service.labels.book import instant_us
from simulator.fleet import Fleet
from simulator.stream.deal import Deal
from simulator.stream.merge import Timed, in_order
from simulator.stream.readings import timed_readings

ReadingKey = tuple[str, str, int]
"""(home_id, device_id, instant in microseconds)."""

Item = Reading | Outcome


def reading_key(reading: Reading) -> ReadingKey:
    """What a reading is known by."""
    return reading.home_id, reading.device_id, instant_us(reading.ts)


class Ledger:
    """What was sent, and what of it acknowledged; readings by key, outcomes by id."""

    def __init__(self) -> None:
        self.readings: dict[ReadingKey, Reading] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.acknowledged_readings: set[ReadingKey] = set()
        self.acknowledged_outcomes: set[str] = set()
        self.requests = self.resent = self.refused = 0

    def sending(self, items: Sequence[Item]) -> None:
        """These may be in the log from now on."""
        self.requests += 1
        for item in items:
            if isinstance(item, Reading):
                self.readings[reading_key(item)] = item
            else:
                self.outcomes[item.outcome_id] = item

    def acknowledge(self, items: Sequence[Item], receipt: Receipt) -> None:
        """These must be in the log from now on."""
        self.refused += receipt.refused
        for item in items:
            if isinstance(item, Reading):
                self.acknowledged_readings.add(reading_key(item))
            else:
                self.acknowledged_outcomes.add(item.outcome_id)

    def add(self, other: "Ledger") -> None:
        """Take over the books of a client with other devices."""
        self.readings |= other.readings
        self.outcomes |= other.outcomes
        self.acknowledged_readings |= other.acknowledged_readings
        self.acknowledged_outcomes |= other.acknowledged_outcomes
        self.requests += other.requests
        self.resent += other.resent
        self.refused += other.refused


class Dealer:
    """Deals a fleet's readings and outcomes out to clients, in order of time, each device always to the same one.

    Args:
        fleet: What is sent.
        clients: How many there are.
    """

    def __init__(self, fleet: Fleet, clients: int) -> None:
        self._items = in_order(timed_readings(fleet), fleet.reports())
        self._waiting: list[deque[Item]] = [deque() for _ in range(clients)]
        self._deal = Deal(clients)
        self._lock = threading.Lock()

    def take(self, client: int, most: int) -> list[Item]:
        """The next readings, or the next outcomes, for a client; nothing at the end of the fleet's time."""
        with self._lock:
            waiting = self._waiting[client]
            while len(waiting) < most and (timed := next(self._items, None)) is not None:
                item = timed.reading if isinstance(timed, Timed) else timed.outcome
                self._waiting[self._deal.lane(item)].append(item)
            out: list[Item] = []
            while waiting and len(out) < most and (not out or _alike(waiting[0], out[0])):
                out.append(waiting.popleft())
            return out


def _alike(one: Item, other: Item) -> bool:
    return isinstance(one, Reading) == isinstance(other, Reading)
