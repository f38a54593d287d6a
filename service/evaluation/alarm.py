"""The relative alarm: a member is in alarm while its loss has risen and the others' has not.

A world that becomes harder for all is no reason to bench anybody: a member whose loss drifts upward is in alarm only if
it is now clearly worse than the middle of those that have not drifted, and if that was measured on some failing
devices and not on one, whose examples are up to 48 positives in a row. Matured examples come in their order:

    example ──► block (H/8, ≥ 100 examples) ──► each member's excess ──► `LossDrift` ──► alarm ·····► way back
                       └──► recent positives ──────────────────────────────────────────────┘ if there are enough

The way back: its recent excess is again close to the middle of the others, or eight horizons have gone by (by then the
committee's weights know it), or nobody is left to compare it with.

Measured with the defaults, on eight home types (14 to 520 devices each) and the whole fleet. Without any change: no
alarm in 690 member-days of engines and drives, 4 in 800 of the simulated home types, none of the fleet. A firmware
update: one in three logistic members drifts after 1.1 days of labels, and is back a day later (the fleet's at 1.0).
A new failure mode: the baseline drifts in 7 home types of 8 after 1.9 days (the fleet's at 1.9), and stays benched
longest. A change over a week: the baseline in 8 of 8, as the week ends. While it was in alarm, a member's loss was
above the mean of the others by a tenth of the base rate's, in five of six cases. Members that believed five days
without outcomes are in alarm in seven home types of eight, for two or three days from when outcomes come again.
"""

from collections.abc import Collection, Mapping
from statistics import median

from service.evaluation.drift import LossDrift, LossDrifted, log_loss_of

BLOCKS_PER_HORIZON = 8
LEAST_EXAMPLES = 100
WORSE = 0.10
"""An alarm begins if a member's recent excess is that far above the middle of the others, in base rate's losses."""
CLOSE = 0.05
"""An alarm ends once it is no more than that above."""
LONGEST_BLOCKS = 64
ENOUGH_POSITIVES = 150.0
"""So many positives of the last horizons, decayed, an alarm needs: three or four failing devices. A seasonal fleet of
10 homes with 52 failing devices in 120 days had 21 alarms without this, of the baseline most, each by one device."""

_BASE_HALF_LIFE_BLOCKS = 24.0
_RECENT_HALF_LIFE_BLOCKS = 16.0
_COMPLETE = 0.95


class LossWatch:
    """The watch on all members' losses in one home type.

    Args:
        horizon_us: The horizon in microseconds.
        reference: The member whose loss is the yardstick (the prior); it is not watched.

    Attributes:
        in_alarm: Members in alarm, with the drift that began it.
    """

    def __init__(self, horizon_us: int, reference: str) -> None:
        self.in_alarm: dict[str, LossDrifted] = {}
        self._block_us = horizon_us // BLOCKS_PER_HORIZON
        self._reference = reference
        self._drifts: dict[str, LossDrift] = {}
        self._blocks_left: dict[str, int] = {}
        self._base, self._base_mass = 0.0, 0.0
        self._begin_us: int | None = None
        self._count = self._positives = 0
        self._recent_positives = 0.0
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    def add(self, positive: bool, risks: Mapping[str, float], *, seq: int, at_us: int) -> list[LossDrifted]:
        """Score one matured example with the risks given then (NaN: none).

        Args:
            positive: Its label.
            risks: By member, the reference among them.
            seq: The event at which it matured.
            at_us: Its instant in microseconds.

        Returns:
            The drifts that become plain with it, falls as well as rises; mostly none.
        """
        drifted = []
        if self._begin_us is None:
            self._begin_us = at_us
        elif self._count >= LEAST_EXAMPLES and at_us - self._begin_us >= self._block_us:
            drifted = self._close(seq, at_us)
            self._begin_us = at_us
        self._count += 1
        self._positives += positive
        sums, counts = self._sums, self._counts
        for member, risk in risks.items():
            if risk == risk:
                sums[member] = sums.get(member, 0.0) + log_loss_of(positive, risk)
                counts[member] = counts.get(member, 0) + 1
        return drifted

    def recent(self, member: str) -> float | None:
        """A member's recent excess over the base rate's loss, as a share of that; None if it is not known."""
        drift = self._drifts.get(member)
        return None if drift is None else drift.recent

    def forget(self, member: str) -> None:
        """Another model bears that name from now on: the watch on it begins anew, and an alarm is over."""
        for of_member in (self.in_alarm, self._blocks_left, self._drifts):
            of_member.pop(member, None)

    def _close(self, seq: int, at_us: int) -> list[LossDrifted]:
        """End the block."""
        means = {
            member: self._sums[member] / count
            for member, count in self._counts.items()
            if count >= _COMPLETE * self._count
        }
        self._recent_positives = self._recent_positives * 2.0 ** (-1.0 / _RECENT_HALF_LIFE_BLOCKS) + self._positives
        self._count = self._positives = 0
        self._sums.clear()
        self._counts.clear()
        base = means.pop(self._reference, None)
        if base is None:
            return []
        keep = 2.0 ** (-1.0 / _BASE_HALF_LIFE_BLOCKS)
        self._base, self._base_mass = keep * self._base + base, keep * self._base_mass + 1.0
        unit = self._base / self._base_mass
        rises, drifted = {}, []
        for member in sorted(means):
            drift = self._drifts.setdefault(member, LossDrift(member))
            report = drift.add((means[member] - base) / unit, seq=seq, at_us=at_us)
            if report is not None:
                drifted.append(report)
                if report.rise:
                    rises[member] = report
        self._judge(means.keys(), rises)
        return drifted

    def _judge(self, present: Collection[str], rises: Mapping[str, LossDrifted]) -> None:
        """Begin and end alarms after a block."""
        for member in [member for member in self.in_alarm if member not in rises]:
            self._blocks_left[member] -= 1
            worse = self._behind(member, present)
            if worse is None or worse <= CLOSE or self._blocks_left[member] <= 0:
                del self.in_alarm[member], self._blocks_left[member]
        if self._recent_positives < ENOUGH_POSITIVES:
            return
        for member, report in rises.items():
            worse = self._behind(member, [other for other in present if other not in rises])
            if worse is not None and worse > WORSE:
                self.in_alarm[member] = report
                self._blocks_left[member] = LONGEST_BLOCKS

    def _behind(self, member: str, present: Collection[str]) -> float | None:
        """How far a member's recent excess is above the middle of the others not in alarm; None without any."""
        own = self.recent(member)
        others = [
            recent
            for other in present
            if other != member and other not in self.in_alarm and (recent := self.recent(other)) is not None
        ]
        return own - median(others) if own is not None and others else None
