"""Traffic: how many requests came, how they were answered, and how long that took, by route.

The event loop counts, and nobody else, so there is no lock; whoever asks is given copies. A route is a template of a
path (`/v1/homes/{home_id}`), so there are as many as the service has, whatever clients send.
"""

from bisect import bisect_left
from typing import Final

from msgspec import Struct

BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the histograms' buckets, in seconds; the last bucket has none."""

ELSEWHERE: Final = "other"
"""The route of requests to paths, or by methods, that there are none of."""

ABORTED: Final = 499
"""Status of a request that nobody was told an answer to."""

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class RouteCounts(Struct, frozen=True):
    """One route's figures.

    Attributes:
        method, route: Which.
        statuses: Requests by status.
        buckets: Answers that took no longer than the bounds say, not accumulated; (bounds + 1,).
        total_s: Seconds that they took together.
    """

    method: str
    route: str
    statuses: dict[int, int]
    buckets: list[int]
    total_s: float


class _Route:
    __slots__ = ("buckets", "statuses", "total_s")

    def __init__(self) -> None:
        self.statuses: dict[int, int] = {}
        self.buckets = [0] * (len(BOUNDS_S) + 1)
        self.total_s = 0.0


class Traffic:
    """Counts requests; to be told by one thread only."""

    def __init__(self) -> None:
        self._routes: dict[tuple[str, str], _Route] = {}

    def count(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """One request was answered.

        Args:
            method: Of the request.
            route: Template of its path, `ELSEWHERE` for none.
            status: Of the answer.
            seconds: From the request's arrival to the end of the answer; None for one that came in pieces.
        """
        counts = self._routes.get((method, route))
        if counts is None:
            counts = self._routes.setdefault((method if method in _METHODS else ELSEWHERE, route), _Route())
        statuses = counts.statuses
        statuses[status] = statuses.get(status, 0) + 1
        if seconds is not None:
            counts.buckets[bisect_left(BOUNDS_S, seconds)] += 1
            counts.total_s += seconds

    def routes(self) -> list[RouteCounts]:
        """All routes that were asked for, in order."""
        return [
            RouteCounts(method, route, dict(counts.statuses), list(counts.buckets), counts.total_s)
            for (method, route), counts in sorted(self._routes.copy().items())
        ]
