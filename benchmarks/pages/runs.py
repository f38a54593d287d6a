"""Runs: each benchmark as a process of its own, its result kept as soon as it is there.

    <out>/results/<name>.json   the result, there once it is whole
    <out>/logs/<name>.log       what the process said
    <out>/runs.json             what became of each
    <out>/.kept-<commit>/       what several need alike, until all have ended: streams as played, rivals, kernels

A benchmark that fails or does not end is told of and stops no other.
"""

import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from benchmarks.pages.results import BELOW, RUNS
from benchmarks.pages.whole import Run
from benchmarks.prequential.once import FOLDER
from benchmarks.report import BenchError, Report, Size, commit_here, read_report, write_file
from service import __version__

LONGEST_S: Final[dict[Size, float]] = {"quick": 600.0, "usual": 5_400.0, "full": 4 * 3_600.0}
"""After so many seconds a benchmark is taken for one that does not end."""

_END_S: Final = 30.0
_LINE: Final = 300


class Plan(Struct, frozen=True, kw_only=True):
    """What is run.

    Attributes:
        out: Folder of the results.
        names: The benchmarks, in the order in which they run.
        size: How much each measures.
        seed: Seed of all that is drawn.
        data: Folder of the real data sets, or None for what is usual.
        resume: Whether results that are there, of the same version, commit, size and seed, are kept.
    """

    out: Path
    names: Sequence[str]
    size: Size
    seed: int
    data: Path | None = None
    resume: bool = False

    def command(self, name: str, file: Path) -> list[str]:
        """What is started for a benchmark."""
        command = [sys.executable, "-m", "service", "bench", name, "--seed", str(self.seed), "--json", str(file)]
        command += [] if self.size == "usual" else [f"--{self.size}"]
        return command + ([] if self.data is None else ["--data", str(self.data)])


def run_all(plan: Plan, begin: Callable[[int, str], None]) -> Iterator[tuple[Run, Report | None]]:
    """Run one after the other, and tell of each when it has ended.

    Args:
        plan: What is run.
        begin: Is told number and name of each benchmark before it starts.

    Raises:
        BenchError: The folder cannot be written to.
    """
    try:
        (plan.out / BELOW).mkdir(parents=True, exist_ok=True)
        (plan.out / "logs").mkdir(exist_ok=True)
    except OSError as error:
        raise BenchError(f"{plan.out} cannot be written: {error.strerror}") from None
    kept = _kept_folder(plan)
    took = {run.name: run for run in read_runs(plan.out)} if plan.resume else {}
    done: list[Run] = []
    for number, name in enumerate(plan.names):
        report = _kept(plan, name)
        if report is None:
            begin(number, name)
            run, report = _measured(plan, name, kept)
        else:
            run = took.get(name, Run(name=name))
        done.append(run)
        write_file(plan.out / RUNS, msgspec.json.format(msgspec.json.encode(done)) + b"\n")
        yield run, report
    shutil.rmtree(kept, ignore_errors=True)


def _kept_folder(plan: Plan) -> Path:
    """A folder for what benchmarks need alike: an earlier one only if that was of the same commit and is gone on with.

    Raises:
        BenchError: It cannot be made.
    """
    kept = plan.out / f".kept-{commit_here() or 'unknown'}"
    for other in plan.out.glob(".kept-*"):
        if other != kept or not plan.resume:
            shutil.rmtree(other, ignore_errors=True)
    try:
        kept.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise BenchError(f"{kept} cannot be made: {error.strerror}") from None
    return kept.absolute()


def read_runs(folder: Path) -> list[Run]:
    """What a run of all left behind about itself; nothing where it left nothing that can be read."""
    try:
        return msgspec.json.decode((folder / RUNS).read_bytes(), type=list[Run])
    except (OSError, msgspec.DecodeError):
        return []


def _kept(plan: Plan, name: str) -> Report | None:
    """The result of an earlier run, if it is of the same thing."""
    if not plan.resume:
        return None
    try:
        report = read_report(plan.out / BELOW / f"{name}.json")
    except BenchError:
        return None
    same = (report.name, report.size, report.seed, report.version, report.commit)
    return report if same == (name, plan.size, plan.seed, __version__, commit_here()) else None


def _measured(plan: Plan, name: str, kept: Path) -> tuple[Run, Report | None]:
    file, log = plan.out / BELOW / f"{name}.json", plan.out / "logs" / f"{name}.log"
    part = file.with_name(f".{name}.part")
    # What an earlier run left must not be taken for this one's.
    for old in (file, part):
        old.unlink(missing_ok=True)
    began, before_s = time.monotonic(), _children_s()
    with log.open("wb") as output:
        error = _ended(plan.command(name, part), output.fileno(), LONGEST_S[plan.size], _environment(kept))
    seconds, cpu_s = round(time.monotonic() - began, 1), round(_children_s() - before_s, 1)
    if error is None:
        try:
            report = read_report(part)
        except BenchError as fault:
            error = str(fault)
        else:
            part.replace(file)
            return Run(name=name, seconds=seconds, cpu_s=cpu_s), report
    part.unlink(missing_ok=True)
    return Run(name=name, seconds=seconds, cpu_s=cpu_s, error=f"{error}{_last_words(log)}"), None


def _environment(kept: Path) -> dict[str, str]:
    """What benchmarks find beside their own: where to keep things, kernels among them, which an image brings along."""
    return {"NUMBA_CACHE_DIR": str(kept / "kernels")} | os.environ | {FOLDER: str(kept)}


def _children_s() -> float:
    """CPU seconds of all processes that were started from here, or by those, and have been waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _ended(command: Sequence[str], output: int, longest_s: float, environment: Mapping[str, str]) -> str | None:
    """Run it to its end; returns what went wrong, or None. However this ends, it and all that it started has ended.

    It has a session of its own: Ctrl-C comes to us alone, and what it leaves behind is found by its group.
    """
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        env=environment,
    )  # fmt: skip
    try:
        status = process.wait(longest_s)
    except subprocess.TimeoutExpired:
        return f"did not end within {longest_s:g} s"
    finally:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_END_S)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return None if status == 0 else f"ended with status {status}"


def _last_words(log: Path) -> str:
    """The last line that it printed, which says why."""
    text = log.read_bytes().decode(errors="replace").strip()
    return f": {text.splitlines()[-1].strip().removeprefix('error: ')[:_LINE]}" if text else ""
