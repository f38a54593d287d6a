"""A Dockerfile as instructions, and its stages run as shell below a folder instead of in a container.

Absolute paths below `ROOTS` are moved into the folder, each stage into one of its own.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from msgspec import Struct

ROOTS = ("/opt", "/src", "/data")
_KNOWN = frozenset(
    [
        "ARG",
        "FROM",
        "ENV",
        "WORKDIR",
        "COPY",
        "RUN",
        "USER",
        "VOLUME",
        "EXPOSE",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
        "LABEL",
    ]
)


class Instruction(Struct, frozen=True):
    """One instruction: its word, its flags (``--from=build``) by name, and the rest of the line."""

    word: str
    flags: dict[str, str]
    rest: str

    def words(self) -> list[str]:
        """The rest in the exec form, or as words of a shell."""
        return json.loads(self.rest) if self.rest.startswith("[") else shlex.split(self.rest)


class Stage(Struct, frozen=True):
    """A stage: its base image, its name (empty if it has none), its instructions."""

    base: str
    name: str
    steps: list[Instruction]

    def last(self, word: str) -> Instruction:
        """The last instruction of this kind."""
        return [step for step in self.steps if step.word == word][-1]

    def environment(self) -> dict[str, str]:
        """All that ``ENV`` sets."""
        pairs = [pair for step in self.steps if step.word == "ENV" for pair in step.words()]
        return dict(pair.split("=", 1) for pair in pairs)


def parse(text: str) -> list[Stage]:
    """The stages of a Dockerfile.

    Raises:
        ValueError: An instruction is unknown, or comes before the first ``FROM``.
    """
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    whole = re.sub(r"\\\n\s*", "", "\n".join(lines))
    stages: list[Stage] = []
    for line in whole.splitlines():
        word, _, rest = line.strip().partition(" ")
        flags = dict(re.findall(r"--([a-z-]+)=(\S+) ", rest))
        step = Instruction(word.upper(), flags, re.sub(r"--[a-z-]+=\S+ ", "", rest).strip())
        if step.word not in _KNOWN:
            raise ValueError(f"unknown instruction {word!r}")
        if step.word == "FROM":
            base, _, name = step.rest.partition(" AS ")
            stages.append(Stage(base, name, []))
        elif stages:
            stages[-1].steps.append(step)
        elif step.word != "ARG":
            raise ValueError(f"{word} before FROM")
    return stages


class Yard:
    """Where stages are run.

    Args:
        folder: Empty; each stage gets a folder in it.
        context: What ``COPY`` takes from.
    """

    def __init__(self, folder: Path, context: Path) -> None:
        self._folder = folder
        self._context = context

    def inside(self, stage: Stage, path: str) -> Path:
        """Where an absolute path of a stage is."""
        return self._folder / (stage.name or "final") / path.lstrip("/")

    def run(self, stage: Stage, stages: list[Stage]) -> None:
        """Carry out the steps of a stage.

        Raises:
            AssertionError: One fails; with what it printed.
        """
        here = self.inside(stage, "/")
        here.mkdir(parents=True)
        for step in stage.steps:
            if step.word == "WORKDIR":
                here = self.inside(stage, step.rest)
                here.mkdir(parents=True, exist_ok=True)
            elif step.word == "COPY":
                self._copy(stage, stages, step, here)
            elif step.word == "RUN":
                done = subprocess.run(
                    ["/bin/sh", "-ec", self._moved(stage, step.rest)], cwd=here, env=self.environment(stage),
                    capture_output=True, text=True, check=False,
                )  # fmt: skip
                assert done.returncode == 0, f"{step.rest}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"

    def environment(self, stage: Stage) -> dict[str, str]:
        """The environment of a stage's processes: where pip fetches from is this machine's, the rest is the stage's."""
        own = {name: self._moved(stage, value) for name, value in stage.environment().items()}
        passed = {
            name: value
            for name, value in os.environ.items()
            if name in ("HOME", "PATH", "TMPDIR") or name.startswith(("PIP_", "SSL_"))
        }
        return passed | own

    def _moved(self, stage: Stage, text: str) -> str:
        roots = "|".join(ROOTS)
        return re.sub(rf"(?<![\w./-])({roots})(?=[/\s:\"']|$)", lambda found: str(self.inside(stage, found[1])), text)

    def _copy(self, stage: Stage, stages: list[Stage], step: Instruction, here: Path) -> None:
        *sources, target = step.words()
        origin = step.flags.get("from")
        into = self.inside(stage, target) if target.startswith("/") else here / target
        for source in sources:
            if origin is None:
                path = self._context / source
            else:
                path = self.inside(next(one for one in stages if one.name == origin), source)
            if path.is_dir():
                shutil.copytree(path, into, symlinks=True, dirs_exist_ok=True)
            else:
                folder = target.endswith("/") or len(sources) > 1
                (into if folder else into.parent).mkdir(parents=True, exist_ok=True)
                shutil.copy(path, into)
