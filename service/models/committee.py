"""The committee: the members of a home type, and how well each has done.

The learner keeps each member's decayed prequential log loss (`Scales`) and learns their weights
(`service.models.stacking`); with those the service blends the members' risks (`service.models.blend`).
"""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from msgspec import Struct

HOME_MEMBERS: Final = {"forest": "forest", "logistic": "logistic"}
"""Members of one home type by name, with their kind in `service.models.online.BUILDERS`."""

GLOBAL_MEMBERS: Final = {"global_forest": "forest", "global_logistic": "logistic"}
"""Members fed by the whole fleet."""

ONLINE: Final = frozenset({*HOME_MEMBERS, *GLOBAL_MEMBERS})
"""Members that learn from every label as it comes."""

CHECKPOINT: Final = "checkpoint"
BASELINE: Final = "baseline"
PRIOR: Final = "prior"
FALLBACKS: Final = (BASELINE, PRIOR)
"""An answer of these alone is provisional."""

LAST_RESORTS: Final = (CHECKPOINT, BASELINE, PRIOR)
"""Who carries alone where no online member may vote: the first of these that can."""

BEFOREHAND: Final = {
    "forest": 0.25,
    "logistic": 1.0,
    "global_forest": 0.25,
    "global_logistic": 1.0,
    CHECKPOINT: 2.0,
    BASELINE: 5.0,
}
"""How much is expected of a member before anything is known of it here, in shares; see ADR 0011."""

IN_TIME: Final = BEFOREHAND | {CHECKPOINT: 4.0, BASELINE: 0.5}
"""The same once the fleet has told of many failures."""

STACKED: Final = tuple(BEFOREHAND)
"""Members whose weights are learned, in the order of `service.models.stacking.Stacking.weights`."""

_HALF_LIFE_EXAMPLES = 4000.0


def knows(metrics: Collection[str] | None, wanted: Collection[str]) -> bool:
    """Whether a member that knows ``metrics`` (None: all) may speak about a home type that has the ``wanted`` ones.

    It must know at least half of them; a home type without metrics is nothing that anybody knows.
    """
    return metrics is None or 2 * len(set(wanted).intersection(metrics)) >= max(len(wanted), 1)


class MemberLoss(Struct):
    """Decayed mean of a member's log loss, by count of examples."""

    total: float = 0.0
    mass: float = 0.0

    def add(self, positive: bool, risk: float) -> None:
        """Score one example."""
        risk = min(max(risk, 1e-6), 1.0 - 1e-6)
        keep = 2.0 ** (-1.0 / _HALF_LIFE_EXAMPLES)
        self.total = keep * self.total - math.log(risk if positive else 1.0 - risk)
        self.mass = keep * self.mass + 1.0

    def mean(self) -> float | None:
        """The decayed mean, None before the first example."""
        return self.total / self.mass if self.mass > 0.0 else None


class Scales(Struct):
    """The losses of all members in one home type, or over the fleet, by member."""

    losses: dict[str, MemberLoss] = {}

    def add(self, positive: bool, risks: Mapping[str, float]) -> None:
        """Score one matured example with the risks given then; members that gave none (NaN) are left out."""
        for member, risk in risks.items():
            if risk == risk:
                self.losses.setdefault(member, MemberLoss()).add(positive, risk)


def shares(weights: Mapping[str, float], voters: Sequence[str]) -> dict[str, float]:
    """The weights of those who vote, adding up to 1; equal ones where nobody of them has any."""
    total = math.fsum(weights.get(member, 0.0) for member in voters)
    if total <= 0.0:
        return {member: 1.0 / len(voters) for member in voters}
    return {member: weights.get(member, 0.0) / total for member in voters}


def champion(weights: Mapping[str, float]) -> str:
    """The member with the most weight; of equals the first by name."""
    return min(weights, key=lambda member: (-weights[member], member))
