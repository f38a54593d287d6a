"""Panel: which homes a data set watches, and when, and how many samples each home type owes.

First in the flow of a data set. A whole year of event time is covered, by homes that are each watched for some days:

    home 0   |warm-up|───── sampled ─────|horizon|
    home 1        |warm-up|───── sampled ─────|horizon|
    ...                                                 ...
    home h                                              |warm-up|───── sampled ─────|horizon|
             ├──────────────────────── a year of joining ───────┤                           └ always the same instant

Homes join one after the other, evenly over the year, so every season has its share and only some homes are active at a
time: memory follows the homes of one stay, time runs forward once. Many homes with few samples each tell more than few
homes with many, whose samples resemble one another.
"""

from typing import Final

import numpy as np
from msgspec import Struct

from simulator.arrays import DAY_S, SECOND, Floats, Ints
from simulator.world.homes import HOME_TYPES

END_S: Final = 1_767_225_600
"""2026-01-01T00:00:00Z, where every data set ends; fixed, so that the same seed gives the same samples."""

YEAR_S: Final = 365 * DAY_S
MOST_SAMPLES: Final = 20_000_000
FEWEST_SAMPLES: Final = 100
LONGEST_HORIZON_S: Final = 90 * DAY_S

# Samples of one home resemble one another, so each gives few. But every home takes memory: for millions of samples
# homes are watched for longer instead, so that even a studio's few devices offer several times as many as are taken.
_PER_HOME, _FEWEST_HOMES, _MOST_HOMES, _MOST_PER_HOME_DAY = 60, 100, 5_000, 40


class Unsuitable(ValueError):
    """There is no such data set: too few or too many samples, or a horizon that does not suit."""


class Panel(Struct, frozen=True, kw_only=True):
    """Who is watched when.

    Attributes:
        quotas: Samples by home type, in the order of `HOME_TYPES`, (8,) int64.
        horizon_us: The horizon in microseconds.
        start_s, end_s: First and last second of the fleet.
        joins_s: When each home joins, never decreasing, (homes,) int64.
        warm_up_s: How long it is only watched.
        sampled_s: How long samples are taken after that.
        stay_s: From joining to leaving; a horizon longer than both together.
    """

    quotas: Ints
    horizon_us: int
    start_s: int
    end_s: int
    joins_s: Ints
    warm_up_s: int
    sampled_s: int
    stay_s: int

    @property
    def samples(self) -> int:
        """How many samples there will be."""
        return int(self.quotas.sum())

    @property
    def homes(self) -> int:
        """How many homes are watched."""
        return len(self.joins_s)

    @property
    def stays(self) -> tuple[Ints, Ints]:
        """Seconds at which each home joins and leaves, (homes,) each."""
        return self.joins_s, self.joins_s + self.stay_s


def plan_panel(
    samples: int, *, horizon_us: int, per_home_type: bool = False, year_s: int = YEAR_S, homes: int | None = None
) -> Panel:
    """Plan who is watched when.

    Args:
        samples: How many samples: of all home types by their shares of the fleet's homes, or of each.
        horizon_us: The horizon in microseconds.
        per_home_type: Whether ``samples`` are of each home type.
        year_s: How long homes go on joining.
        homes: How many homes, instead of a number that suits the samples.

    Raises:
        Unsuitable: So many samples or such a horizon make no sense.
    """
    share = np.array([1.0 if per_home_type else kind.share for kind in HOME_TYPES])
    total = samples * len(HOME_TYPES) if per_home_type else samples
    if not FEWEST_SAMPLES <= total <= MOST_SAMPLES:
        raise Unsuitable(f"a data set has {FEWEST_SAMPLES} to {MOST_SAMPLES:,} samples, not {total:,}")
    if not 60 * SECOND <= horizon_us <= LONGEST_HORIZON_S * SECOND:
        raise Unsuitable("a horizon is one minute to 90 days: the simulator's failures build up over hours and days")
    if homes is None:
        homes = max(_FEWEST_HOMES, min(total // _PER_HOME, _MOST_HOMES))
    horizon_s = -(-horizon_us // SECOND)
    warm_up_s = max(2 * DAY_S, 2 * horizon_s)
    sampled_s = max(8 * DAY_S, 4 * horizon_s, total * DAY_S // (homes * _MOST_PER_HOME_DAY))
    stay_s = warm_up_s + sampled_s + horizon_s
    start_s = END_S - stay_s - year_s
    return Panel(
        quotas=shared_out(share, total),
        horizon_us=horizon_us,
        start_s=start_s,
        end_s=END_S,
        joins_s=start_s + np.arange(homes, dtype=np.int64) * year_s // homes,
        warm_up_s=warm_up_s,
        sampled_s=sampled_s,
        stay_s=stay_s,
    )


def shared_out(share: Floats, total: int) -> Ints:
    """Share ``total`` out in whole numbers, (k,), as nearly by the shares (k,) as can be (largest remainders)."""
    wanted = share / share.sum() * total
    counts: Ints = np.floor(wanted).astype(np.int64)
    largest = np.argsort(-(wanted - counts), kind="stable")
    counts[largest[: total - int(counts.sum())]] += 1
    return counts
