"""Shipped mappings: those of public data sets, which lie beside this file and are known by name."""

from pathlib import Path
from typing import Final

from simulator.errors import UsageError

_FOLDER: Final = Path(__file__).with_name("mappings")


def shipped_mappings() -> dict[str, Path]:
    """The files of all of them, by name."""
    return {path.stem: path for path in sorted(_FOLDER.glob("*.toml"))}


def mapping_file(given: Path) -> Path:
    """The mapping that a user means: a file, or else a shipped one of that name.

    Raises:
        UsageError: There is neither.
    """
    shipped = shipped_mappings()
    if str(given) in shipped and not given.is_file():
        return shipped[str(given)]
    if not given.exists():
        raise UsageError(f"--map: there is no file {given}; shipped, by name, are {', '.join(shipped)}")
    return given
