"""Shipped: what an image brings along, so that a first start neither trains nor compiles.

It lies in ``share/hearthbeat`` of the environment that the program is installed in. Nothing has to be there.
"""

import shutil
import sys
from pathlib import Path

BASELINE = "baseline.npz"
KERNELS = "kernels"


def shipped(name: str) -> Path:
    """Where something of this name would be."""
    return Path(sys.prefix) / "share" / "hearthbeat" / name


def bring_kernels(folder: Path) -> None:
    """Copy compiled kernels to where this service keeps its own, unless there are some.

    A cache has to be writable, what is shipped may not be. Kernels of another machine or another version are not used,
    they are only compiled once more.

    Args:
        folder: Where they are kept; made if there is something to copy.
    """
    source = shipped(KERNELS)
    if folder.exists() or not source.is_dir():
        return
    unfinished = folder.with_name(f".{folder.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(source, unfinished)
    unfinished.replace(folder)
