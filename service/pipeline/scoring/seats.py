"""Seats: who sits in a committee right now, which is what the learner published, and what has been decided since.

A checkpoint that was published or rolled back, an operator's choice and a learner that lags take effect with the next
reading, and do not wait until the learner has heard of them.
"""

from collections.abc import Container, Sequence

from msgspec.structs import replace

from service.models.committee import CHECKPOINT, LAST_RESORTS, ONLINE, PRIOR
from service.pipeline.publication import Member
from service.pipeline.versions import Version, Versions

STALE, NOT_CHOSEN = "stale", "not chosen"


def resolved(members: Sequence[Member], home_type: str, versions: Versions) -> list[Member]:
    """The members with the checkpoint that serves now in the place of the one that the learner knew of, if any."""
    serving = versions.serving(home_type)
    if serving is not None and all(m.member != CHECKPOINT for m in members):
        members = [*members, Member(member=CHECKPOINT, model="", version=0)]
    return [_checkpoint(m, serving) if m.member == CHECKPOINT else m for m in members]


def weighed(members: Sequence[Member], home_type: str, versions: Versions, able: Container[str]) -> list[Member]:
    """The members with the weights they have now, which add up to 1.

    Args:
        members: As `resolved`, with the weights that the learner published.
        home_type: Whose committee.
        versions: What was decided.
        able: Members that can speak now. Where no online member may vote, the first of the last resorts that can and is
            not benched carries alone, also if the learner has not said anything of it yet; where all are, the first
            that can.
    """
    out = list(members)
    pin = versions.pins.get(home_type)
    if pin is not None and pin.member in able:
        out = [replace(m, weight=1.0, benched=None) if m.member == pin.member else _benched(m, NOT_CHOSEN) for m in out]
    elif versions.stale is not None:
        out = [_benched(m, STALE) if m.member in ONLINE else m for m in out]
    weights = [m.weight if m.member in able else 0.0 for m in out]
    voting = [m.member for m, weight in zip(out, weights, strict=True) if weight > 0.0]
    online = any(m.member in ONLINE and m.member in able and m.benched is None for m in out)
    if not voting or (not online and (pin is None or pin.member not in able)):
        free = {m.member for m in out if m.member in able and m.benched is None}
        alone = next((name for name in LAST_RESORTS if name in (free or able)), PRIOR)
        weights = [float(m.member == alone) for m in out]
    total = sum(weights)
    return [replace(m, weight=weight / total) for m, weight in zip(out, weights, strict=True)] if total else out


def is_blend(members: Sequence[Member], home_type: str, versions: Versions, able: Container[str]) -> bool:
    """Whether members as `weighed` are the blend that the learner has calibrated: nobody is pinned or carries alone."""
    pin = versions.pins.get(home_type)
    pinned = pin is not None and pin.member in able
    voting = [m.member for m in members if m.weight > 0.0]
    return not pinned and (len(voting) > 1 or not ONLINE.isdisjoint(voting))


def _benched(member: Member, why: str) -> Member:
    return replace(member, weight=0.0, benched=member.benched or why)


def _checkpoint(member: Member, version: Version | None) -> Member:
    if version is None:
        return replace(member, model="", weight=0.0)
    return replace(member, model=version.sha256, version=version.number, shift=version.shift, metrics=version.metrics)
