"""Sample files: samples as Parquet or CSV, written in groups of a fixed size, all or nothing.

Last in the flow of a data set. The file gets its name when it is complete; until then it stands in the same folder
under another, and an interrupt takes that away. Bytes depend on the samples alone, not on the portions in which they
come.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final

from simulator.errors import UsageError
from simulator.samples.formats import WRITERS
from simulator.samples.samples import Samples, join_samples
from simulator.world.population import DeviceTable

GROUP: Final = 32_768
"""Rows of a row group in Parquet, and of what is held back before it is written in either format.

Fewer take more memory in the end: Parquet's footer describes every column of every group, and is held until then
(ten million samples: 50 MB at this size, twice that at half of it).
"""


def check_target(path: Path) -> None:
    """Check a file's name and place before anything is computed.

    Raises:
        UsageError: It is neither Parquet nor CSV, cannot be written there, or needs a library that is absent.
    """
    if path.suffix not in WRITERS:
        raise UsageError(f"{path} must end with .parquet or .csv")
    if path.is_dir():
        raise UsageError(f"cannot write {path}: it is a folder")
    if not path.parent.is_dir():
        raise UsageError(f"cannot write {path}: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise UsageError(f"cannot write {path}: nothing may be written in {path.parent}")
    if path.suffix == ".parquet" and find_spec("pyarrow") is None:
        raise UsageError("Parquet needs pyarrow, CSV does not: pip install 'hearthbeat[data]'")


def write_samples(
    path: Path, batches: Iterable[Samples], devices: DeviceTable, columns: Sequence[str]
) -> tuple[int, int]:
    """Write samples to a file.

    Args:
        path: Ends with .parquet or .csv; an existing file is replaced when the new one is complete.
        batches: The samples in portions of any size.
        devices: Says the names of homes and devices.
        columns: Names of the features.

    Returns:
        How many samples, and how many of them are positive.

    Raises:
        UsageError: The disk refuses.
    """
    samples = positives = 0
    try:
        with _appearing(path) as file, closing(WRITERS[path.suffix](file, columns, devices)) as writer:
            for group in in_groups(batches, GROUP):
                writer.write(group)
                samples += len(group)
                positives += int(group.labels.sum())
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from None
    return samples, positives


def in_groups(batches: Iterable[Samples], size: int) -> Iterator[Samples]:
    """Yield the samples in groups of ``size`` rows; the last may have fewer."""
    held: list[Samples] = []
    rows = 0
    for batch in batches:
        low = 0
        while rows + len(batch) - low >= size:
            high = low + size - rows
            yield join_samples([*held, batch.part(low, high)])
            held, rows, low = [], 0, high
        if low < len(batch):
            held.append(batch.part(low, len(batch)))
            rows += len(batch) - low
    if held:
        yield join_samples(held)


@contextmanager
def _appearing(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that gets the name ``path`` if all goes well, and is gone otherwise."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            yield file
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
