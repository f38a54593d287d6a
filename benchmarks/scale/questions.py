"""The questions of the benchmark, its ids and its tables.

Ids:

    scale.<model>.<samples>.<pr_auc|roc_auc|log_loss>      on one later hold-out, with .low and .high (90 %)
    scale.<model>.<samples>.fit_s                          time to fit it, of the processor
    scale.<model>.<samples>.peak_mb                        memory that fitting takes at most
    scale.<model>.<samples>.model_mb                       size of the fitted model, pickled
    scale.<model>.<samples>.<single_us|batch_us>           for a row that is asked for alone, or among many, likewise
    scale.<model>.<samples>.compiled_<model_mb|single_us|batch_us>     the same of its compiled form, if it has one
    scale.<model>.saturates_at                             the size from which on more brings little
    scale.held_out.<examples|positives|failing_devices>
    scale.prior.log_loss                                   of the base rate as everybody's risk

Samples are those that are learned; which they are is told in `benchmarks.batch.stream`. They are drawn evenly from one
whole year, so that a smaller size means fewer samples and not older ones; the smaller are a part of the larger. River's
members learn them one by one in order of time. For the log loss, raw probabilities are corrected for what was sampled,
as the service corrects them.

A model saturates at the smallest size of which this holds, and of all larger ones: it has at most .01 PR-AUC less than
at the largest, or the difference may be chance (its 90 % interval, paired over devices, holds 0). If that is the
largest size, it has not saturated.

A contender that cannot take part has rows without values, each with the reason as its note, which is printed, too.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from rich.progress import Progress
from threadpoolctl import threadpool_limits  # comes with scikit-learn

from benchmarks.batch.console import show, table_of
from benchmarks.batch.intervals import Draws, areas, draws_of, interval, log_losses, rows_of
from benchmarks.batch.models import Rows, Score, compiled_score, risks_of
from benchmarks.batch.stream import Stream, drawn, drawn_evenly, examples_for
from benchmarks.report import Row
from benchmarks.scale.contenders import CONTENDERS, Fit, Fitted, Unavailable
from benchmarks.scale.resources import batch_us, fitting, single_us, size_mb
from benchmarks.workload import Workload
from service.evaluation.metrics import log_loss
from service.models.compiled import CompiledModel
from simulator.arrays import Flags, Floats, Ints
from simulator.samples.panel import YEAR_S

QUICK, USUAL, LARGE = (200, 500), (500, 1_000, 5_000, 10_000), (50_000, 100_000)
MARGIN: Final = 0.01

_ALONE, _TOGETHER, _RIVER = 100, 2_000, 200
_QUALITY: Final = (("pr_auc", "higher"), ("roc_auc", "higher"), ("log_loss", "lower"))
_COSTS: Final = (("fit_s", "s"), ("peak_mb", "MB"), ("model_mb", "MB"), ("single_us", "us"), ("batch_us", "us"))
_DRAWN = 20


class Exam(Struct, frozen=True, kw_only=True):
    """What every model is asked.

    Attributes:
        rows: Feature rows, (b, f).
        labels: Whether the devices failed, (b,).
        draws: Resamples, (r + 1, b).
        base_rate: Share of failures among all that was known before.
    """

    rows: Rows
    labels: Flags
    draws: Draws
    base_rate: float


def measure(
    workload: Workload,
    *,
    sizes: tuple[int, ...] | None = None,
    held_out: int = 20_000,
    names: Sequence[str] = tuple(CONTENDERS),
    year_s: int = YEAR_S,
) -> list[Row]:
    """Train contenders on more and more samples and ask them about the same later examples.

    Args:
        workload: ``full`` goes up to 100,000 samples, ``quick`` to 500 and asks about a fifth.
        sizes: How many samples, instead, from the fewest on.
        held_out: How many later examples they are asked about.
        names: Which contenders.
        year_s: How long each of both years is.

    Raises:
        BenchError: The simulated year has too few failures.
    """
    sizes = sizes or (QUICK if workload.quick else (*USUAL, *LARGE) if workload.full else USUAL)
    held_out //= 5 if workload.quick else 1
    reasons: dict[str, str] = {}
    shown: dict[str, list[tuple[int, Floats, list[Row]]]] = {name: [] for name in names}
    with Progress(transient=True) as progress:
        task = progress.add_task("drawing samples", total=_DRAWN + len(names) * len(sizes))
        stream = drawn(
            examples_for(sizes[-1]), held_out, seed=workload.seed, year_s=year_s,
            passed=lambda share: progress.update(task, completed=share * _DRAWN),
        )  # fmt: skip
        chosen, exam = stream.chosen(workload.seed), _exam(stream, workload.seed)
        rows = _exam_rows(stream, exam)
        for name in names:
            for size in sizes:
                progress.update(task, description=f"{name}, {size:,} samples")
                learned = drawn_evenly(chosen, size, workload.seed)
                try:
                    told, area = _measured(name, stream, learned, exam, workload.seed)
                    shown[name].append((size, area, told))
                except Unavailable as reason:
                    told = _no_rows(f"scale.{name}.{size}", str(reason))
                    reasons.setdefault(f"{name}, {size:,} samples", str(reason))
                rows += told
                progress.advance(task)
            at = saturation([(size, area) for size, area, _ in shown[name]]) if len(shown[name]) == len(sizes) else None
            rows.append(Row(f"scale.{name}.saturates_at", at, "samples", "lower"))
    _show(shown, reasons)
    return rows


def saturation(areas_by_size: list[tuple[int, Floats]]) -> int | None:
    """The size at which a model saturates; sizes with PR-AUCs (r + 1,), from the fewest on. None without any."""
    at = None
    for size, area in reversed(areas_by_size):
        lost, low, _ = interval(areas_by_size[-1][1] - area)
        if lost is None or low is None or (lost > MARGIN and low > 0.0):
            break
        at = size
    return at


def _exam(stream: Stream, seed: int) -> Exam:
    held_out, samples = stream.held_out(), stream.samples
    return Exam(
        rows=np.ascontiguousarray(samples.rows[held_out]),
        labels=samples.labels[held_out],
        draws=draws_of(samples.device[held_out], seed),
        base_rate=float(samples.labels[stream.known()].mean()),
    )


def _exam_rows(stream: Stream, exam: Exam) -> list[Row]:
    failing = np.unique(stream.samples.device[stream.held_out()][exam.labels])
    prior = log_loss(exam.labels, np.full(len(exam.labels), exam.base_rate))
    return [
        Row("scale.held_out.examples", len(exam.labels), "examples", "higher"),
        Row("scale.held_out.positives", int(exam.labels.sum()), "examples", "higher"),
        Row("scale.held_out.failing_devices", len(failing), "devices", "higher"),
        Row("scale.prior.log_loss", prior, "", "lower"),
    ]


def _measured(name: str, stream: Stream, learned: Ints, exam: Exam, seed: int) -> tuple[list[Row], Floats]:
    """All rows of a contender at one size, and its PR-AUC, (r + 1,)."""
    samples, fit = stream.samples, CONTENDERS[name]
    rows, labels = samples.rows[learned], samples.labels[learned]
    with threadpool_limits(1):
        _load(fit, samples.columns, rows, labels, seed)
        fitted, seconds, peak = fitting(lambda: fit(samples.columns, rows, labels, seed))
        compiled = fitted.compiled()
        ours = None if compiled is None else compiled_score(compiled, samples.columns)
        raw = (ours or fitted.score)(exam.rows)
        costs = {"fit_s": seconds, "peak_mb": peak} | _costs(fitted, exam.rows)
        if ours is not None:
            costs |= _compiled_costs(compiled, ours, exam.rows)
    pr, roc = areas(exam.labels, raw, exam.draws)
    losses = log_losses(exam.labels, risks_of(raw, fitted.odds, exam.base_rate), exam.draws)
    prefix = f"scale.{name}.{len(learned)}"
    out = rows_of(f"{prefix}.pr_auc", pr) + rows_of(f"{prefix}.roc_auc", roc)
    out += rows_of(f"{prefix}.log_loss", losses, "lower")
    units = dict(_COSTS)
    return out + [
        Row(f"{prefix}.{metric}", value, units[metric.removeprefix("compiled_")], "lower")
        for metric, value in costs.items()
    ], pr


def _load(fit: Fit, columns: list[str], rows: Rows, labels: Flags, seed: int) -> None:
    """Fit a few samples of both classes, so that what a library loads at its first use is neither timed nor weighed."""
    few = np.concatenate([np.flatnonzero(labels)[:30], np.flatnonzero(~labels)[:30]])
    fit(columns, rows[few], labels[few], seed)


def _costs(fitted: Fitted, rows: Rows) -> dict[str, float | None]:
    return {
        "model_mb": size_mb(fitted.model),
        "single_us": single_us(fitted.score, rows[:_ALONE]),
        "batch_us": batch_us(fitted.score, rows[: _RIVER if fitted.row_by_row else _TOGETHER]),
    }


def _compiled_costs(compiled: CompiledModel | None, score: Score, rows: Rows) -> dict[str, float | None]:
    return {
        "compiled_model_mb": size_mb(compiled),
        "compiled_single_us": single_us(score, rows[:_ALONE]),
        "compiled_batch_us": batch_us(score, rows[:_TOGETHER]),
    }


def _no_rows(prefix: str, reason: str) -> list[Row]:
    quality = [
        Row(f"{prefix}.{metric}{end}", None, "", "higher" if better == "higher" else "lower", reason)
        for metric, better in _QUALITY
        for end in ("", ".low", ".high")
    ]
    return quality + [Row(f"{prefix}.{metric}", None, unit, "lower", reason) for metric, unit in _COSTS]


def _show(shown: dict[str, list[tuple[int, Floats, list[Row]]]], reasons: dict[str, str]) -> None:
    table = table_of(
        "The same later examples, after more and more samples",
        ("model", "samples", "PR-AUC", "fit s", "peak MB", "model MB", "us a row alone", "among many"),
    )
    for name, sizes in shown.items():
        for size, area, rows in sizes:
            value = {row.id.rpartition(".")[2]: row.value for row in rows}
            costs = [value[metric] for metric, _ in _COSTS]
            table.add_row(
                name if size == sizes[0][0] else "", f"{size:,}", f"{area[0]:.3f}",
                *("-" if cost is None else f"{cost:.3g}" if cost < 1000 else f"{cost:,.0f}" for cost in costs),
            )  # fmt: skip
    show(table, *(f"{who}: {reason}" for who, reason in reasons.items()))
