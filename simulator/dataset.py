"""Data sets: labelled samples of a simulated fleet, with the features that the service itself computes.

    panel ─► fleet ─► first pass: how many examples does each home type offer?
                 └──► second pass: the service's windows ─► the lot draws ─► samples, in order of time

A sample is an example as the service would keep it: a device's first reading in a slot, with its features as of that
instant. The service's own windows fold the readings, and forget a device's past when its repair is told, as they do in
the service; so a feature is written once. Labels are the hidden truth (`simulator.samples.truth`), reported or not.
Devices that stand failed give no samples. Which samples there are is a function of the arguments, not of how time is
cut into blocks.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from service.features.windows import Windows
from simulator.arrays import DAY_S, HOUR_S, SECOND, Indices, Ints
from simulator.blocks import Block, take_block
from simulator.fleet import Fleet
from simulator.samples.lot import Lot
from simulator.samples.panel import Panel, Unsuitable, plan_panel
from simulator.samples.samples import Samples, join_samples
from simulator.samples.truth import NO_FAILURE, Truth
from simulator.samples.turns import find_turns, most_at_a_time
from simulator.world.devices import DEVICE_TYPES
from simulator.world.homes import HOME_TYPES
from simulator.world.patterns import DEFAULT_PATTERNS, Patterns

_SLOTS = 48
_PIECE = 8_192  # readings folded at once; their feature rows are what takes memory
_BLOCK = 20_000  # readings a block, about


def labelled_samples(
    samples: int, *, seed: int, horizon_us: int, per_home_type: bool = False, patterns: Patterns = DEFAULT_PATTERNS
) -> Samples:
    """Draw samples of a fleet made for them, all at once.

    Args:
        samples: How many: of all home types by their shares of the fleet's homes, or of each.
        seed: Seed of fleet and choice.
        horizon_us: The horizon in microseconds.
        per_home_type: Whether ``samples`` are of each home type.
        patterns: The temporal patterns.

    Raises:
        Unsuitable: So many samples or such a horizon make no sense.
    """
    panel = plan_panel(samples, horizon_us=horizon_us, per_home_type=per_home_type)
    return join_samples(list(Sampling(panel, seed, patterns=patterns).batches()))


class Sampling:
    """Samples of one panel, drawn as they are iterated over.

    Args:
        panel: Who is watched when.
        seed: Seed of fleet and choice.
        patterns: The temporal patterns.
        step_s: Event time of one block; changes nothing but memory and speed.

    Attributes:
        columns: Feature names; (f,).
        fleet: The world that is sampled, with its device table.
    """

    def __init__(
        self, panel: Panel, seed: int, *, patterns: Patterns = DEFAULT_PATTERNS, step_s: int | None = None
    ) -> None:
        self._panel = panel
        self._seed = seed
        self.fleet = Fleet(
            panel.homes, seed, panel.start_s * SECOND, panel.end_s * SECOND,
            stays=panel.stays, shares=panel.quotas.tolist(), patterns=patterns,
        )  # fmt: skip
        self.columns = self._windows(measured=True).layout.columns
        self._truth = Truth(self.fleet.failures, panel.horizon_us)
        self._step_s = step_s or self._suitable_step_s()
        self._turns = find_turns(self.fleet.devices, self.fleet.reports(), panel)
        self._room = most_at_a_time(self.fleet.devices, panel)

    def batches(self, passed: Callable[[float], None] = lambda share: None) -> Iterator[Samples]:
        """Yield all samples, a few at a time; ``passed`` is told which share of the work is done.

        Raises:
            Unsuitable: The fleet offers too few.
        """
        offered = np.zeros(len(HOME_TYPES), np.int64)
        for _, block, take in self.examples(measured=False):
            offered += np.bincount(self.fleet.devices.home_type[block.device[take]], minlength=len(offered))
            passed(0.2 * self._elapsed(block))
        short = np.flatnonzero(offered < self._panel.quotas)
        if len(short):
            kind = HOME_TYPES[short[0]].name
            raise Unsuitable(f"with this seed and horizon, homes of type {kind} offer only {offered[short[0]]} samples")
        lot = Lot(self._seed, self._panel.quotas, offered)
        for rows, block, take in self.examples():
            device, ts = block.device[take], block.ts[take]
            chosen = take[lot.draw(self.fleet.devices.home_type[device], device, ts)]
            passed(0.2 + 0.8 * self._elapsed(block))
            if len(chosen):
                yield self._samples(rows[chosen], block.device[chosen], block.ts[chosen])

    def examples(
        self, *, measured: bool = True
    ) -> Iterator[tuple[npt.NDArray[np.float32], Block, npt.NDArray[np.intp]]]:
        """Yield readings with their feature rows, (n, f), and which of them may become samples.

        Args:
            measured: Whether to compute all features; otherwise the windows fold no metrics, which tells as well which
                readings are the first in their slots.
        """
        windows, device_type = self._windows(measured=measured), self.fleet.devices.device_type.astype(np.int16)
        first_us = (self._panel.joins_s[self.fleet.devices.home] + self._panel.warm_up_s) * SECOND
        last_us = first_us + self._panel.sampled_s * SECOND
        windows.reserve(self._room)
        for piece in self._pieces(windows):
            values = piece.metrics.copy() if measured else np.empty((len(piece), 0))
            rows, example = windows.fold(
                piece.device % np.int32(self._room), device_type[piece.device], piece.ts, piece.offset_s,
                np.zeros(len(piece), np.bool_), values,
            )  # fmt: skip
            example &= (piece.ts >= first_us[piece.device]) & (piece.ts < last_us[piece.device])
            take = np.flatnonzero(example)
            take = take[~self._truth.at(piece.device[take], piece.ts[take]).failed]
            yield rows, piece, take

    def _pieces(self, windows: Windows) -> Iterator[Block]:
        """Yield the readings, cut wherever a home joins or a repair is told, with ``windows`` as it is by then."""
        turns, done = self._turns, 0
        for block in self.fleet.blocks(self._step_s):
            low = 0
            while low < len(block):
                while done < len(turns.at) and turns.at[done] < block.ts[low]:
                    rows = np.arange(turns.first[done], turns.last[done]) % self._room
                    if turns.joins[done]:
                        windows.clear(rows)
                    else:
                        windows.forget_past(int(rows[0]))
                    done += 1
                high = min(len(block), low + _PIECE)
                if done < len(turns.at):
                    high = min(high, int(np.searchsorted(block.ts, turns.at[done], side="right")))
                yield take_block(block, slice(low, high))
                low = high

    def _windows(self, *, measured: bool) -> Windows:
        windows = Windows(horizon_us=self._panel.horizon_us, slot_us=max(self._panel.horizon_us // _SLOTS, 1))
        windows.layout.extend(self.fleet.metric_names if measured else (), [kind.name for kind in DEVICE_TYPES])
        return windows

    def _samples(self, rows: npt.NDArray[np.float32], device: Indices, ts: Ints) -> Samples:
        mode = self._truth.at(device, ts).mode
        return Samples(
            columns=self.columns,
            rows=rows,
            labels=mode != NO_FAILURE,
            mode=mode,
            ts=ts,
            device=device,
            home=self.fleet.devices.home[device],
            home_type=self.fleet.devices.home_type[device],
            device_type=self.fleet.devices.device_type[device],
        )

    def _elapsed(self, block: Block) -> float:
        panel = self._panel
        return (int(block.ts[-1]) // SECOND - panel.start_s) / (panel.end_s - panel.start_s)

    def _suitable_step_s(self) -> int:
        span_s = self._panel.end_s - self._panel.start_s
        readings = float((self._panel.stay_s / self.fleet.devices.interval_s).sum())
        return max(HOUR_S, min(30 * DAY_S, int(_BLOCK / readings * span_s) // HOUR_S * HOUR_S))
