"""The command ``bench report``: run all benchmarks, or take their results from a folder, and make a page of them."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.pages.chapters import CHAPTERS
from benchmarks.pages.results import read_results
from benchmarks.pages.runs import Plan, read_runs, run_all
from benchmarks.pages.whole import HTML, MARKDOWN, Run, duration_text, write_pages
from benchmarks.questions import BENCHMARKS
from benchmarks.report import BenchError, Report, Size
from simulator.errors import unwound_by_signals

Switch = Parameter(negative="")


@unwound_by_signals()  # so that a benchmark that was started is stopped
def report(
    *,
    out: Path,
    full: Annotated[bool, Switch] = False,
    quick: Annotated[bool, Switch] = False,
    only: Annotated[list[str] | None, Parameter(negative="")] = None,
    resume: Annotated[bool, Switch] = False,
    from_: Annotated[Path | None, Parameter(name="--from")] = None,
    data: Path | None = None,
    seed: int = 1,
) -> None:
    """Run all benchmarks, each as a process of its own, and make one page of them, as HTML and as Markdown.

    Ends with 0 if all have a result, 1 if one has none, which the page then tells, 2 if there was nothing to do.

    Args:
        out: Folder for report.html, report.md and the results; made if it is not there.
        full: Measure all of it, for hours.
        quick: Measure as little as shows that all parts work.
        only: Run this benchmark only; may be given again.
        resume: Keep the results in the folder that are of the same commit, size and seed, and run the others.
        from_: Run nothing: make the page of the JSON files in this folder.
        data: Folder of real data sets; default HEARTHBEAT_DATA, else ../shared/data.
        seed: Seed of all that is drawn.
    """
    try:
        if from_ is not None:
            if full or quick or only or resume:
                raise BenchError("--from runs nothing: leave --full, --quick, --only and --resume away")
            complete = _from_folder(from_, out)
        else:
            _check(full=full, quick=quick, only=only or (), seed=seed)
            names = sorted(only or BENCHMARKS, key=_place)
            size: Size = "full" if full else "quick" if quick else "usual"
            plan = Plan(out=out, names=list(dict.fromkeys(names)), size=size, seed=seed, data=data, resume=resume)
            complete = _run(plan)
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("stopped; the same command with --resume goes on from here", file=sys.stderr)
        raise SystemExit(130) from None
    print(f"{out / HTML}\n{out / MARKDOWN}")
    if not complete:
        raise SystemExit(1)


def _check(*, full: bool, quick: bool, only: Sequence[str], seed: int) -> None:
    if full and quick:
        raise BenchError("--full and --quick exclude each other")
    if seed < 0:
        raise BenchError(f"--seed must not be negative, not {seed}")
    for name in only:
        if name not in BENCHMARKS:
            raise BenchError(f"there is no benchmark {name!r}; there are {', '.join(BENCHMARKS)}")


def _place(name: str) -> int:
    return list(CHAPTERS).index(name) if name in CHAPTERS else len(CHAPTERS)


def _from_folder(folder: Path, out: Path) -> bool:
    reports, damaged = read_results(folder)
    for sentence in damaged:
        print(f"left out: {sentence}", file=sys.stderr)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BenchError(f"{out} cannot be made: {error.strerror}") from None
    write_pages(out, reports, read_runs(folder), BENCHMARKS)
    return True


def _run(plan: Plan) -> bool:
    """Run them, and write the page anew after each, so that it is there however this ends."""
    runs: list[Run] = []
    reports: dict[str, Report] = {}
    console = Console()
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=len(plan.names))
        began = time.monotonic()

        def begin(number: int, name: str) -> None:
            progress.update(task, completed=number, description=name)

        for run, report in run_all(plan, begin):
            runs.append(run)
            if report is not None:
                reports[run.name] = report
            if reports:
                write_pages(plan.out, reports, runs, {name: BENCHMARKS[name] for name in plan.names})
            cpu = f"{duration_text(run.cpu_s)} of CPU, " if run.cpu_s is not None else ""
            what = f"{cpu}{len(report.rows)} figures" if report is not None else f"failed: {run.error}"
            line = f"[{len(runs)}/{len(plan.names)}] {run.name:<16}{duration_text(run.seconds):>12}  {what}"
            progress.console.print(line, markup=False, highlight=False, soft_wrap=True)
    if not reports:
        raise BenchError(f"no benchmark gave a result; what they said is in {plan.out / 'logs'}")
    print(f"{len(reports)} of {len(runs)} benchmarks in {duration_text(time.monotonic() - began)}")
    return len(reports) == len(runs)
