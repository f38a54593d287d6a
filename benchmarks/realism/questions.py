"""The questions of the realism benchmark, in their order.

Whoever simulates decides who wins. So the simulator itself is measured: a single reading must not give a failure away,
a device's course in time must, home types and the calendar must matter, nothing may be certain, and a failure must be
seen coming early enough to act. Then its speed, and the memory that a very large data set takes.

Models are trained and tested on different homes.
"""

import statistics

import numpy as np
from rich.progress import Progress
from sklearn.ensemble import RandomForestClassifier

from benchmarks.realism.days import home_type_accuracy
from benchmarks.realism.lead import lead_hours
from benchmarks.realism.models import Task, area, calendar_of, compare_homes, forest, raw_of, split, tree_scores
from benchmarks.realism.speed import HOMES, dataset_memory_mb, encoded_per_s, generated_per_s
from benchmarks.report import Row
from benchmarks.workload import Workload
from simulator.dataset import labelled_samples

HORIZON_US = 86_400_000_000


def measure(
    workload: Workload, *, samples: int = 80_000, per_home_type: int = 8_000, homes: int = 480, rounds: int = 3
) -> list[Row]:
    """Measure the simulator against what makes a fleet worth learning from.

    Args:
        workload: ``full`` doubles the samples and makes the data set of 10,000,000; ``quick`` takes a part of all.
        samples: Samples for the comparison of models.
        per_home_type: Samples of each home type for the models of home types.
        homes: Homes whose days are told apart, and whose failures are waited for.
        rounds: How often speeds are measured; the best counts, since others use the machine too.
    """
    scale, fast = 2 if workload.full else 1, HOMES // 8 if workload.quick else HOMES
    if workload.quick:
        samples, per_home_type, homes, rounds = samples // 16, per_home_type // 5, homes // 8, 1
    with Progress(transient=True) as progress:
        steps = progress.add_task("drawing samples", total=7)

        def step(what: str) -> None:
            progress.update(steps, advance=1, description=what)

        task = split(labelled_samples(samples * scale, seed=workload.seed, horizon_us=HORIZON_US), workload.seed)
        step("one reading, a course, a calendar")
        rows, model, threshold = _models(task, workload.seed)
        step("waiting for failures")
        rows.append(
            Row("realism.lead_hours_progressive", lead_hours(model, threshold, homes, workload.seed), "h", "higher")
        )
        step("telling home types apart")
        rows.append(Row("realism.home_type_accuracy", home_type_accuracy(homes, workload.seed), "", "higher"))
        step("swapping home types")
        rows += _swaps(per_home_type * scale, workload.seed)
        step("speed")
        rows.append(Row("realism.generate_per_s", generated_per_s(workload.seed, rounds, fast), "1/s", "higher"))
        rows.append(Row("realism.encode_per_s", encoded_per_s(workload.seed, rounds, fast), "1/s", "higher"))
        if workload.full:
            step("ten million samples")
            rows.append(Row("realism.dataset_10m_mb", dataset_memory_mb(10_000_000, workload.seed), "MB", "lower"))
    return rows


def _models(task: Task, seed: int) -> tuple[list[Row], RandomForestClassifier, float]:
    raw, calendar = raw_of(task.columns), calendar_of(task.columns)
    best_f1, tree = tree_scores(task, raw)
    model = forest(task.rows[task.train], task.labels[task.train], seed)
    risks = task.risks(model, task.rows)
    full = area(task.tested, risks)
    bare = np.delete(task.rows, calendar, axis=1)
    without = area(task.tested, task.risks(forest(bare[task.train], task.labels[task.train], seed), bare))
    mixed = task.shuffled(calendar, seed)
    shuffled = area(task.tested, task.risks(forest(mixed[task.train], task.labels[task.train], seed), mixed))
    rows = [
        Row("realism.depth3_f1", best_f1, "", "lower"),
        Row("realism.depth3_pr_auc", tree, "", "lower"),
        Row("realism.windowed_gain", full - tree, "", "higher"),
        Row("realism.best_pr_auc", max(full, task.boosted(seed), tree), "", "lower"),
        Row("realism.calendar_loss", full - without, "", "higher"),
        Row("realism.calendar_loss_shuffled", full - shuffled, "", "higher"),
    ]
    return rows, model, float(np.quantile(risks[~task.tested], 0.99))


def _swaps(per_home_type: int, seed: int) -> list[Row]:
    samples = labelled_samples(per_home_type, seed=seed, horizon_us=HORIZON_US, per_home_type=True)
    own, losses = compare_homes(split(samples, seed), samples.home_type, seed)
    return [
        Row("realism.home_type_own_pr_auc", statistics.median(own), "", "higher"),
        Row("realism.home_type_swap_loss", statistics.median(losses), "", "higher"),
    ]
