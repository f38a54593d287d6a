"""Temporal: what would a batch forest lose without a temporal pattern of the world, or without a calendar feature?

Two questions. **Worlds**: the simulator makes the same homes and devices without each of its patterns
(`simulator.world.patterns`) in turn, and without any; in each world a forest is trained and asked anew. What failures
there are differs from world to world, so a difference between two worlds is that of two figures, not of two answers to
the same question; devices, at least, are the same, and are drawn together. **Features**: in each world forests are also
trained without the hour, the weekday, the season and all three (`service.features.calendar`), and asked about the same
examples. So it can be seen which feature carries which pattern.

Figures are means over several forests that differ in their seed, since one forest differs from the next by as much as
some features matter. Intervals are 90 %, over devices.

Ids, where <what> is ``all`` (all patterns, all features), ``world_without_<pattern>`` (a pattern, or ``patterns`` for
none at all) or ``features_without_<feature>`` (``hour``, ``weekday``, ``season``, or ``calendar`` for all three):

    temporal.<what>.<pr_auc|roc_auc>            with .low and .high
    temporal.<what>.<pr_auc_loss|roc_auc_loss>  how much less than ``all``, likewise; not of ``all`` itself
    temporal.<world>.<feature>_loss             PR-AUC lost in that world, or in ``all``, without a feature, likewise
    temporal.<world>.positive_share             how rare failures are there
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import msgspec
import numpy as np
from msgspec import Struct
from rich.progress import Progress

from benchmarks.batch.console import show, table_of
from benchmarks.batch.intervals import areas, draws_of, interval_text, rows_of
from benchmarks.batch.models import forest_score
from benchmarks.batch.stream import Stream, drawn, drawn_evenly, examples_for
from benchmarks.report import Row
from benchmarks.workload import Workload
from simulator.arrays import Floats
from simulator.samples.panel import YEAR_S
from simulator.world.patterns import DEFAULT_PATTERNS, Patterns

FEATURES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"hour": ("hour_",), "weekday": ("weekday_",), "season": ("season_",), "calendar": ("hour_", "weekday_", "season_")}
)
"""What the columns of each feature begin with."""

PATTERNS: Final = Patterns.__struct_fields__
_NONE: Final = "patterns"
_DRAWN, _FITTED = 3, 1


class Asked(Struct, frozen=True, kw_only=True):
    """What forests made of a world.

    Attributes:
        pr_auc, roc_auc: By the feature that they lacked, ``""`` for none; (r + 1,) each.
        positive_share: Share of failures among what they were asked about.
    """

    pr_auc: dict[str, Floats]
    roc_auc: dict[str, Floats]
    positive_share: float


def measure(
    workload: Workload,
    *,
    samples: int = 3_000,
    held_out: int = 20_000,
    forests: int = 3,
    patterns: Sequence[str] = PATTERNS,
    year_s: int = YEAR_S,
) -> list[Row]:
    """Train and ask forests with and without.

    Args:
        workload: ``full`` learns and asks four times as much; ``quick`` a tenth, without two patterns in turn.
        samples: How many samples are learned.
        held_out: How many later examples are asked about.
        forests: Over how many forests figures are means.
        patterns: Which patterns are left out in turn, before all are.
        year_s: How long each of both years is.

    Raises:
        BenchError: A world has too few failures.
    """
    if workload.full:
        samples, held_out = 4 * samples, 4 * held_out
    if workload.quick:
        samples, held_out, forests, patterns = samples // 10, held_out // 10, 1, patterns[:1]
    worlds = {"all": DEFAULT_PATTERNS, **{f"world_without_{name}": _without([name]) for name in patterns}}
    worlds[f"world_without_{_NONE}"] = _without(PATTERNS)
    with Progress(transient=True) as progress:
        task = progress.add_task("", total=len(worlds) * (_DRAWN + _FITTED))
        asked = {}
        for n, (name, world) in enumerate(worlds.items()):
            done = n * (_DRAWN + _FITTED)

            def passed(share: float, done: int = done) -> None:
                progress.update(task, completed=done + share * _DRAWN)

            progress.update(task, description=f"{name.replace('_', ' ')}: drawing samples")
            stream = drawn(
                examples_for(samples), held_out, seed=workload.seed, patterns=world, year_s=year_s, passed=passed
            )
            progress.update(task, description=f"{name.replace('_', ' ')}: training forests")
            asked[name] = ask(stream, samples, forests, workload.seed)
    _show(asked)
    return _rows(asked)


def ask(stream: Stream, count: int, forests: int, seed: int) -> Asked:
    """Train forests on ``count`` samples of a world, with and without each feature, and ask what comes later."""
    samples, held_out = stream.samples, stream.held_out()
    learned = drawn_evenly(stream.chosen(seed), count, seed)
    labels, draws = samples.labels[held_out], draws_of(samples.device[held_out], seed)
    pr: dict[str, Floats] = {}
    roc: dict[str, Floats] = {}
    for feature, prefixes in {"": (), **FEATURES}.items():
        kept = [n for n, column in enumerate(samples.columns) if not column.startswith(prefixes)]
        columns = [samples.columns[n] for n in kept]
        rows, later = samples.rows[learned][:, kept], samples.rows[held_out][:, kept]
        figures = []
        for number in range(forests):
            score = forest_score(columns, rows, samples.labels[learned], forests * seed + number)
            figures.append(areas(labels, score(later), draws))
        pr[feature], roc[feature] = np.mean(figures, axis=0)
    return Asked(pr_auc=pr, roc_auc=roc, positive_share=float(labels.mean()))


def _without(names: Sequence[str]) -> Patterns:
    changed = {name: msgspec.structs.replace(getattr(DEFAULT_PATTERNS, name), on=False) for name in names}
    return msgspec.structs.replace(DEFAULT_PATTERNS, **changed)


def _rows(asked: Mapping[str, Asked]) -> list[Row]:
    whole, rows = asked["all"], []
    for name, world in asked.items():
        rows += _quality(name, world, "", whole)
        rows.append(Row(f"temporal.{name}.positive_share", world.positive_share, "", "higher"))
        for feature in FEATURES:
            rows += rows_of(f"temporal.{name}.{feature}_loss", world.pr_auc[""] - world.pr_auc[feature], "lower")
    for feature in FEATURES:
        rows += _quality(f"features_without_{feature}", whole, feature, whole)
    return rows


def _quality(name: str, world: Asked, feature: str, whole: Asked) -> list[Row]:
    rows = []
    kinds: tuple[tuple[str, Callable[[Asked], dict[str, Floats]]], ...] = (
        ("pr_auc", lambda of: of.pr_auc), ("roc_auc", lambda of: of.roc_auc)
    )  # fmt: skip
    for metric, figures in kinds:
        figure = figures(world)[feature]
        rows += rows_of(f"temporal.{name}.{metric}", figure)
        if name != "all":
            rows += rows_of(f"temporal.{name}.{metric}_loss", figures(whole)[""] - figure, "lower")
    return rows


def _show(asked: Mapping[str, Asked]) -> None:
    table = table_of(
        "PR-AUC of a forest, and what it loses without a feature; 90 % intervals",
        ("world", "PR-AUC", *(f"without {feature}" for feature in FEATURES)),
    )
    for name, world in asked.items():
        lost = [interval_text(world.pr_auc[""] - world.pr_auc[feature]) for feature in FEATURES]
        table.add_row(name.replace("_", " "), interval_text(world.pr_auc[""]), *lost)
    show(table)
