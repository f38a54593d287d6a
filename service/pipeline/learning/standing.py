"""The standing of a committee: its members, versions and weights, as the learner publishes them."""

import msgspec

from service.contracts.standing import OutcomeCounts
from service.labels.watermark import NEVER
from service.models.committee import BASELINE, CHECKPOINT, PRIOR, STACKED, knows, shares
from service.models.prior import Prior
from service.pipeline.learning.bench import benched, carrying
from service.pipeline.learning.config import LearnSettings
from service.pipeline.learning.fleet import Fleet
from service.pipeline.learning.home_type import HomeTypeFold
from service.pipeline.publication import DEFAULT, HomeTypeOut, Member
from service.pipeline.versions import GLOBAL


def weights_of(fleet: Fleet, fold: HomeTypeFold, settings: LearnSettings) -> dict[str, float]:
    """The weights of a home type's members as of now; those without one are left out."""
    return {member.member: member.weight for member in _members(fleet, fold, settings) if member.weight > 0.0}


def standing(fleet: Fleet, fold: HomeTypeFold | None, outcomes: OutcomeCounts, settings: LearnSettings) -> HomeTypeOut:
    """The committee of a home type, or (``fold`` None) the one that answers for home types not met so far."""
    members = _members(fleet, fold, settings)
    if fold is None:
        return HomeTypeOut(home_type=DEFAULT, members=members)
    return HomeTypeOut(
        home_type=fold.home_type,
        members=members,
        slope=fold.calibration.slope,
        offset=fold.calibration.offset,
        counts=fold.counts(),
        outcomes=outcomes,
        modes={name: dict(seen) for name, seen in fold.modes.items()},
        watermark_us=None if fold.watermark.value_us == NEVER else fold.watermark.value_us,
        oldest_pending_us=fold.pending.oldest_us(),
    )


def _members(fleet: Fleet, fold: HomeTypeFold | None, settings: LearnSettings) -> list[Member]:
    bench = benched(fleet, fold, settings)
    members: list[Member] = []
    voters: list[str] = []

    def seat(member: Member) -> None:
        why = bench.get(member.member)
        members.append(member if why is None else msgspec.structs.replace(member, benched=why))
        if why is None and (fold is None or knows(member.metrics, fold.layout.metrics)):
            voters.append(member.member)

    if fold is not None:
        shift = fold.sampler.logit_shift()
        for name, model in fold.models.items():
            if model.learned:
                key = f"{name}@{fold.home_type}"
                own = Member(member=name, model=key, version=model.learned, shift=shift)
                seat(own)
    shift = fleet.sampler.logit_shift()
    for name, model in fleet.models.items():
        if model.learned:
            shared = Member(member=name, model=name, version=model.learned, shift=shift, metrics=sorted(fleet.metrics))
            seat(shared)
    checkpoint = fleet.versions.serving(fold.home_type if fold is not None else GLOBAL)
    if checkpoint is not None:
        seat(
            Member(
                member=CHECKPOINT,
                model=checkpoint.sha256,
                version=checkpoint.number,
                shift=checkpoint.shift,
                metrics=checkpoint.metrics,
            )
        )
    trained = fleet.versions.baseline
    if trained is not None:
        seat(
            Member(
                member=BASELINE, model=BASELINE, version=trained.version, shift=trained.shift, metrics=trained.metrics
            )
        )
    voters = carrying(voters)
    prior = fold.prior if fold is not None else Prior()
    members.append(Member(member=PRIOR, model=None, version=prior.version, risk=prior.risk()))
    if not voters:
        voters.append(PRIOR)

    owner: Fleet | HomeTypeFold = fleet if fold is None else fold
    scales = owner.scales
    weights = shares(dict(zip(STACKED, owner.stacking.weights.tolist(), strict=True)), voters)
    return [
        msgspec.structs.replace(
            member,
            weight=weights.get(member.member, 0.0),
            log_loss=loss.mean() if (loss := scales.losses.get(member.member)) is not None else None,
        )
        for member in members
    ]
