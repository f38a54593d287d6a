"""The pinned requirements: whole, hashed, and bound to no machine and no place to fetch from."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMPILED = sorted((ROOT / "requirements").glob("*.txt"))
PACKAGING = [*COMPILED, *sorted((ROOT / "requirements").glob("*.in")), ROOT / "pyproject.toml", ROOT / "Makefile"]


def _name(path: Path) -> str:
    return path.name


def _pins(path: Path) -> dict[str, str]:
    """Version by distribution, with its marker if it has one."""
    lines = re.findall(r"^([a-z0-9][\w.-]*)==(.+?) \\$", path.read_text(), flags=re.MULTILINE)
    return dict(lines)


@pytest.mark.parametrize("path", COMPILED, ids=_name)
def test_every_line_is_a_pin_a_hash_or_a_comment(path: Path) -> None:
    """A compiled file holds only comments, exact versions and SHA-256 hashes, so it names no option and no address."""
    line = re.compile(r"#.*|[a-z0-9][\w.-]*==[^\s;]+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")

    assert [text for text in path.read_text().splitlines() if not line.fullmatch(text)] == []


@pytest.mark.parametrize("path", PACKAGING, ids=_name)
def test_no_address_and_no_place_of_a_machine(path: Path) -> None:
    """No file that steers an installation names a host or an absolute folder."""
    found = re.findall(r"\w+://\S+|(?<![\w.~/])/(?:home|mnt|opt|root|srv|tmp|work)\b\S*", path.read_text())

    assert found == []


def test_development_runs_what_is_shipped() -> None:
    """``dev.txt`` pins all of ``runtime.txt`` to the same versions."""
    runtime = _pins(ROOT / "requirements/runtime.txt")

    assert runtime
    assert runtime.items() <= _pins(ROOT / "requirements/dev.txt").items()
