"""What holds for all tests.

Property tests draw the same examples in every run, Ctrl-C can be tested, compiled kernels are kept from run to run, and
the whole suite is run on all cores, a part of it in one process.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import time
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile("deterministic", derandomize=True, deadline=None)
settings.load_profile("deterministic")

# A shell starts what it runs in the background with this signal ignored, which children inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)


_KERNELS = ROOT / ".pytest_cache" / "kernels"
_OLD_S = 86_400


def _kernels() -> Path:
    """Where numba keeps what it compiles: a folder for the sources as they are.

    Numba asks only whether the file of a kernel has changed, not whether what the kernel calls elsewhere has.
    """
    sources = hashlib.sha256()
    for package in ("service", "simulator"):
        for path in sorted((ROOT / package).rglob("*.py")):
            sources.update(path.read_bytes())
    folder = _KERNELS / sources.hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    for other in _KERNELS.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another run may tidy up, too
            if other.stat().st_mtime < time.time() - _OLD_S:
                shutil.rmtree(other, ignore_errors=True)
    return folder


# Services inherit it. Else each would compile for its new data folder, which takes longer than all else of its start.
if "NUMBA_CACHE_DIR" not in os.environ:
    os.environ["NUMBA_CACHE_DIR"] = str(_kernels())
if (worker := os.environ.get("PYTEST_XDIST_WORKER")) is not None:  # numba does not keep apart what two save at once
    os.environ["NUMBA_CACHE_DIR"] = str(Path(os.environ["NUMBA_CACHE_DIR"]) / worker)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """No workers for a part of the tests, which they would only delay; for the whole what xdist thinks right."""
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS and not config.option.keyword
    return None if whole else 0
