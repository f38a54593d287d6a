"""Acts: what the fold makes of what was published, refused, rolled back or pinned, and how the journal tells it."""

from collections.abc import Mapping

from service.contracts.events import Act, CheckpointPublished, LearnerStood, Pinned, RolledBack, TrainingEnded
from service.contracts.forgetting import Forgotten
from service.models.committee import CHECKPOINT
from service.pipeline.learning.diary import Diary
from service.pipeline.learning.fleet import Fleet
from service.pipeline.learning.home_type import HomeTypeFold


def take_act(act: Act, fleet: Fleet, home_types: Mapping[str, HomeTypeFold], fleet_us: int) -> None:
    """Draw the conclusions of an act that ``fleet.versions`` has taken: a training has ended, another version serves.

    Whose losses rose is no longer there then; and what was published knows what readings look like now.
    """
    if isinstance(act, CheckpointPublished) and act.member != CHECKPOINT:
        return
    if isinstance(act, CheckpointPublished | RolledBack):
        if act.home_type is None:
            fleet.watch.forget(CHECKPOINT)
        for name, fold in home_types.items():
            if act.home_type == name or (act.home_type is None and fleet.versions.own(name) is None):
                fold.watch.forget(CHECKPOINT)
                if isinstance(act, CheckpointPublished):
                    fold.features.published()
    if isinstance(act, CheckpointPublished | TrainingEnded):
        if act.home_type is None:
            fleet.due.settled(fleet_us)
        elif act.home_type in home_types:
            fold = home_types[act.home_type]
            # A home type that cannot win its seat from the global checkpoint today will hardly win it tomorrow.
            rejected = isinstance(act, TrainingEnded) and act.outcome == "rejected"
            fold.due.settled(fold.watermark.value_us, in_vain=rejected)


def tell_act(diary: Diary, act: Act, at_us: int | None) -> None:
    """Put down an act that the fold has seen, at the event time that it had reached."""
    match act:
        case CheckpointPublished():
            sentence = f"{act.member} {act.version} serves" + _because(act.by, act.why)
            amount = float(act.version)
            diary.tell("published", act.home_type, sentence, at_us=at_us, member=act.member, amount=amount)
        case TrainingEnded():
            sentence = f"a training ended without a new version, {act.outcome}" + _because(act.by, act.why)
            diary.tell("training_ended", act.home_type, sentence, at_us=at_us)
        case RolledBack():
            sentence = f"version {act.version} serves again" + _because(act.by, act.why)
            diary.tell("rolled_back", act.home_type, sentence, at_us=at_us, amount=float(act.version))
        case Pinned(member=None):
            sentence = "the whole committee answers again" + _because(act.by, act.why)
            diary.tell("unpinned", act.home_type, sentence, at_us=at_us)
        case Pinned():
            sentence = f"{act.member} answers alone" + _because(act.by, act.why)
            diary.tell("pinned", act.home_type, sentence, at_us=at_us, member=act.member or "")
        case LearnerStood(stale=True):
            diary.tell("stale", None, f"the online members are benched: {act.why}", at_us=at_us)
        case LearnerStood():
            diary.tell("stale_over", None, f"the online members may vote again: {act.why}", at_us=at_us)


def tell_forgotten(diary: Diary, event: Forgotten, at_us: int | None) -> None:
    """Put down that devices were forgotten, without their names."""
    count = len(event.devices)
    sentence = f"{count} device{'s were' if count > 1 else ' was'} forgotten" + _because(event.by, event.why)
    diary.tell("forgotten", None, sentence, at_us=at_us, amount=float(count))


def _because(by: str, why: str) -> str:
    return (f", by {by}" if by else "") + (f": {why}" if why else "")
