"""The direction of imports, statically and in a started process."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _imported(path: Path) -> set[str]:
    """Full names of the modules that a file imports, at whatever depth of its code."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


def test_import_contracts_hold() -> None:
    """The contracts in pyproject.toml (layers, and who may import which library) are kept."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "service/contracts").glob("*.py")), ids=lambda path: path.stem)
def test_contracts_stand_alone(path: Path) -> None:
    """``service.contracts`` imports only itself, msgspec, numpy and the standard library."""
    allowed = sys.stdlib_module_names | {"msgspec", "numpy"}

    foreign = {
        name
        for name in _imported(path)
        if name.split(".")[0] not in allowed and f"{name}.".startswith("service.contracts.") is False
    }

    assert foreign == set()


def test_settings_know_only_the_errors() -> None:
    """``service.settings`` imports nothing else of ours but ``service.contracts.errors``."""
    imported = {name for path in (ROOT / "service/settings").glob("*.py") for name in _imported(path)}
    ours = {name for name in imported if name.split(".")[0] in ("service", "simulator")}

    assert {name for name in ours if not name.startswith("service.settings")} <= {"service.contracts.errors"}


def test_service_process_is_light() -> None:
    """Loading the service loads none of the learners' libraries; they live in processes of their own."""
    heavy = ["river", "sklearn", "pandas", "simulator"]
    code = f"import sys, service.app; print([name for name in {heavy} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.stderr == ""
    assert result.stdout.strip() == "[]"
