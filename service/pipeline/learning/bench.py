"""The bench: members that may not vote for now, and why. Nobody is forgotten on it: all are scored, and learn on."""

from collections.abc import Sequence

from service.models.committee import LAST_RESORTS, ONLINE
from service.pipeline.learning.config import LearnSettings
from service.pipeline.learning.fleet import Fleet
from service.pipeline.learning.home_type import HomeTypeFold

WARM_POSITIVES = 30
"""An online member that has learned fewer positives is cold: it is scored, but does not vote."""

COLD, ALARM, SILENCE = "cold", "alarm", "silence"


def benched(fleet: Fleet, fold: HomeTypeFold | None, settings: LearnSettings) -> dict[str, str]:
    """Why members of a home type's committee, or (``fold`` None) of the default one, may not vote.

    A member that is cold is told so; else outcomes are silent for all online members; else its own losses have risen.
    """
    models = dict(fleet.models) if fold is None else fold.models | fleet.models
    out = {name: COLD for name, model in models.items() if model.positives < WARM_POSITIVES}
    if fleet.silence.since_us is not None:
        for name in models:
            out.setdefault(name, SILENCE)
    if "bench" in settings.on_drift:
        watch = fleet.watch if fold is None else fold.watch
        for name in watch.in_alarm:
            out.setdefault(name, ALARM)
    return out


def carrying(voters: Sequence[str]) -> list[str]:
    """Who of those that may vote does: all, or where no online member is left the checkpoint, or else the baseline."""
    if ONLINE.isdisjoint(voters):
        return [name for name in LAST_RESORTS if name in voters][:1]
    return list(voters)
