"""The standing of a committee: its members, versions and weights, as the learner publishes them."""

import msgspec

from service.contracts.standing import OutcomeCounts
from service.labels.sampling import Sampler
from service.labels.watermark import NEVER
from service.models.committee import BASELINE, CHECKPOINT, GLOBAL_MEMBERS, PRIOR, Scales, knows
from service.models.online import OnlineModel
from service.models.prior import Prior
from service.pipeline.learning.due import Due
from service.pipeline.learning.home_type import HomeTypeFold
from service.pipeline.publication import DEFAULT, HomeTypeOut, Member
from service.pipeline.versions import GLOBAL, Versions

_WARM_POSITIVES = 30
"""An online member that has learned fewer positives is cold: it is scored, but does not vote."""


class Fleet:
    """What the learner keeps of the fleet as a whole: the global members, their sampling, losses over all home types.

    Args:
        seed: Seed of sampling and models.
    """

    def __init__(self, seed: int) -> None:
        self.sampler = Sampler(seed=seed)
        self.scales = Scales()
        self.metrics: set[str] = set()
        self.versions = Versions()
        self.due = Due()
        self.models = {
            member: OnlineModel(kind, seed + place) for place, (member, kind) in enumerate(GLOBAL_MEMBERS.items())
        }


def standing(fleet: Fleet, fold: HomeTypeFold | None, outcomes: OutcomeCounts) -> HomeTypeOut:
    """The committee of a home type, or (``fold`` None) the one that answers for home types not met so far."""
    members: list[Member] = []
    voters: list[str] = []

    def seat(member: Member, *, votes: bool) -> None:
        members.append(member if votes or member.member == PRIOR else msgspec.structs.replace(member, benched="cold"))
        if votes and (fold is None or knows(member.metrics, fold.layout.metrics)):
            voters.append(member.member)

    if fold is not None:
        shift = fold.sampler.logit_shift()
        for name, model in fold.models.items():
            if model.learned:
                key = f"{name}@{fold.home_type}"
                own = Member(member=name, model=key, version=model.learned, shift=shift)
                seat(own, votes=model.positives >= _WARM_POSITIVES)
    shift = fleet.sampler.logit_shift()
    for name, model in fleet.models.items():
        if model.learned:
            shared = Member(member=name, model=name, version=model.learned, shift=shift, metrics=sorted(fleet.metrics))
            seat(shared, votes=model.positives >= _WARM_POSITIVES)
    checkpoint = fleet.versions.serving(fold.home_type if fold is not None else GLOBAL)
    if checkpoint is not None:
        seat(
            Member(
                member=CHECKPOINT,
                model=checkpoint.sha256,
                version=checkpoint.number,
                shift=checkpoint.shift,
                metrics=checkpoint.metrics,
            ),
            votes=True,
        )
    trained = fleet.versions.baseline
    if trained is not None:
        seat(
            Member(
                member=BASELINE, model=BASELINE, version=trained.version, shift=trained.shift, metrics=trained.metrics
            ),
            votes=True,
        )
    prior = fold.prior if fold is not None else Prior()
    risk = prior.risk()
    seat(Member(member=PRIOR, model=None, version=prior.version, risk=risk), votes=not voters)

    scales = fold.scales if fold is not None else fleet.scales
    weights = scales.weights(voters, fleet.scales if fold is not None else None)
    weighed = [
        msgspec.structs.replace(
            member,
            weight=weights.get(member.member, 0.0),
            log_loss=loss.mean() if (loss := scales.losses.get(member.member)) is not None else None,
        )
        for member in members
    ]
    if fold is None:
        return HomeTypeOut(home_type=DEFAULT, members=weighed)
    return HomeTypeOut(
        home_type=fold.home_type,
        members=weighed,
        counts=fold.counts(),
        outcomes=outcomes,
        modes={name: dict(seen) for name, seen in fold.modes.items()},
        watermark_us=None if fold.watermark.value_us == NEVER else fold.watermark.value_us,
        oldest_pending_us=fold.pending.oldest_us(),
    )
