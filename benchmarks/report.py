"""Report: the one form in which every benchmark gives its results, for programs and for people.

`markdown`, `plot` and `pages` make pages and pictures of it, `comparison` holds one against another.
"""

import contextlib
import os
import platform
import shlex
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct
from rich import box
from rich.console import Console
from rich.table import Table

from service import __version__

_ROOT = Path(__file__).parents[1]
_WIDE = 160
PACKAGES: Final = ("river", "scikit-learn", "lightgbm", "tabpfn", "numpy", "numba", "litestar", "granian", "apsw")
"""What figures depend on besides ourselves; those that are installed are told with the results."""


Size = Literal["quick", "usual", "full"]
"""How much was measured."""


class BenchError(Exception):
    """A benchmark cannot be run as asked; one line for the user."""


class Row(Struct, frozen=True, omit_defaults=True):
    """One figure.

    Attributes:
        id: Permanent dotted name; a figure that means something else gets another one.
        value: The figure, or None where it is undefined.
        unit: Its unit; empty for a pure number.
        better: Which direction is better.
        note: Why there is no figure, where that is known; empty, and then left out of the JSON form, otherwise.
    """

    id: str
    value: float | None
    unit: str
    better: Literal["higher", "lower"]
    note: str = ""


class Machine(Struct, frozen=True, kw_only=True):
    """Where the figures were measured."""

    cpu: str
    cores: int
    memory_gb: float
    python: str


class Report(Struct, frozen=True, kw_only=True):
    """The results of one benchmark.

    ``size`` says how much was measured, so that like is compared with like, ``arguments`` what else was asked for,
    ``measured`` when, as YYYY-MM-DD of UTC, and ``packages`` with which versions of `PACKAGES`.
    """

    name: str
    version: str
    commit: str | None
    machine: Machine
    seed: int
    rows: list[Row]
    size: Size = "usual"
    arguments: list[str] = []
    measured: str = ""
    packages: dict[str, str] = {}


def make_report(
    name: str, seed: int, rows: list[Row], *, size: Size = "usual", arguments: Sequence[str] = ()
) -> Report:
    """Put rows together with what they were measured on.

    Raises:
        ValueError: Two rows have the same id.
    """
    if len({row.id for row in rows}) < len(rows):
        raise ValueError(f"benchmark {name} gave an id twice")
    return Report(
        name=name, version=__version__, commit=commit_here(), machine=_machine(), seed=seed, rows=rows, size=size,
        arguments=list(arguments), measured=datetime.now(UTC).strftime("%Y-%m-%d"), packages=_packages(),
    )  # fmt: skip


def read_report(path: Path) -> Report:
    """Read the JSON form.

    Raises:
        BenchError: The file cannot be read, or is no report, or has an id twice.
    """
    try:
        report = msgspec.json.decode(path.read_bytes(), type=Report)
    except OSError as error:
        raise BenchError(f"{path} cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BenchError(f"{path} is not a benchmark's report: {error}") from None
    if len({row.id for row in report.rows}) < len(report.rows):
        raise BenchError(f"{path} is not a benchmark's report: it has an id twice")
    return report


def repeat_command(report: Report) -> str:
    """The command that measures it again."""
    size = "" if report.size == "usual" else f" --{report.size}"
    given = f" {shlex.join(report.arguments)}" if report.arguments else ""
    return f"hearthbeat bench {report.name}{given}{size} --seed {report.seed}"


def shown_rows(report: Report) -> list[Row]:
    """The rows for people: all but the points of curves, of which there are thousands; programs plot them."""
    return [row for row in report.rows if ".curve." not in row.id]


def write_report(report: Report, path: Path) -> None:
    """Write the JSON form.

    Raises:
        BenchError: It cannot be written.
    """
    write_file(path, msgspec.json.format(msgspec.json.encode(report)) + b"\n")


def write_file(path: Path, content: bytes) -> None:
    """Write any form.

    Raises:
        BenchError: It cannot be written.
    """
    try:
        path.write_bytes(content)
    except OSError as error:
        raise BenchError(f"{path} cannot be written: {error.strerror}") from None


def show_report(report: Report) -> None:
    """Print the form for people."""
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        title=f"{report.name}, seed {report.seed}",
        caption=f"{machine_text(report.machine)}; {version_text(report)}",
    )
    table.add_column("id", overflow="fold")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("better", no_wrap=True)
    rows = shown_rows(report)
    noted = any(row.note for row in rows)
    if noted:
        table.add_column("note")
    for row in rows:
        table.add_row(row.id, figure_text(row.value), row.unit, row.better, *([row.note] if noted else ()))
    console = Console()
    if not console.is_terminal:  # a file or another program has no width, and is searched for whole ids
        console = Console(width=_WIDE)
    console.print(table)


def machine_text(machine: Machine) -> str:
    """The machine in one line."""
    return f"{machine.cpu}, {machine.cores} cores, {machine.memory_gb:g} GB, Python {machine.python}"


def version_text(report: Report) -> str:
    """What was measured: version and commit."""
    return f"version {report.version}, {report.commit[:12] if report.commit else 'no commit'}"


def figure_text(value: float | None) -> str:
    """A figure for people: four digits, or all of a whole number; a dash where there is none."""
    if value is None:
        return "-"
    if value == round(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2e}" if abs(value) < 1e-4 else f"{value:.4g}"


def commit_here() -> str | None:
    """The commit of the checkout that the benchmarks lie in; None outside of one."""
    if not (_ROOT / ".git").exists():
        return None
    try:
        command = ["git", "-C", str(_ROOT), "rev-parse", "HEAD"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _packages() -> dict[str, str]:
    """Versions by name, of what is installed."""
    there = {}
    for name in PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            there[name] = metadata.version(name)
    return there


def _machine() -> Machine:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        cpu=_cpu(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_gb=round(memory / 2**30, 1),
        python=platform.python_version(),
    )


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
