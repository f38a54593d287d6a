"""The wheel: what is installed without a checkout."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.service_process import ROOT

PACKAGES = ("service", "simulator", "benchmarks")
_BUILD = "from setuptools.build_meta import build_wheel; print(build_wheel('dist'))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built offline, without isolation, from a copy: a build leaves folders behind and takes in what is there."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    built = subprocess.run([sys.executable, "-c", _BUILD], cwd=folder, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return zipfile.ZipFile(folder / "dist" / built.stdout.splitlines()[-1])


def test_every_file_of_the_packages_is_in_it(wheel: zipfile.ZipFile) -> None:
    """Code and what it reads, such as mappings, and nothing else but what says what it is."""
    files = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    there = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert there == files
    assert "simulator/tables/mappings/backblaze.toml" in there
    assert [name for name in wheel.namelist() if name.endswith("dist-info/licenses/LICENSE")]


def test_what_is_in_it_runs(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """Elsewhere, without the checkout: its version, and a mapping by its name."""
    wheel.extractall(tmp_path / "installed")
    (tmp_path / "drives.csv").write_text("a,b\n1,2\n")

    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "service", *words], cwd=tmp_path, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        )  # fmt: skip

    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert run("--version").stdout.strip() == version
    assert "drives.csv has no column 'serial_number'" in run("replay", "drives.csv", "--map", "backblaze").stderr
