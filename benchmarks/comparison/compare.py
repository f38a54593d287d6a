"""Compare: row against row of two results of the same benchmark."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from benchmarks.comparison.tolerances import Rule, Tolerance, tolerance_of
from benchmarks.report import BenchError, Report, Row, machine_text

Verdict = Literal["worse", "better", "same", "not judged"]


class Change(Struct, frozen=True, kw_only=True):
    """A row that both have.

    Attributes:
        row: The later one.
        before: The earlier figure, None where it was undefined.
        tolerance: What was allowed.
        verdict: ``same`` also where it differs by no more than is allowed.
    """

    row: Row
    before: float | None
    tolerance: Tolerance
    verdict: Verdict


class Comparison(Struct, frozen=True, kw_only=True):
    """What two results have in common, and what not.

    Attributes:
        name: The benchmark.
        changes: Rows that both have, in the order of the later.
        only_before, only_after: Rows that only one has.
        notes: What makes the two less comparable, a sentence each.
    """

    name: str
    changes: list[Change]
    only_before: list[Row]
    only_after: list[Row]
    notes: list[str]

    @property
    def worse(self) -> list[Change]:
        """The regressions."""
        return [change for change in self.changes if change.verdict == "worse"]


def compared(before: Report, after: Report, rules: Sequence[Rule] = ()) -> Comparison:
    """Hold two results against each other.

    Args:
        before, after: The results.
        rules: Tolerances that go before the usual ones; of those that match the last holds.

    Raises:
        BenchError: They are of different benchmarks or sizes, or a row does not mean the same in both.
    """
    if before.name != after.name:
        raise BenchError(f"these are different benchmarks: {before.name} and {after.name}")
    if before.size != after.size:
        raise BenchError(f"these are runs of different sizes: {before.size} and {after.size}")
    earlier, later = ({row.id: row for row in report.rows} for report in (before, after))
    for name in earlier.keys() & later.keys():
        one, two = earlier[name], later[name]
        if (one.unit, one.better) != (two.unit, two.better):
            raise BenchError(f"{name} is not the same figure in both: {_meaning(one)}, and {_meaning(two)}")
    return Comparison(
        name=after.name,
        changes=[_change(earlier[row.id], row, tolerance_of(row, rules)) for row in after.rows if row.id in earlier],
        only_before=[row for row in before.rows if row.id not in later],
        only_after=[row for row in after.rows if row.id not in earlier],
        notes=_notes(before, after),
    )


def _change(before: Row, after: Row, tolerance: Tolerance) -> Change:
    return Change(row=after, before=before.value, tolerance=tolerance, verdict=_verdict(before, after, tolerance))


def _verdict(before: Row, after: Row, tolerance: Tolerance) -> Verdict:
    if tolerance.kind == "not judged":
        return "not judged"
    if before.value is None or after.value is None:
        if before.value is after.value:
            return "same"
        return "worse" if after.value is None else "better"
    worse_by = before.value - after.value if after.better == "higher" else after.value - before.value
    if not tolerance.allows(before.value, worse_by):
        return "worse"
    return "same" if tolerance.allows(before.value, -worse_by) else "better"


def _meaning(row: Row) -> str:
    return f"{row.unit or 'no unit'} with {row.better} better"


def _notes(before: Report, after: Report) -> list[str]:
    out = []
    if before.machine != after.machine:
        machines = f"{machine_text(before.machine)}, then {machine_text(after.machine)}"
        out.append(f"Different machines, so times, rates and memory say little: {machines}.")
    if before.seed != after.seed:
        out.append(f"Different seeds, {before.seed} and {after.seed}: what is drawn differs, and quality with it.")
    return out
