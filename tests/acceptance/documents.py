"""A document, worked through as its reader would: what it says to type, in order, against a real service.

    ```sh     what is typed, in an empty folder and one shell, so that variables and functions stay. A block that ends
              with `hearthbeat serve` starts the service, once one that was started earlier has been stopped.
    ```text   what the block before it prints, all of it: in a line `…` stands for anything, alone for any lines. How
              many blanks there are does not count.

All else is prose. The service has a free port instead of 8000; `curl` and `hearthbeat` are told of it.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from msgspec import Struct

from tests.service_process import ROOT, ServiceProcess

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SERVE = re.compile(r"^((?:\w+=\S+ )*)(?:\.venv/bin/)?hearthbeat serve(.*)$", re.MULTILINE)
_END = "end-of-this-block"
_COMMANDS = {
    "hearthbeat": """#!/bin/bash
case "$1" in
    replay | simulate | models | status | forget) set -- "$@" --url "$SERVICE" ;;
esac
PYTHONPATH={root} exec {python} -m service "$@"
""",
    "curl": """#!/bin/bash
exec {curl} "${{@//localhost:8000/${{SERVICE#http://}}}}"
""",
}


class Step(Struct, frozen=True):
    """A block of shell, and what it prints, or None if that is not told."""

    typed: str
    printed: str | None = None


def steps_of(text: str) -> list[Step]:
    """The blocks of a document, or of a part of it, in order."""
    steps: list[Step] = []
    for kind, block in _BLOCK.findall(text):
        if kind == "sh":
            steps.append(Step(block))
        elif kind == "text" and steps:
            assert steps[-1].printed is None, f"two texts for one block of shell: {block}"
            steps[-1] = Step(steps[-1].typed, block)
    return steps


class Reader:
    """Somebody who reads a document with an empty folder and two terminals, one for the service."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        self.service: ServiceProcess | None = None
        self._blocks = folder
        bin_ = folder / "bin"
        bin_.mkdir()
        for name, script in _COMMANDS.items():
            (bin_ / name).write_text(script.format(root=ROOT, python=sys.executable, curl=shutil.which("curl")))
            (bin_ / name).chmod(0o755)
        (self.folder / ".venv").mkdir()
        (self.folder / ".venv" / "bin").symlink_to(bin_)
        path = f"{bin_}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "NO_COLOR": "1", "TERM": "dumb"} | {"COLUMNS": "80"}
        self._shell = subprocess.Popen(
            ["bash", "-euo", "pipefail"], cwd=self.folder, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._shell.kill()
        self._shell.communicate()
        self._stop()

    def follow(self, steps: list[Step]) -> str:
        """Do all steps; returns what was printed.

        Raises:
            AssertionError: A step fails, or prints something else than the document says.
        """
        out = []
        for step in steps:
            if (serve := _SERVE.search(step.typed)) is not None:
                self._serve(serve[1], serve[2])
                continue
            printed = self._type(step.typed)
            assert step.printed is None or _as_told(step.printed, printed), (
                f"{step.typed}\nprints\n\n{printed}\nand not, as is said,\n\n{step.printed}"
            )
            out.append(printed)
        return "".join(out)

    def _serve(self, variables: str, flags: str) -> None:
        self._stop()
        words = shlex.split(flags, comments=True)
        folder = "data"
        if "--data" in words:
            place = words.index("--data")
            folder = words[place + 1]
            del words[place : place + 2]
        settings = dict(word.split("=", 1) for word in shlex.split(variables))
        self.service = ServiceProcess(self.folder / folder, *words, **{"HEARTHBEAT_BASELINE": "off", **settings})
        self.service.start()

    def _stop(self) -> None:
        if self.service is not None and self.service.process is not None and self.service.process.poll() is None:
            assert self.service.stop() == 0

    def _type(self, block: str) -> str:
        url = self.service.url if self.service is not None else ""
        file = self._blocks / "block.sh"
        file.write_text(f"export SERVICE={url}\n{block}")
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(f"source {shlex.quote(str(file))} </dev/null\nprintf '\\n%s\\n' {_END}\n")
        self._shell.stdin.flush()
        lines: list[str] = []
        for line in self._shell.stdout:
            if line == f"{_END}\n":
                return "".join(lines)
            lines.append(line)
        raise AssertionError(f"{block}\nends the shell with an error:\n{''.join(lines)}")


def _as_told(told: str, printed: str) -> bool:
    parts = [
        r"(?:.*\n)*?" if line == "…" else r".*".join(map(re.escape, line.split("…"))) + r"\n" for line in _lines(told)
    ]
    return re.fullmatch("".join(parts), "".join(f"{line}\n" for line in _lines(printed))) is not None


def _lines(text: str) -> list[str]:
    lines = (" ".join(line.split()) for line in text.splitlines())
    return [line for line in lines if line]
