"""Results: the JSON files that a folder holds, by benchmark."""

from pathlib import Path
from typing import Final

from benchmarks.report import BenchError, Report, read_report

RUNS: Final = "runs.json"
"""What `runs` writes beside the results, of another form."""
BELOW: Final = "results"
"""The folder below that of a report in which its results are."""


def read_results(folder: Path) -> tuple[dict[str, Report], list[str]]:
    """The reports by benchmark, in the order of the files' names, and a sentence for each file that is none.

    Args:
        folder: Of JSON files, or of a whole report, whose results are in a folder below.

    Raises:
        BenchError: It is no folder, there is no report in it, or two of the same benchmark.
    """
    if not folder.is_dir():
        raise BenchError(f"{folder} is not a folder")
    reports: dict[str, Report] = {}
    origin: dict[str, Path] = {}
    damaged: list[str] = []
    for path in sorted([*folder.glob("*.json"), *(folder / BELOW).glob("*.json")]):
        if path.name == RUNS or path.name.startswith("."):
            continue
        try:
            report = read_report(path)
        except BenchError as error:
            damaged.append(str(error))
            continue
        if report.name in reports:
            raise BenchError(f"{origin[report.name]} and {path} are both of the benchmark {report.name}")
        reports[report.name], origin[report.name] = report, path
    if not reports:
        raise BenchError(f"{folder} has no benchmark's report" + (f"; {damaged[0]}" if damaged else ""))
    return reports, damaged
