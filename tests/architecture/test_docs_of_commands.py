"""The docs name every flag and benchmark there is, and no other."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import App

from benchmarks.questions import BENCHMARKS
from service.__main__ import app

PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text()
SECTIONS = dict(re.findall(r"^## `([a-z -]+)`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def _commands(parent: App, before: str = "") -> Iterator[tuple[str, App]]:
    """All commands that are listed, also those of commands, by name."""
    for word in parent:
        if not word.startswith("-") and parent[word].show:
            yield f"{before}{word}", parent[word]
            yield from _commands(parent[word], f"{before}{word} ")


def _flags(command: App) -> tuple[set[str], set[str]]:
    """Flags of a command, and those of them that are arguments, too, given by their place."""
    flags: set[str] = set()
    places: set[str] = set()
    for argument in command.assemble_argument_collection():
        names = {name for name in argument.names if name.startswith("--")}
        flags |= names
        if argument.field_info.kind is argument.field_info.POSITIONAL_OR_KEYWORD:
            places |= names
    return flags, places


COMMANDS = {name: command for name, command in _commands(app) if command.default_command is not None}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_flag_is_documented(name: str) -> None:
    """In the section of the command, or in that of the command it belongs to."""
    flags, places = _flags(COMMANDS[name])
    section = SECTIONS.get(name) or SECTIONS[name.split()[0]]

    assert {flag for flag in flags - places if not re.search(rf"{flag}(?![\w-])", section)} == set()


@pytest.mark.parametrize("name", SECTIONS)
def test_every_flag_in_the_docs_is_one(name: str) -> None:
    """What the first column of a section's tables calls a flag is one of the command, or of those that belong to it."""
    cells = re.findall(r"^\| ([^|]*) \|", SECTIONS[name], re.MULTILINE)
    told = {flag for cell in cells for flag in re.findall(r"--[a-z][a-z-]*", cell)}
    known = [_flags(COMMANDS[other])[0] for other in COMMANDS if other == name or other.startswith(f"{name} ")]

    assert told - set().union(*known) == set()


def test_every_benchmark_is_documented() -> None:
    """The table under ``bench`` has a row for each."""
    table = SECTIONS["bench"].split("| benchmark | question |", 1)[1].split("\n\n", 1)[0]

    assert sorted(re.findall(r"^\| `([a-z0-9-]+)` \|", table, re.MULTILINE)) == sorted(BENCHMARKS)
