"""The commands ``dataset``, which makes a data set of a simulated fleet, and ``dataset card``, which describes it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cyclopts import App
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from simulator.card.card import write_card
from simulator.commands.options import USUAL_PATTERNS, PatternOptions, patterns_of
from simulator.durations import duration_us
from simulator.errors import UsageError, one_line_errors, unwound_by_signals
from simulator.samples.file import check_target, write_samples
from simulator.samples.panel import Panel, Unsuitable, plan_panel
from simulator.world.patterns import DEFAULT_PATTERNS, Patterns

app = App(help="Make a data set: labelled samples of a simulated fleet, as Parquet or CSV.")

_USUAL = 10_000


@app.default
def dataset(
    *,
    out: Path,
    samples: int | None = None,
    per_home_type: int | None = None,
    seed: int = 0,
    horizon: str = "24h",
    world: PatternOptions = USUAL_PATTERNS,
) -> None:
    """Make a data set: labelled samples of a simulated fleet, as Parquet or CSV.

    Args:
        out: The file to write; its name ends with .parquet or .csv.
        samples: How many samples, of the home types by their shares of the fleet; 10,000 by default.
        per_home_type: How many samples of each of the eight home types, instead.
        seed: Same seed, same bytes.
        horizon: How far ahead a failure makes a sample positive.
        world: What patterns there are.
    """
    with one_line_errors():
        if samples is not None and per_home_type is not None:
            raise UsageError("either --samples or --per-home-type, not both")
        panel = _plan(samples, per_home_type, horizon)
        make_dataset(out, panel, _checked(seed), patterns=patterns_of(world))


@app.command
def card(*, out: Path, seed: int = 0) -> None:
    """Write the data card: what is in the data sets, how they are made, what they are good for, with plots.

    Args:
        out: A folder for README.md and its plots, made if it is not there; or a Markdown file, its plots beside it.
        seed: Seed of the fleet that is measured for it.
    """
    with one_line_errors():
        print(write_card(out, _checked(seed)))


def make_dataset(
    out: Path, panel: Panel, seed: int, *, patterns: Patterns = DEFAULT_PATTERNS, step_s: int | None = None
) -> None:
    """Make a data set, show how far it is, and say what was written.

    Args:
        out: The file to write.
        panel: Who is watched when.
        seed: Seed of fleet and choice.
        patterns: The temporal patterns.
        step_s: Event time of one block; changes nothing but memory and speed.

    Raises:
        UsageError: It cannot be made, or not be written there.
    """
    check_target(out)
    # The compiled kernels take a second to load: not before it is sure that they are needed.
    from simulator.dataset import Sampling

    began = time.monotonic()
    try:
        with unwound_by_signals(), _bar(f"{panel.samples:,} samples") as passed:
            sampling = Sampling(panel, seed, patterns=patterns, step_s=step_s)
            samples, positives = write_samples(out, sampling.batches(passed), sampling.fleet.devices, sampling.columns)
    except Unsuitable as error:
        raise UsageError(str(error)) from None
    size_mb, seconds = out.stat().st_size / 1e6, time.monotonic() - began
    print(
        f"{out}: {samples:,} samples of {panel.homes:,} homes, {positives:,} positive ({positives / samples:.1%}), "
        f"{len(sampling.columns)} features, {size_mb:,.1f} MB, {seconds:,.0f} s"
    )


def _plan(samples: int | None, per_home_type: int | None, horizon: str) -> Panel:
    try:
        if per_home_type is not None:
            return plan_panel(per_home_type, horizon_us=duration_us(horizon), per_home_type=True)
        return plan_panel(_USUAL if samples is None else samples, horizon_us=duration_us(horizon))
    except ValueError as error:
        raise UsageError(str(error)) from None


def _checked(seed: int) -> int:
    if seed < 0:
        raise UsageError(f"--seed must not be negative, not {seed}")
    return seed


@contextmanager
def _bar(title: str) -> Iterator[Callable[[float], None]]:
    """Show a progress bar on stderr, if that is a terminal; gives what is to be told the share that is done."""
    console = Console(stderr=True)
    columns = (TextColumn(title), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task(title, total=1.0)
        yield lambda share: progress.update(task, completed=share)
