"""What runs: versions of the service, of its log's schema, and of the libraries that its numbers come from."""

import platform
from importlib.metadata import PackageNotFoundError, version

from service import __version__
from service.contracts.events import SCHEMA
from service.contracts.models import Build

_LIBRARIES = ("apscheduler", "apsw", "granian", "litestar", "msgspec", "numba", "numpy", "river", "scikit-learn")


def build() -> Build:
    """The versions of this process, and of those it starts."""
    return Build(
        version=__version__,
        python=platform.python_version(),
        schema=SCHEMA,
        libraries={name: found for name in _LIBRARIES if (found := _version(name)) is not None},
    )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
