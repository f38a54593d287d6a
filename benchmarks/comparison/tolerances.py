"""Tolerances: by how much a figure may get worse before it is called worse.

Quality hardly differs between two runs of the same seed, so a hundredth counts. Times and rates differ by a fifth from
hour to hour on a shared machine, so that only a quarter counts. What says how much was measured, or how sure a figure
is, is neither better nor worse and is not judged.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Final, Literal

from msgspec import Struct

from benchmarks.report import BenchError, Row


class Tolerance(Struct, frozen=True):
    """How much worse a figure may be.

    Attributes:
        amount: The most that is allowed, at least 0.
        kind: Whether it is an amount in the figure's own unit, a share of the earlier figure, or nothing is judged.
    """

    amount: float = 0.0
    kind: Literal["absolute", "relative", "not judged"] = "absolute"

    def allows(self, before: float, worse_by: float) -> bool:
        """Whether a figure may have become worse by so much (in its own unit; below 0 is better)."""
        if self.kind == "not judged":
            return True
        allowed = self.amount * abs(before) if self.kind == "relative" else self.amount
        return worse_by <= allowed * (1.0 + 1e-9)

    def __str__(self) -> str:
        """For people, in the form that ``--tolerance`` takes."""
        if self.kind == "not judged":
            return "off"
        return f"{100.0 * self.amount:g}%" if self.kind == "relative" else f"{self.amount:g}"


Rule = tuple[str, Tolerance]
"""A pattern of ids as of a shell, and what holds for those that match."""

_OFF: Final = Tolerance(kind="not judged")
_NOISY: Final = Tolerance(0.25, "relative")

BY_ID: Final[tuple[Rule, ...]] = (
    ("crash.seconds", _NOISY),
    ("crash.lost", Tolerance(0.0)),
    ("crash.doubled", Tolerance(0.0)),
    ("crash.foreign", Tolerance(0.0)),
    ("crash.differing", Tolerance(0.0)),
    ("crash.*", _OFF),
    ("*.low", _OFF),
    ("*.high", _OFF),
    ("*.drift.begins", _OFF),
    ("*.drift.through", _OFF),
    ("*.event.begins", _OFF),
    ("*.event.through", _OFF),
    ("*.curve.*.day", _OFF),
    ("*.positive_share", _OFF),
    ("*.failures.*", _OFF),
    ("*.never_warning.*", _OFF),
    ("*.looks_at.*", _OFF),
    ("*.curve.*", Tolerance(0.05)),
    ("*.gap_closed", Tolerance(0.1)),
    ("*.largest_difference", Tolerance(1e-9)),
    ("latency.max_*", Tolerance(1.0, "relative")),
    ("latency.learner_lag_s", Tolerance(1.0, "relative")),
    ("latency.background_*", _OFF),
    ("ingest.load.*", _OFF),
    ("ingest.disk.*", _OFF),
    ("ingest.*", _NOISY),
    ("calibration.*", Tolerance(0.1)),
    ("*.calibration.*", Tolerance(0.1)),
)
"""The first that matches holds, before what holds for the unit."""

BY_UNIT: Final[dict[str, Tolerance]] = {
    "": Tolerance(0.01),
    "nats": Tolerance(0.01),
    **dict.fromkeys(("h", "days", "bytes", "kB", "MB", "GB"), Tolerance(0.1, "relative")),
}
"""Quality has no unit; a unit that is not here, and is no count, is taken for a time or a rate."""

COUNTS: Final = frozenset(
    {
        "examples", "positives", "samples", "devices", "failures", "homes", "readings", "requests", "answers",
        "checkpoints", "snapshots", "forests", "trainings", "events",
    }
)  # fmt: skip
"""Units of what says how much was measured, which is not judged whatever its id."""


def tolerance_of(row: Row, rules: Sequence[Rule] = ()) -> Tolerance:
    """What holds for a row: the last of the given rules that matches its id, else what is usual."""
    for pattern, tolerance in reversed(rules):
        if fnmatchcase(row.id, pattern):
            return tolerance
    if row.unit in COUNTS:
        return _OFF
    usual = next((tolerance for pattern, tolerance in BY_ID if fnmatchcase(row.id, pattern)), None)
    return usual or BY_UNIT.get(row.unit, _NOISY)


def parse_rule(text: str) -> Rule:
    """A rule as written: ``.02``, ``10%`` or ``off``, for all rows, or after ``PATTERN=`` for those that match.

    Raises:
        BenchError: It is not such a text.
    """
    pattern, equals, value = text.rpartition("=")
    if equals and not pattern:
        raise BenchError(f"--tolerance {text}: there is no pattern before =")
    try:
        return pattern or "*", _parse(value)
    except ValueError:
        form = "a number such as .02, a share such as 10%, or off, if wanted after PATTERN="
        raise BenchError(f"--tolerance {text}: this is not {form}") from None


def _parse(value: str) -> Tolerance:
    if value == "off":
        return _OFF
    amount = float(value.removesuffix("%"))
    if not 0.0 <= amount < float("inf"):
        raise ValueError(value)
    return Tolerance(amount / 100.0, "relative") if value.endswith("%") else Tolerance(amount)
