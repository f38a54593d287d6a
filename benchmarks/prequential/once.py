"""Once: what several benchmarks of a report need alike is made once for all of them.

A report gives its benchmarks, which are processes of their own, a folder by `FOLDER` in the environment. Streams that
were played into a service, and rivals that were trained all the way along them, are kept there. A benchmark that runs
by itself has no such folder, and makes everything.
"""

import os
import pickle
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Final, TypeVar

from benchmarks.prequential.played import Played

FOLDER: Final = "HEARTHBEAT_BENCH_KEPT"
"""The name in the environment."""

_T = TypeVar("_T")


def folder_of_report() -> Path | None:
    """Where things are kept, or None where they are not."""
    folder = os.environ.get(FOLDER)
    return Path(folder) if folder else None


def once(make: Callable[[], _T], what: str, *of: object) -> _T:
    """What was made under this name, or else make it.

    Args:
        make: Makes it, something that can be pickled.
        what: Its kind, a word that a file may be called.
        of: All that it depends on but the code, as things whose `repr` says it.
    """
    folder = folder_of_report()
    if folder is None:
        return make()
    path = folder / f"{what}-{blake2b(repr(of).encode(), digest_size=16).hexdigest()}.pickle"
    if path.is_file():
        kept: _T = pickle.loads(path.read_bytes())
        return kept
    made = make()
    part = path.with_suffix(f".{os.getpid()}")
    part.write_bytes(pickle.dumps(made, protocol=5))
    part.replace(path)
    return made


def fingerprint(played: Played) -> str:
    """A digest of what rivals see of a stream and learn from it."""
    digest = blake2b(digest_size=16)
    for column in (played.rows, played.ts, played.labels, played.device, played.believed, played.corrected_us):
        digest.update(b"-" if column is None else column.tobytes())
    digest.update(repr((played.horizon_us, played.readings)).encode())
    return digest.hexdigest()
