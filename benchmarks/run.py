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

from benchmarks.report import BenchError, Row, make_report, show_report, write_report

Switch = Parameter(negative="")


class Workload(Struct, frozen=True, kw_only=True):
    """What a benchmark is given.

    Attributes:
        data: Folder of the real data sets.
        seed: Seed of all that is drawn.
        full: Whether to measure all of it, or what fits into a few minutes.
    """

    data: Path
    seed: int
    full: bool

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
        "fd001": "How well are turbofan failures foretold, over HTTP, in lock-step? (1 to 2 minutes; --full: 5 to 10)",
        "ingest": "How many readings a second are taken, scored and durable, beside peers and the wire? (2 minutes)",
        "latency": "How long does a single reading wait, alone and under all load at once? (2 minutes)",
        "memory": "What do 100,000 devices with a full horizon of pending examples take? (2 minutes)",
        "realism": "Is the simulated fleet worth learning from, and how fast is it made? (2 minutes; --full: 10)",
        "recovery": "How soon is a service ready to score when a long log must be folded anew? (2 minutes)",
        "scoring": "How much faster are compiled models than the originals, and how equal? (half a minute)",
    }
)
"""What each benchmark asks, by name. Its module has ``measure(workload) -> list[Row]``."""


def bench(
    name: str | None = None,
    *,
    full: Annotated[bool, Switch] = False,
    json: Path | None = None,
    data: Path | None = None,
    seed: int = 1,
) -> None:
    """Run a benchmark; without a name, list them.

    Args:
        name: Which one.
        full: Measure more, and longer.
        json: File to write the results to.
        data: Folder of real data sets; default HEARTHBEAT_DATA, else ../shared/data.
        seed: Seed of all that is drawn.
    """
    if name is None:
        for known, question in BENCHMARKS.items():
            print(f"{known:<10}{question}")
        return
    # Unwinds the stack, so that a started service is stopped.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        if name not in BENCHMARKS:
            raise BenchError(f"there is no benchmark {name!r}; there are {', '.join(BENCHMARKS)}")
        if seed < 0:
            raise BenchError(f"--seed must not be negative, not {seed}")
        if json is not None and not json.parent.is_dir():
            raise BenchError(f"--json {json}: there is no folder {json.parent}")
        folder = data or Path(os.environ.get("HEARTHBEAT_DATA") or "../shared/data")
        # River, scikit-learn and pandas take seconds to import: not before it is sure that they are needed.
        measure: Callable[[Workload], list[Row]] = import_module(f"benchmarks.{name}").measure
        report = make_report(name, seed, measure(Workload(data=folder, seed=seed, full=full)))
        if json is not None:
            write_report(report, json)
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    show_report(report)
