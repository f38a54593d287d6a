"""Stream: two years of a simulated fleet, cut at an instant into what is known by then and what is asked later.

    ├──────────── a year of homes ────────────┤├──────────── a year of other homes ────────────┤
    known, if ts + horizon + grace <= split  ──┤split├──  held out, if ts >= split

Both parts come out of `simulator.dataset`, so a sample is an example as the service keeps it. Both cover a whole year,
so that no season is asked about that nobody has learned from. Nothing about a model may depend on a label that was not
final at the split.

Failures are rare: of 500 samples as they come, some fourteen would be positives. So what is learned is chosen as the
service chooses for its online members (`service.labels.sampling`): all positives and about two negatives for each, by
home type. "n samples" are n of the chosen ones, drawn evenly from the whole year; of more samples the fewer are a part.
What is asked is not chosen: held-out samples are drawn evenly from all examples, and failures are as rare among them
as ever.
"""

from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np
from msgspec import Struct

from benchmarks.report import BenchError
from service.labels.sampling import Sampler
from simulator.arrays import DAY_S, SECOND, Codes, Indices, Ints
from simulator.dataset import Sampling
from simulator.samples.panel import YEAR_S, Panel, plan_panel
from simulator.samples.samples import Samples, join_samples
from simulator.world.clock import Clock
from simulator.world.homes import HOME_TYPES
from simulator.world.patterns import DEFAULT_PATTERNS, Patterns

HORIZON_US: Final = DAY_S * SECOND
GRACE_US: Final = HORIZON_US // 24
"""As the service has it by default."""

_PER_HOME, _FEWEST_HOMES, _MOST_HOMES = 120, 50, 5_000
_DEVICES: Final = 1 << 30  # so far apart are the numbers of the devices of both fleets


class Failed(Struct, frozen=True, kw_only=True):
    """Failures while their homes were watched, reported or not; k rows.

    Attributes:
        home_type: Code into `simulator.world.homes.HOME_TYPES`; (k,).
        mode: Code into `simulator.world.devices.MODES`; (k,).
        local_s: When, in seconds of the home's own time since the epoch; (k,).
    """

    home_type: Codes
    mode: Codes
    local_s: Ints


class Stream(Struct, frozen=True, kw_only=True):
    """Samples in order of time, and where they are cut.

    Attributes:
        samples: All of them, n rows.
        split_us: The instant.
        failed: What failed, in both years.
    """

    samples: Samples
    split_us: int
    failed: Failed

    def known(self) -> Ints:
        """Rows whose labels are final at the split, (a,)."""
        return np.flatnonzero(self.samples.ts + (HORIZON_US + GRACE_US) <= self.split_us)

    def held_out(self) -> Ints:
        """Rows from the split on, (b,)."""
        return np.flatnonzero(self.samples.ts >= self.split_us)

    def chosen(self, seed: int) -> Ints:
        """Of the known rows those that the service would learn, (c,)."""
        samples, known = self.samples, self.known()
        samplers = [Sampler(seed=seed) for _ in HOME_TYPES]
        columns = (known, samples.home_type[known], samples.labels[known], samples.ts[known], samples.device[known])
        return np.array(
            [
                row
                for row, kind, label, ts, device in zip(*(column.tolist() for column in columns), strict=True)
                if samplers[kind].choose(positive=label, seq=ts, row=device).learned
            ],
            np.int64,
        )


def drawn(
    known: int,
    held_out: int,
    *,
    seed: int,
    per_home_type: bool = False,
    patterns: Patterns = DEFAULT_PATTERNS,
    year_s: int = YEAR_S,
    passed: Callable[[float], None] = lambda share: None,
) -> Stream:
    """Draw a stream.

    Args:
        known: How many samples of the first year: of all home types by their shares of the fleet's homes, or of each.
        held_out: How many of the second year.
        seed: Two seeds never share a fleet.
        per_home_type: Whether these are of each home type.
        patterns: The temporal patterns.
        year_s: How long a year is; less is drawn sooner, but has not all seasons.
        passed: Told which share of the work is done.
    """
    later = _panel(held_out, per_home_type, year_s)
    earlier = _panel(known, per_home_type, year_s)
    split_us = (later.start_s + later.warm_up_s) * SECOND
    late_s = earlier.end_s + GRACE_US // SECOND - split_us // SECOND
    earlier = _moved(earlier, -(-late_s // DAY_S) * DAY_S)
    weight = earlier.homes / (earlier.homes + later.homes)
    first, failed = _made(earlier, 2 * seed, patterns, lambda share: passed(weight * share))
    second, failed_later = _made(later, 2 * seed + 1, patterns, lambda share: passed(weight + (1.0 - weight) * share))
    second = msgspec.structs.replace(second, device=(second.device + _DEVICES).astype(np.int32))
    return Stream(samples=join_samples([first, second]), split_us=split_us, failed=_joined(failed, failed_later))


def examples_for(samples: int) -> int:
    """How many examples must be known so that surely as many samples are chosen of them.

    Nearly 3 % are positives, and each brings two negatives: one of twelve is chosen. The rest is to spare, since of few
    homes some have few failures.
    """
    return 14 * samples + 2_000


def drawn_evenly(rows: Ints, count: int, seed: int) -> Ints:
    """Draw so many of the rows, in their order; of a larger draw with the same seed these are a part.

    Raises:
        BenchError: There are not as many.
    """
    if len(rows) < count:
        raise BenchError(
            f"the simulated year has only {len(rows)} samples to learn from, not {count}; try another seed"
        )
    return np.sort(np.random.default_rng([seed, 3]).permutation(rows)[:count])


def _panel(samples: int, per_home_type: bool, year_s: int) -> Panel:
    total = samples * (len(HOME_TYPES) if per_home_type else 1)
    homes = max(_FEWEST_HOMES, min(total // _PER_HOME, _MOST_HOMES))
    return plan_panel(samples, horizon_us=HORIZON_US, per_home_type=per_home_type, year_s=year_s, homes=homes)


def _moved(panel: Panel, earlier_s: int) -> Panel:
    return msgspec.structs.replace(
        panel,
        start_s=panel.start_s - earlier_s,
        end_s=panel.end_s - earlier_s,
        joins_s=panel.joins_s - earlier_s,
    )


def _made(panel: Panel, seed: int, patterns: Patterns, passed: Callable[[float], None]) -> tuple[Samples, Failed]:
    sampling = Sampling(panel, seed, patterns=patterns)
    samples = join_samples(list(sampling.batches(passed)))
    failures, devices = sampling.fleet.failures, sampling.fleet.devices
    watched = (failures.ts >= devices.joins_s[failures.device] * SECOND) & (
        failures.ts <= devices.leaves_s[failures.device] * SECOND
    )
    device: Indices = failures.device[watched]
    second = failures.ts[watched] // SECOND
    offset_s = Clock(panel.start_s, panel.end_s, patterns).offsets(devices.zone[device], second)
    failed = Failed(home_type=devices.home_type[device], mode=failures.mode[watched], local_s=second + offset_s)
    return samples, failed


def _joined(one: Failed, other: Failed) -> Failed:
    return Failed(
        **{name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in Failed.__struct_fields__}
    )
