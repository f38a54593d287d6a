"""The committee: the members of a home type, and the weights that they earn.

The learner keeps each member's decayed prequential log loss and makes weights of it (`Scales`); with those the service
blends the members' risks (`service.models.blend`).
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

_SHARPNESS = 5.0
_HALF_LIFE_EXAMPLES = 4000.0
_TRUST_POSITIVES = 30.0


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
    """The losses of all members in one home type, or over the fleet, and the weights they earn.

    Attributes:
        losses: By member.
        positives: Positive examples scored.
    """

    losses: dict[str, MemberLoss] = {}
    positives: int = 0

    def add(self, positive: bool, risks: Mapping[str, float]) -> None:
        """Score one matured example with the risks given then; members that gave none (NaN) are left out."""
        self.positives += positive
        for member, risk in risks.items():
            if risk == risk:
                self.losses.setdefault(member, MemberLoss()).add(positive, risk)

    def weights(self, voters: Sequence[str], fleet: "Scales | None" = None) -> dict[str, float]:
        """Weights of those who vote, adding up to 1.

        Softmax of -5 times the mean decayed log loss; a voter without a loss counts as the mean of the others. While
        positives are few the weights are shrunk towards the fleet's, and those towards uniform.
        """
        if not voters:
            return {}
        base = fleet.weights(voters) if fleet is not None else dict.fromkeys(voters, 1.0 / len(voters))
        means = {member: loss.mean() for member, loss in self.losses.items() if member in voters}
        known = [mean for mean in means.values() if mean is not None]
        if not known:
            return base
        middle = math.fsum(known) / len(known)
        losses = [middle if (mean := means.get(member)) is None else mean for member in voters]
        best = min(losses)
        powers = [math.exp(-_SHARPNESS * (loss - best)) for loss in losses]
        total = math.fsum(powers)
        trust = self.positives / (self.positives + _TRUST_POSITIVES)
        return {
            member: trust * power / total + (1.0 - trust) * base[member]
            for member, power in zip(voters, powers, strict=True)
        }


def champion(weights: Mapping[str, float]) -> str:
    """The member with the most weight; of equals the first by name."""
    return min(weights, key=lambda member: (-weights[member], member))
