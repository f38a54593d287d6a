"""The tree of the README and the size of the rooms."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = ("service", "simulator", "benchmarks", "tests")

# Made by `make setup`, by a running service or by a tool; .gitignore names them too.
_MADE = re.compile(r"^(\..*|data|build|dist|__pycache__|.*\.egg-info)$")


def _listed() -> dict[str, set[str]]:
    """Names in the README's tree by their folder: those of the top level under ``""``."""
    section = (ROOT / "README.md").read_text().split("\n## The tree\n", 1)[1]
    block = section.split("```", 2)[1]
    rows = [match for line in block.splitlines() if (match := re.match(r"( *)([\w.-]+/?)(?: {2}|$)", line))]
    names: dict[str, set[str]] = {"": set()}
    for row in rows:
        name = row[2].rstrip("/")
        if not row[1]:
            folder = name
        names.setdefault(folder if row[1] else "", set()).add(name)
    return names


def _there(folder: Path) -> set[str]:
    """Names in a folder, without what tools make and without folders that hold no file."""
    return {
        path.name
        for path in folder.iterdir()
        if not _MADE.match(path.name)
        and (path.is_file() or any(file.is_file() and "__pycache__" not in file.parts for file in path.rglob("*")))
    }


def _code_files() -> list[Path]:
    return sorted(path for folder in CODE for path in (ROOT / folder).rglob("*.py"))


def test_readme_lists_the_top_level() -> None:
    """Every top-level name stands in the README's tree, and nothing else does."""
    assert _there(ROOT) == _listed()[""]


@pytest.mark.parametrize("folder", ["service", "simulator"])
def test_readme_lists_the_rooms(folder: str) -> None:
    """Every module and package directly in a folder stands in the README's tree, and nothing else does."""
    assert _there(ROOT / folder) - {"__init__.py"} == _listed()[folder]


@pytest.mark.parametrize("path", _code_files(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_is_a_room(path: Path) -> None:
    """No file of code is longer than 300 lines."""
    assert len(path.read_text().splitlines()) <= 300


def test_packages_say_what_they_are() -> None:
    """Every folder of ``service`` and ``simulator`` with code in it is a package with a docstring."""
    folders = {path.parent for path in _code_files() if path.relative_to(ROOT).parts[0] in ("service", "simulator")}

    silent = [
        str(folder.relative_to(ROOT))
        for folder in folders
        if not (init := folder / "__init__.py").is_file() or not init.read_text().lstrip().startswith('"""')
    ]

    assert sorted(silent) == []


def test_packages_that_are_read_in_order_name_all_their_rooms() -> None:
    """Where a package's docstring says in which order to read, no module and no package in it is left out."""
    left_out = {}
    for init in sorted(path for path in _code_files() if path.name == "__init__.py"):
        docstring = ast.get_docstring(ast.parse(init.read_text())) or ""
        if "read in this order" in docstring.lower():
            folders = {path.parent.name for path in init.parent.glob("*/__init__.py")}
            rooms = {path.stem for path in init.parent.glob("*.py") if not path.stem.startswith("__")} | folders
            left_out[init] = sorted(rooms - set(re.findall(r"`([\w.]+)`", docstring)))

    assert len(left_out) > 5
    assert {init: names for init, names in left_out.items() if names} == {}
