"""Live qualities for whoever looks again and again: kept for a minute, and renewed a few at a time.

To rank the newest 20,000 examples of a home type takes tens of milliseconds of the processor that scoring wants, and
there may be dozens of home types.
"""

import threading
import time
from collections.abc import Callable, Sequence

from service.contracts.standing import Quality

_LIVES_S = 60.0
_BUDGET_S = 0.1


class Qualities:
    """The live quality of each home type, by member.

    Args:
        measure: Measures one home type; takes tens of milliseconds.
        lives_s: A measurement is renewed once it is so old.
        budget_s: No further one is begun after so much time in one call.
        clock: Seconds, only ever rising.
    """

    def __init__(
        self,
        measure: Callable[[str], dict[str, Quality]],
        *,
        lives_s: float = _LIVES_S,
        budget_s: float = _BUDGET_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._measure = measure
        self._lives_s = lives_s
        self._budget_s = budget_s
        self._clock = clock
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, dict[str, Quality]]] = {}

    def of(self, home_types: Sequence[str]) -> dict[str, dict[str, Quality]]:
        """What is known of home types; those never measured, then the oldest, are renewed as far as the time goes."""
        with self._lock:
            began = self._clock()
            ages = sorted((self._known[name][0] if name in self._known else float("-inf"), name) for name in home_types)
            for made, name in ages:
                now = self._clock()
                if now - made < self._lives_s or now - began > self._budget_s:
                    break
                self._known[name] = (now, self._measure(name))
            return {name: self._known[name][1] for name in home_types if name in self._known}
