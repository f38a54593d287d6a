"""The command ``bench``: run one benchmark, or list them all."""

import os
import signal
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from cyclopts import Parameter
from msgspec import Struct

from benchmarks.markdown import report_page
from benchmarks.pages.single import single_page
from benchmarks.plot import check_plot, report_picture
from benchmarks.report import BenchError, Row, make_report, show_report, write_file, write_report

Switch = Parameter(negative="")


class OwnTable(Struct, frozen=True, kw_only=True):
    """A table that the user names.

    Attributes:
        file: The table.
        mapping: What its columns mean, a file or the name of a shipped one; see docs/replay.md.
        horizon: How far ahead its failures are to be foretold, a duration.
    """

    file: Path
    mapping: Path
    horizon: str


class Workload(Struct, frozen=True, kw_only=True):
    """What a benchmark is given.

    Attributes:
        data: Folder of the real data sets.
        seed: Seed of all that is drawn.
        full: Whether to measure all of it, or what fits into a few minutes.
        quick: Whether a smoke run is enough, of seconds; where a benchmark knows none it measures as usual.
        table: The table to measure on instead of the benchmark's own, or None.
    """

    data: Path
    seed: int
    full: bool
    quick: bool = False
    table: OwnTable | None = None

    def data_set(self, *parts: str) -> Path:
        """The path of a file below the data folder.

        Raises:
            BenchError: It is not there.
        """
        path = self.data.joinpath(*parts)
        if not path.is_file():
            raise BenchError(f"data set {path} is missing; name its folder with --data or HEARTHBEAT_DATA")
        return path


BENCHMARKS: Mapping[str, str] = MappingProxyType(
    {
        "backblaze": "How well are real drives' failures foretold, and how sure is that? (1 minute; --full: 3 to 4)",
        "committee": "Is the blend as good as its best member, as a retrained forest, and after drift? (12 minutes)",
        "fd001": "How well are turbofan failures foretold, over HTTP, in lock-step? (1 to 2 minutes; --full: 5 to 10)",
        "home-types": "Is a model of each home type better than one for all, and what fails there? (1 to 2 minutes)",
        "ingest": "How many readings a second are taken, scored and durable, beside peers and the wire? (2 minutes)",
        "latency": "How long does a single reading wait, alone and under all load at once? (2 minutes)",
        "memory": "What do 100,000 devices with a full horizon of pending examples take? (2 minutes)",
        "online-vs-batch": "What is it worth to learn all the time, when labels come late? (12 minutes; --quick: 1)",
        "real": "The same on real tables, or on FILE with --map and --horizon? (8 minutes; --quick: 1)",
        "realism": "Is the simulated fleet worth learning from, and how fast is it made? (2 minutes; --full: 10)",
        "recovery": "How soon is a service ready to score when a long log must be folded anew? (2 minutes)",
        "scale": "What do more samples bring, and what do they cost? (2 minutes; --full: up to 100,000 samples)",
        "scoring": "How much faster are compiled models than the originals, and how equal? (half a minute)",
        "temporal": "What does a forest lose without a temporal pattern, or without the calendar? (2 to 3 minutes)",
    }
)
"""What each benchmark asks, by name. Its module has ``measure(workload) -> list[Row]``."""


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
    # Unwinds the stack, so that a started service is stopped.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
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
