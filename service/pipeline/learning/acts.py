"""Acts as the journal tells them: what was published, refused, rolled back or pinned, and a learner that lagged."""

from service.contracts.events import Act, CheckpointPublished, LearnerStood, Pinned, RolledBack, TrainingEnded
from service.pipeline.learning.diary import Diary


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


def _because(by: str, why: str) -> str:
    return (f", by {by}" if by else "") + (f": {why}" if why else "")
