"""The policy: what a drift does besides being told. It is a setting; benching itself is in `bench`."""

from service.evaluation.drift import LossDrifted
from service.models.online import OnlineModel
from service.pipeline.learning.config import LearnSettings
from service.pipeline.learning.diary import Diary
from service.pipeline.learning.feature_watch import FEW
from service.pipeline.learning.fleet import Fleet
from service.pipeline.learning.home_type import HomeTypeFold

_NEXT_SEED = 1_000_000


def on_alarm(drift: LossDrifted, owner: Fleet | HomeTypeFold, settings: LearnSettings, diary: Diary) -> None:
    """The alarm of one of ``owner``'s members has begun: train at once, and let its model begin anew, if it is so set.

    The model of a global member begins anew only if it is in alarm over the whole fleet.
    """
    home_type = owner.home_type if isinstance(owner, HomeTypeFold) else None
    if "train" in settings.on_drift:
        owner.due.alarm = f"the loss of {drift.member} has risen"
    model = owner.models.get(drift.member)
    if "reset" in settings.on_drift and model is not None:
        owner.models[drift.member] = OnlineModel(model.kind, model.seed + _NEXT_SEED, since_seq=drift.seq)
        owner.scales.losses.pop(drift.member, None)
        owner.watch.forget(drift.member)
        sentence = f"{drift.member} begins anew, having learned {model.learned} examples"
        amount = float(model.learned)
        diary.tell("reset", home_type, sentence, at_us=drift.at_us, member=drift.member, amount=amount)


def on_features(fold: HomeTypeFold, before: int, settings: LearnSettings) -> None:
    """Features have moved where ``before`` were away: train at once if now they are several."""
    away = len(fold.features.away)
    if "train" in settings.on_drift and before < FEW <= away:
        fold.due.alarm = f"{away} features have moved away"
