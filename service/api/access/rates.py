"""Rates: a token bucket for each key, or for each address where there is no key.

Litestar's own middleware was not taken: it counts requests, in which one may hold a reading or twenty thousand, refuses
without a Retry-After, and believes whatever address a client puts into X-Forwarded-For.
"""

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable

from service.contracts.errors import TooFast

MOST = 10_000
"""Buckets that are remembered; beyond it, those go that were not used for longest, and begin anew with a full one."""


class Bucket:
    """What one client may still send at once: a second's worth, filled at the rate.

    What is in a request is known only once it has been read. So it is let in while there is something left, and what it
    held is taken off afterwards; a large one leaves a debt, and the next waits until that is paid. On the whole the
    rate holds, whatever the size of requests.

    Args:
        rate: Items a second.
        clock: Seconds that only grow.
    """

    __slots__ = ("_at", "_clock", "_left", "_rate")

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self._rate, self._clock = rate, clock
        self._left, self._at = max(rate, 1.0), clock()

    def wait_s(self) -> float:
        """How long until something may be taken, in seconds; 0 if it may be now."""
        now = self._clock()
        self._left = min(max(self._rate, 1.0), self._left + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, (1.0 - self._left) / self._rate)

    def charge(self, items: int) -> None:
        """Take items off, also more than there are."""
        self._left -= items

    def take_one(self) -> None:
        """Let a request in, for one item.

        Raises:
            TooFast: Nothing is left.
        """
        wait_s = self.wait_s()
        if wait_s > 0.0:
            raise TooFast(f"more than {self._rate:g} items a second", retry_after_s=math.ceil(wait_s))
        self.charge(1)


class Rates:
    """The buckets of all clients of one kind; memory is bounded by `MOST`.

    Args:
        rate: Items a second of each.
        clock: Seconds that only grow.
    """

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self._rate, self._clock = rate, clock
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def of(self, who: str) -> Bucket:
        """The bucket of a client."""
        bucket = self._buckets.get(who)
        if bucket is None:
            bucket = self._buckets[who] = Bucket(self._rate, self._clock)
            if len(self._buckets) > MOST:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(who)
        return bucket


def neighbourhood(address: str) -> str:
    """An address as far as it tells one client from another: of IPv6 the network of 64 bits that a client is given."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.ip_network((address.split("%")[0], 64), strict=False))
    except ValueError:
        return address
