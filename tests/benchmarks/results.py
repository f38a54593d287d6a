"""Results made up for tests, in the forms in which benchmarks give them."""

from pathlib import Path

from benchmarks.report import Machine, Report, Row, Size, write_report

MACHINE = Machine(cpu="Some CPU", cores=2, memory_gb=7.5, python="3.11.7")


def report(name: str, *rows: Row, seed: int = 1, size: Size = "usual", machine: Machine = MACHINE) -> Report:
    return Report(
        name=name, version="1.2.3", commit="0123456789ab", machine=machine, seed=seed, rows=[*rows], size=size
    )


def written(folder: Path, *reports: Report) -> Path:
    """A folder of their JSON files."""
    folder.mkdir(exist_ok=True)
    for each in reports:
        write_report(each, folder / f"{each.name}.json")
    return folder


def quality(name: str, value: float | None) -> Row:
    return Row(name, value, "", "higher")


def drifting(stream: str = "firmware", models: tuple[str, ...] = ("committee", "retrained_forest", "frozen")) -> Report:
    """A stream with a drift on day 10 of 20, where each model is .1 worse than the one before it."""
    name = f"online_vs_batch.{stream}"
    rows = [Row(f"{name}.drift.begins", 10.0, "days", "higher"), Row(f"{name}.drift.through", 10.0, "days", "higher")]
    differences = ((".minus_retrained", 0.0611), (".minus_retrained.low", 0.0211), (".minus_retrained.high", 0.0911))
    rows += [quality(name + part, value) for part, value in (*differences, (".gap_closed", 0.77))]
    for number, model in enumerate(models):
        good = 0.9 - 0.1 * number
        phases = {"before.pr_auc": good, "three_days.pr_auc": good / 2, "long_after.pr_auc": good - 0.05}
        rows += [quality(f"{name}.{model}.{metric}", value) for metric, value in phases.items()]
        rows.append(quality(f"{name}.{model}.recall_at_1pct_far", good - 0.2))
        rows.append(Row(f"{name}.{model}.median_lead", 7.5 + number, "h", "higher"))
        rows.append(Row(f"{name}.{model}.cpu_s_per_million", 31.0 + number, "s/million", "lower"))
        for k in range(10):
            rows.append(Row(f"{name}.{model}.curve.{k}.day", 2.0 * k + 1.0, "days", "higher"))
            rows.append(quality(f"{name}.{model}.curve.{k}.pr_auc", good if k < 5 else good / 2))
    return report("online-vs-batch", *rows)
