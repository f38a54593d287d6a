"""Disks of their own for tests: small ones, and ones that nothing can be written to."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def disk(folder: Path, options: str) -> Iterator[Path]:
    """A tmpfs at a new folder; skips the test where none can be mounted.

    Args:
        folder: Where; made here.
        options: Of the mount, such as ``size=8m`` or ``ro``.
    """
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "hearthbeat-test", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command here")
    if done.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True, capture_output=True)
