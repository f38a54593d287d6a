"""The questions of the benchmark, its ids and its tables.

Ids:

    home_types.<home type>.<model>.<metric>                    with .low and .high, ends of its 90 % interval
    home_types.<home type>.own_minus_<global|mixed>.pr_auc     the forest of its own less one of all, likewise
    home_types.<home type>.never_warning.accuracy              of a model that foretells nothing
    home_types.<home type>.held_out.<examples|positives|failing_devices>
    home_types.<home type>.failures.count                      and .<mode|hours|season>.<which>.share
    home_types.<home type>.looks_at.<group>.pr_auc             lost when these columns are shuffled
    home_types.all.<model>.<metric>                            mean of the eight, likewise
    home_types.cross.<trained on>.<scored>.pr_auc              forests on each other's examples, likewise

Metrics are accuracy, precision, recall, f1, pr_auc and roc_auc. Accuracy says nothing where failures are rare: whoever
never warns is right 97 times of a hundred. A mode is one of `simulator.world.devices.MODES`, hours are blocks of three
that are named by their first, a group is that of `benchmarks.home_types.failures.groups_of`.
"""

import numpy as np
from rich.progress import Progress

from benchmarks.batch.console import show, table_of
from benchmarks.batch.intervals import all_rows, interval_text, rows_of
from benchmarks.batch.stream import Stream, drawn
from benchmarks.home_types.failures import BLOCK_H, groups_of, patterns_of
from benchmarks.home_types.quality import (
    GLOBAL,
    MIXED,
    MODELS,
    OWN,
    Part,
    crossed,
    judged,
    loss_by_group,
    parts_of,
    trained,
)
from benchmarks.report import Row
from benchmarks.workload import Workload
from service.models.online import BUILDERS
from simulator.arrays import Floats
from simulator.samples.panel import YEAR_S
from simulator.world.homes import HOME_TYPES

Figures = dict[str, dict[str, dict[str, Floats]]]
"""By model, home type and metric."""

_RIVALS = {"global": GLOBAL, "mixed": MIXED}
_DRAWN = 100


def measure(
    workload: Workload,
    *,
    samples: int = 500,
    known: int = 10_000,
    held_out: int = 5_000,
    rounds: int = 5,
    year_s: int = YEAR_S,
) -> list[Row]:
    """Compare models of each home type with models of all, and tell what fails where.

    Args:
        workload: ``full`` asks about four times the examples; ``quick`` takes a fifth of everything.
        samples: How many samples of each home type are learned.
        known: How many there are of each home type for these to be chosen from.
        held_out: How many later examples of each are asked about.
        rounds: How often columns are shuffled.
        year_s: How long each of both years is.

    Raises:
        BenchError: A home type has too few failures.
    """
    held_out *= 4 if workload.full else 1
    if workload.quick:
        samples, known, held_out, rounds = samples // 5, known // 5, held_out // 5, 1
    with Progress(transient=True) as progress:
        task = progress.add_task("drawing samples", total=_DRAWN * 2)
        stream = drawn(
            known, held_out, seed=workload.seed, per_home_type=True, year_s=year_s,
            passed=lambda share: progress.update(task, completed=share * _DRAWN),
        )  # fmt: skip

        def step(what: str) -> None:
            progress.update(task, advance=_DRAWN / 6, description=what)

        parts = parts_of(stream, samples, workload.seed)
        models = trained(stream, parts, workload.seed, step)
        step("asking about later examples")
        figures: Figures = {
            model: {part.name: judged(stream, part, models[model][part.name]) for part in parts} for model in MODELS
        }
        cross = crossed(stream, parts, models[OWN])
        step("looking at what forests look at")
        groups = groups_of(stream.samples.columns)
        looks = {
            part.name: loss_by_group(
                models[OWN][part.name], stream.samples.rows[part.held_out], stream.samples.labels[part.held_out],
                groups, workload.seed, rounds,
            )
            for part in parts
        }  # fmt: skip
    rows = _quality_rows(stream, parts, figures)
    for (trained_on, scored), figure in cross.items():
        rows += rows_of(f"home_types.cross.{trained_on}.{scored}.pr_auc", figure)
    rows += _pattern_rows(stream, looks)
    _show(stream, figures, looks)
    return rows


def _quality_rows(stream: Stream, parts: list[Part], figures: Figures) -> list[Row]:
    rows: list[Row] = []
    for part in parts:
        name, labels = f"home_types.{part.name}", stream.samples.labels[part.held_out]
        failing = np.unique(stream.samples.device[part.held_out][labels])
        rows += [
            Row(f"{name}.held_out.examples", len(labels), "examples", "higher"),
            Row(f"{name}.held_out.positives", int(labels.sum()), "examples", "higher"),
            Row(f"{name}.held_out.failing_devices", len(failing), "devices", "higher"),
            Row(f"{name}.never_warning.accuracy", float(1.0 - labels.mean()), "", "higher"),
        ]
        for model in MODELS:
            rows += all_rows(f"{name}.{model}", figures[model][part.name])
        for rival, model in _RIVALS.items():
            rows += rows_of(f"{name}.own_minus_{rival}.pr_auc", _ahead(figures, part.name, model))
    for model in MODELS:
        rows += all_rows(f"home_types.all.{model}", _means(figures[model]))
    for rival, model in _RIVALS.items():
        everywhere = np.mean([_ahead(figures, part.name, model) for part in parts], axis=0)
        rows += rows_of(f"home_types.all.own_minus_{rival}.pr_auc", everywhere)
    return rows


def _ahead(figures: Figures, home_type: str, rival: str) -> Floats:
    return figures[OWN][home_type]["pr_auc"] - figures[rival][home_type]["pr_auc"]


def _means(of_home_types: dict[str, dict[str, Floats]]) -> dict[str, Floats]:
    """Means over home types, which have devices of their own: their resamples are independent."""
    metrics = next(iter(of_home_types.values()))
    return {
        metric: np.mean([figures[metric] for figures in of_home_types.values()], axis=0, dtype=np.float64)
        for metric in metrics
    }


def _pattern_rows(stream: Stream, looks: dict[str, dict[str, float]]) -> list[Row]:
    rows: list[Row] = []
    for code, kind in enumerate(HOME_TYPES):
        name = f"home_types.{kind.name}"
        count = int((stream.failed.home_type == code).sum())
        rows.append(Row(f"{name}.failures.count", count, "failures", "higher"))
        for what, shares in patterns_of(stream.failed, code).items():
            rows += [Row(f"{name}.failures.{what}.{which}.share", v, "", "higher") for which, v in shares.items()]
        for group, lost in looks[kind.name].items():
            rows.append(Row(f"{name}.looks_at.{group}.pr_auc", None if np.isnan(lost) else lost, "", "higher"))
    return rows


def _show(stream: Stream, figures: Figures, looks: dict[str, dict[str, float]]) -> None:
    quality = table_of(
        "PR-AUC on later examples, with a 90 % interval of the difference",
        (
            "home type",
            "own forest",
            "mixed",
            "for all",
            "own less for all",
            *(f"own River {kind}" for kind in BUILDERS),
        ),
    )
    failures = table_of(
        "What fails, when, and what its forest looks at (PR-AUC lost without)",
        ("home type", "modes", "hours", "season", "looks at"), texts=5,
    )  # fmt: skip
    shown = [OWN, MIXED, GLOBAL, *(f"river_{kind}" for kind in BUILDERS)]
    for code, kind in enumerate(HOME_TYPES):
        areas = [f"{figures[model][kind.name]['pr_auc'][0]:.2f}" for model in shown]
        quality.add_row(kind.name, *areas[:3], interval_text(_ahead(figures, kind.name, GLOBAL)), *areas[3:])
        shares = patterns_of(stream.failed, code)
        (first, most), *_ = _largest(shares["hours"])
        failures.add_row(
            kind.name,
            ", ".join(f"{name} {share:.0%}" for name, share in _largest(shares["mode"])[:2]),
            f"{first}-{int(first) + BLOCK_H:02} {most:.0%}",
            "{} {:.0%}".format(*_largest(shares["season"])[0]),
            ", ".join(f"{name} {lost:.2f}" for name, lost in _largest(looks[kind.name])[:2]),
        )
    show(quality, failures)


def _largest(shares: dict[str, float]) -> list[tuple[str, float]]:
    return sorted(shares.items(), key=lambda item: -item[1])
