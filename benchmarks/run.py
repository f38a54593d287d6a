"""The command ``bench``: run one benchmark, or list them all."""

import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from benchmarks.markdown import report_page
from benchmarks.pages.single import single_page
from benchmarks.plot import check_plot, report_picture
from benchmarks.questions import BENCHMARKS
from benchmarks.report import BenchError, Row, make_report, show_report, write_file, write_report
from benchmarks.workload import OwnTable, Workload
from simulator.errors import unwound_by_signals

Switch = Parameter(negative="")


@unwound_by_signals()  # so that a started service is stopped
def bench(
    name: str | None = None,
    file: Path | None = None,
    *,
    map: Annotated[Path | None, Parameter(name="--map")] = None,
    horizon: str | None = None,
    full: Annotated[bool, Switch] = False,
    quick: Annotated[bool, Switch] = False,
    json: Path | None = None,
    markdown: Path | None = None,
    html: Path | None = None,
    plot: Path | None = None,
    data: Path | None = None,
    seed: int = 1,
) -> None:
    """Run a benchmark; without a name, list them.

    Args:
        name: Which one.
        file: For `real`: a table to measure on.
        map: For `real FILE`: TOML file that says what the columns mean, or the name of a shipped one.
        horizon: For `real FILE`: how far ahead failures are foretold, such as 7d.
        full: Measure more, and longer.
        quick: Measure as little as shows that all parts work.
        json: File to write the results to.
        markdown: File to write the results to as a Markdown page.
        html: File to write the results to as a page that needs no other file.
        plot: File to draw the results in; its name ends with .png or .svg.
        data: Folder of real data sets; default HEARTHBEAT_DATA, else ../shared/data.
        seed: Seed of all that is drawn.
    """
    if name is None:
        width = max(len(known) for known in BENCHMARKS) + 2
        for known, question in BENCHMARKS.items():
            print(f"{known:<{width}}{question}")
        return
    try:
        if name not in BENCHMARKS:
            raise BenchError(f"there is no benchmark {name!r}; there are {', '.join(BENCHMARKS)}")
        if full and quick:
            raise BenchError("--full and --quick exclude each other")
        if seed < 0:
            raise BenchError(f"--seed must not be negative, not {seed}")
        table = _own_table(name, file, map, horizon)
        _check_files({"--json": json, "--markdown": markdown, "--html": html, "--plot": plot})
        if plot is not None:
            check_plot(plot)
        folder = data or Path(os.environ.get("HEARTHBEAT_DATA") or "../shared/data")
        # River, scikit-learn and pandas take seconds to import: not before it is sure that they are needed.
        measure: Callable[[Workload], list[Row]] = import_module(f"benchmarks.{name.replace('-', '_')}").measure
        rows = measure(Workload(data=folder, seed=seed, full=full, quick=quick, table=table))
        given = [] if table is None else [str(table.file), "--map", str(table.mapping), "--horizon", table.horizon]
        report = make_report(name, seed, rows, size="full" if full else "quick" if quick else "usual", arguments=given)
        if json is not None:
            write_report(report, json)
        if markdown is not None:
            write_file(markdown, report_page(report).encode())
        if html is not None:
            write_file(html, single_page(report).encode())
        if plot is not None:
            write_file(plot, report_picture(report, plot))
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    show_report(report)


def _own_table(name: str, file: Path | None, mapping: Path | None, horizon: str | None) -> OwnTable | None:
    """The user's table, if one is named.

    Raises:
        BenchError: The benchmark takes none, or something of it is not named.
    """
    given = {"a FILE": file, "--map": mapping, "--horizon": horizon}
    named = [word for word, value in given.items() if value is not None]
    if named and name != "real":
        raise BenchError(f"{name} takes no {named[0].removeprefix('a ')}; only real does")
    if file is None or mapping is None or horizon is None:
        if named:
            absent = next(word for word, value in given.items() if value is None)
            raise BenchError(f"{named[0]} without {absent}: a table of one's own needs FILE, --map and --horizon")
        return None
    return OwnTable(file=file, mapping=mapping, horizon=horizon)


def _check_files(files: Mapping[str, Path | None]) -> None:
    """Tell before a long run that its results have no place.

    Raises:
        BenchError: A file cannot be there.
    """
    for flag, path in files.items():
        if path is not None and not path.parent.is_dir():
            raise BenchError(f"{flag} {path}: there is no folder {path.parent}")
        if path is not None and path.is_dir():
            raise BenchError(f"{flag} {path}: this is a folder, not a file")
