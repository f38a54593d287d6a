"""The workload: what a benchmark is given."""

from pathlib import Path

from msgspec import Struct

from benchmarks.report import BenchError


class OwnTable(Struct, frozen=True, kw_only=True):
    """A table that the user names.

    Attributes:
        file: The table.
        mapping: What its columns mean, a file or the name of a shipped one; see docs/replay.md.
        horizon: How far ahead its failures are to be foretold, a duration.
    """

    file: Path
    mapping: Path
    horizon: str


class Workload(Struct, frozen=True, kw_only=True):
    """What a benchmark is given.

    Attributes:
        data: Folder of the real data sets.
        seed: Seed of all that is drawn.
        full: Whether to measure all of it, or what fits into a few minutes.
        quick: Whether a smoke run is enough, of seconds; where a benchmark knows none it measures as usual.
        table: The table to measure on instead of the benchmark's own, or None.
        baseline: The baseline's file, made before; None if each service that needs one trains it.
    """

    data: Path
    seed: int
    full: bool
    quick: bool = False
    table: OwnTable | None = None
    baseline: Path | None = None

    def data_set(self, *parts: str) -> Path:
        """The path of a file below the data folder.

        Raises:
            BenchError: It is not there.
        """
        path = self.data.joinpath(*parts)
        if not path.is_file():
            raise BenchError(f"data set {path} is missing; name its folder with --data or HEARTHBEAT_DATA")
        return path
