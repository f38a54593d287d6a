"""Results made up for tests, in the forms in which benchmarks give them."""

from pathlib import Path

from benchmarks.report import Machine, Report, Row, Size, write_report

MACHINE = Machine(cpu="Some CPU", cores=2, memory_gb=7.5, python="3.11.7")


def report(name: str, *rows: Row, seed: int = 1, size: Size = "usual", machine: Machine = MACHINE) -> Report:
    return Report(
        name=name, version="1.2.3", commit="0123456789ab", machine=machine, seed=seed, rows=[*rows], size=size,
        measured="2026-07-04", packages={"river": "0.26.1"},
    )  # fmt: skip


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
    whole = (*differences, (".minus_frozen", 0.211), (".gap", 0.3), (".gap_closed", 0.77))
    rows += [quality(name + part, value) for part, value in whole]
    for number, model in enumerate(models):
        good = 0.9 - 0.1 * number
        phases = {"before.pr_auc": good, "three_days.pr_auc": good / 2, "long_after.pr_auc": good - 0.05}
        rows.append(quality(f"{name}.{model}.pr_auc", good - 0.01))
        rows += [quality(f"{name}.{model}.{metric}", value) for metric, value in phases.items()]
        rows.append(quality(f"{name}.{model}.recall_at_1pct_far", good - 0.2))
        rows.append(quality(f"{name}.{model}.detected_failures", good - 0.12))
        rows.append(Row(f"{name}.{model}.median_lead", 7.5 + number, "h", "higher"))
        rows.append(Row(f"{name}.{model}.cpu_s_per_million", 31.0 + number, "s/million", "lower"))
        for k in range(10):
            rows.append(Row(f"{name}.{model}.curve.{k}.day", 2.0 * k + 1.0, "days", "higher"))
            rows.append(quality(f"{name}.{model}.curve.{k}.pr_auc", good if k < 5 else good / 2))
    return report("online-vs-batch", *rows)


COMMITTEE = report(
    "committee",
    quality("committee.mean.minus_retrained", 0.011),
    *(quality(f"committee.firmware.{model}.pr_auc", 0.4) for model in ("blend", "retrained", "baseline")),
    *(quality(f"committee.firmware.after.{model}.pr_auc", 0.321) for model in ("blend", "frozen", "oracle")),
    quality("committee.firmware.gap_closed", 0.5),
)
HOME_TYPES = report(
    "home-types",
    *(quality(f"home_types.{kind}.random_forest.pr_auc", 0.5432) for kind in ("villa", "studio")),
    *(quality(f"home_types.cross.{pair}.pr_auc", 0.25) for pair in ("villa.villa", "villa.studio", "studio.villa")),
    *(quality(f"home_types.all.random_forest.{metric}", 0.71) for metric in ("accuracy", "f1", "pr_auc", "roc_auc")),
    *(
        quality(f"home_types.villa.failures.mode.{mode}.share", share)
        for mode, share in (("wear", 0.3), ("battery", 0.7))
    ),
    *(quality(f"home_types.villa.failures.hours.{hour}.share", share) for hour, share in (("18", 0.6), ("21", 0.4))),
    quality("home_types.villa.failures.season.winter.share", 1.0),
    quality("home_types.villa.looks_at.battery_pct.pr_auc", 0.21),
    Row("home_types.villa.held_out.examples", 1234.0, "examples", "higher"),
)
SCALE = report(
    "scale",
    *(quality(f"scale.{model}.{size}.pr_auc", 0.4) for model in ("lightgbm", "tabpfn") for size in (500, 100_000)),
    Row("scale.tabpfn.200.pr_auc", None, "", "higher", "its weights are not here"),
    Row("scale.catboost.500.pr_auc", None, "", "higher", "nobody has it"),
    Row("scale.lightgbm.100000.fit_s", 12.5, "s", "lower"),
    Row("scale.lightgbm.saturates_at", 500.0, "samples", "lower"),
)
TEMPORAL = report(
    "temporal",
    *(quality(f"temporal.all.pr_auc{end}", 0.4) for end in ("", ".low", ".high")),
    *(quality(f"temporal.world_without_daily.{metric}", 0.3) for metric in ("pr_auc", "pr_auc_loss", "hour_loss")),
)
REAL = report("real", *(quality(f"real.fd001.{model}.pr_auc", 0.3) for model in ("committee", "retrained_forest")))
LATENCY = report(
    "latency", Row("latency.p99_loaded_ms", 28.04, "ms", "lower"), Row("latency.none", None, "ms", "lower")
)
ALL = {each.name: each for each in (drifting(), COMMITTEE, HOME_TYPES, SCALE, TEMPORAL, REAL, LATENCY)}
