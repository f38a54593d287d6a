"""Card, part six: the tables, in Markdown, made of what was measured."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from msgspec import Struct, structs

from simulator.arrays import DAY_S, Floats, Ints
from simulator.card.curves import Days
from simulator.card.warning import Warnings
from simulator.card.world import Told, World, averted_shares, failures_by, fleet_weights
from simulator.samples.formats import ABOUT
from simulator.scenarios import COLUMNS, SCENARIOS, row
from simulator.world.devices import DEVICE_TYPES, MODES
from simulator.world.homes import HOME_TYPES
from simulator.world.patterns import DEFAULT_PATTERNS

_LEADING: Final = 3
_USE: Final = {
    "ts": "order and split by it",
    "home_id": "group by it; **as a feature it lets a model learn homes by heart**",
    "device_id": "group by it, with `home_id`; **as a feature it lets a model learn devices by heart**",
    "home_type": "one model for each, or a feature",
    "device_type": "a feature already",
    "label": "what to foretell",
    "mode": "**gives the label away**: never a feature",
}


class Measured(Struct, frozen=True, kw_only=True):
    """All that the card tells.

    Attributes:
        seed: Seed of the fleets.
        version: Version of Hearthbeat.
        world: The fleet whose hidden truth was counted.
        days: What was measured of its readings' hours and days.
        warnings: What stands out before failures.
        leads_h: Hours from the first sign to the failure, by mode.
        told: What becomes known of failures, by mode.
        mistaken: Reports that were retracted.
    """

    seed: int
    version: str
    world: World
    days: Days
    warnings: Warnings
    leads_h: list[Floats]
    told: list[Told]
    mistaken: int


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def home_type_table(m: Measured) -> str:
    """What distinguishes the home types."""
    devices = m.world.fleet.devices
    counts, rate = failures_by(m.world, devices.home_type, len(HOME_TYPES))
    homes = np.bincount(devices.home_type[np.unique(devices.home, return_index=True)[1]], minlength=len(HOME_TYPES))
    mean = np.bincount(devices.home_type, minlength=len(HOME_TYPES)) / np.maximum(1, homes)
    rows = [
        [kind.name, f"{kind.share:.0%}", f"{mean[code]:.1f}", f"{rate[code]:.1f}", _leading(counts[code]),
         f"{m.warnings.positive_share[code]:.1%}"]
        for code, kind in enumerate(HOME_TYPES)
    ]  # fmt: skip
    return table(
        ["home type", "share of homes", "devices a home", "failures¹", "most common modes", "positive samples"], rows
    )


def cross_table(m: Measured) -> str:
    """Failures and recoveries by home type and mode."""
    devices, modes = m.world.fleet.devices, _occurring(m)
    counts, _ = failures_by(m.world, devices.home_type, len(HOME_TYPES))
    days = np.bincount(devices.home_type, minlength=len(HOME_TYPES)) * m.world.panel.stay_s / DAY_S
    averted = averted_shares(m.world)
    rows = [
        [kind.name, *(f"{100 * counts[code, mode] / days[code]:.2f} ({averted[code, mode]:.0%})" for mode in modes)]
        for code, kind in enumerate(HOME_TYPES)
    ]
    return table(["home type", *(f"`{MODES[mode]}`" for mode in modes)], rows)


def device_type_table(m: Measured) -> str:
    """What distinguishes the device types, in the fleet's own mix of homes."""
    devices = m.world.fleet.devices
    counts, rate = failures_by(m.world, devices.device_type, len(DEVICE_TYPES))
    share = np.bincount(devices.device_type, fleet_weights(m.world), minlength=len(DEVICE_TYPES)) / len(devices)
    rows = [
        [kind.name, kind.power, f"{kind.interval_s // 60} min", f"{share[code]:.0%}", f"{rate[code]:.1f}",
         _leading(counts[code]), str(len(kind.metrics))]
        for code, kind in enumerate(DEVICE_TYPES)
    ]  # fmt: skip
    head = ["device type", "power", "reads every", "share of devices", "failures¹", "most common modes", "metrics"]
    return table(head, rows)


def mode_table(m: Measured) -> str:
    """How modes announce themselves, and how much of it can be seen."""
    counts = np.bincount(m.world.failures.mode, minlength=len(MODES))
    rows = []
    for code in _occurring(m):
        low, mid, high = np.quantile(m.leads_h[code], [0.1, 0.5, 0.9])
        seen = m.warnings.within[code]
        rows.append([
            f"`{MODES[code]}`", f"{counts[code] / counts.sum():.0%}", f"{mid:.1f} ({low:.1f} to {high:.1f})",
            "-" if np.isnan(seen) else f"{seen:.0%}",
        ])  # fmt: skip
    return table(["mode", "share of failures", "hours from the first sign: median (80 %)", "stand out²"], rows)


def told_table(m: Measured) -> str:
    """How late failures are reported, and how truly."""
    rows = []
    for mode, told in zip(MODES, m.told, strict=True):
        if len(told.delay_h):
            mid, high = np.quantile(told.delay_h, [0.5, 0.9])
            rows.append([f"`{mode}`", f"{mid:.1f}", f"{high:.1f}", f"{told.never:.0%}", f"{told.corrected:.0%}"])
    head = ["mode", "hours to the report: median", "90 %", "never reported", "first reported as another mode"]
    return table(head, rows)


def column_table() -> str:
    """What the columns mean, and which of them are not for learning."""
    rows = [[f"`{name}`", about, _USE[name]] for name, about in ABOUT.items()]
    return table(["column", "meaning", "use"], [*rows, ["all others", "features, float32", "train on these"]])


def pattern_table() -> str:
    """The temporal patterns with their keys as they are by default."""
    rows = []
    for name in structs.fields(DEFAULT_PATTERNS):
        pattern = getattr(DEFAULT_PATTERNS, name.name)
        story = (type(pattern).__doc__ or "").strip().split("\n")[0]
        keys = ", ".join(f"{key}={value}" for key, value in structs.asdict(pattern).items() if key != "on")
        rows.append([f"`{name.name}`", story, keys or "-"])
    return table(["pattern", "what recurs", "by default"], rows)


def scenario_table() -> str:
    """The scenarios."""
    return table(COLUMNS, [row(scenario) for scenario in SCENARIOS.values()])


def _occurring(m: Measured) -> list[int]:
    """Codes of the modes that occur, the most common first."""
    counts = np.bincount(m.world.failures.mode, minlength=len(MODES))
    return [code for code in np.argsort(-counts, kind="stable").tolist() if counts[code]]


def _leading(counts: Ints) -> str:
    total = max(1, int(counts.sum()))
    order = np.argsort(-counts, kind="stable")[:_LEADING].tolist()
    return ", ".join(f"{MODES[code]} {counts[code] / total:.0%}" for code in order if counts[code])
