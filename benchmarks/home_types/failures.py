"""Failures: what fails in a home type, when, and what its model looks at.

Modes, hours and seasons are counted on the hidden truth, all failures of both years, since those who report them err
and are late. Seasons are those of the north, where all homes lie.

What a model looks at is told by permutation importance on held-out examples: how much PR-AUC is lost when columns are
dealt out anew among the examples. Impurity importance comes for free, but it is measured on what was learned, and it
favours columns of many values. Columns of a metric are dealt out together, and so are sine and cosine of an hour: they
stand in for each other, so that any of them alone seems to be worth nothing.

Source: Breiman, "Random forests", Machine Learning 45 (2001); Strobl et al., "Bias in random forest variable importance
measures", BMC Bioinformatics 8 (2007).
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import numpy as np

from benchmarks.batch.stream import Failed
from service.features.layout import metric_of
from simulator.arrays import DAY_S, HOUR_S, Flags
from simulator.world.devices import MODES

BLOCK_H: Final = 3
HOURS: Final = tuple(f"{hour:02}" for hour in range(0, 24, BLOCK_H))
"""First hours of the blocks of a day."""

SEASONS: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {"winter": (12, 1, 2), "spring": (3, 4, 5), "summer": (6, 7, 8), "autumn": (9, 10, 11)}
)
"""Months of each season."""


def patterns_of(failed: Failed, home_type: int) -> dict[str, dict[str, float]]:
    """Shares of a home type's failures by mode, by hours of the day and by season; each adds up to 1."""
    here = failed.home_type == home_type
    local_s, mode = failed.local_s[here], failed.mode[here]
    hour = local_s % DAY_S // HOUR_S
    month = local_s.astype("M8[s]").astype("M8[M]").astype(np.int64) % 12 + 1
    return {
        "mode": {name: _share(mode == code) for code, name in enumerate(MODES) if name != "lockup"},
        "hours": {name: _share(hour // BLOCK_H == n) for n, name in enumerate(HOURS)},
        "season": {name: _share(np.isin(month, months)) for name, months in SEASONS.items()},
    }


def groups_of(columns: Sequence[str]) -> dict[str, list[int]]:
    """Columns, by their numbers, that tell of the same thing: a metric, a part of the calendar, the kind of device."""
    out: dict[str, list[int]] = {}
    for number, column in enumerate(columns):
        out.setdefault(_group(column), []).append(number)
    return out


def _group(column: str) -> str:
    if (metric := metric_of(column)) is not None:
        return metric
    return column.partition("=")[0] if "=" in column else column.partition("_")[0]


def _share(those: Flags) -> float:
    return float(those.mean()) if len(those) else 0.0
