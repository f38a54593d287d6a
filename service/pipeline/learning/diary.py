"""The diary: remembers what was told last, so that of each decision of the fold one record goes to the journal."""

from collections.abc import Iterable, Mapping

from service.contracts.journal import JournalKind, JournalRecord
from service.evaluation.drift import LossDrifted
from service.evaluation.feature_drift import FeatureDrifted
from service.labels.watermark import NEVER
from service.models.committee import champion
from service.pipeline.instants import utc
from service.pipeline.learning.bench import ALARM, SILENCE
from service.pipeline.learning.home_type import HomeTypeFold
from service.pipeline.publication import TrainingDue


class Diary:
    """The decisions of an event, in order.

    Args:
        pane_us: A home type's champion is told at most once in so much event time.
    """

    def __init__(self, pane_us: int) -> None:
        self._pane_us = pane_us
        self._benched: dict[str, dict[str, str]] = {}
        self._champion: dict[str, tuple[int, str]] = {}
        self._due: list[str | None] = []
        self._records: list[JournalRecord] = []
        self._seq = 0

    def turn(self, seq: int) -> list[JournalRecord]:
        """Take out what was told, and begin the page of event ``seq``."""
        records, self._records, self._seq = self._records, [], seq
        return records

    def tell(
        self,
        kind: JournalKind,
        home_type: str | None,
        sentence: str,
        *,
        at_us: int | None,
        member: str = "",
        amount: float | None = None,
    ) -> None:
        """Put down one decision."""
        self._records.append(
            JournalRecord(
                seq=self._seq,
                place=len(self._records),
                kind=kind,
                home_type=home_type,
                member=member,
                at_us=None if at_us == NEVER else at_us,
                amount=amount,
                sentence=sentence,
            )
        )

    def member_drifted(self, home_type: str | None, drift: LossDrifted, *, alarmed: bool) -> None:
        """A member's loss has changed."""
        how = "risen" if drift.rise else "fallen"
        rest = ", and not that of the others: it is in alarm" if alarmed else ""
        sentence = f"the loss of {drift.member} has {how} from {_excess(drift.before)} to {_excess(drift.after)}{rest}"
        self.tell(
            "member_drift",
            home_type,
            sentence,
            at_us=drift.at_us,
            member=drift.member,
            amount=drift.after - drift.before,
        )

    def feature_drifted(self, home_type: str, drift: FeatureDrifted) -> None:
        """A feature has moved away from its reference, or is back."""
        limit = f"a drift begins at {drift.threshold:.2f}"
        sentence = f"{drift.feature} has moved away: its stability index is {drift.index:.2f}, {limit}"
        if not drift.began:
            reason = f"its stability index is {drift.index:.2f}" if drift.threshold else "the reference is a new one"
            sentence = f"{drift.feature} is back: {reason}"
        kind: JournalKind = "feature_drift" if drift.began else "feature_drift_over"
        self.tell(kind, home_type, sentence, at_us=drift.at_us, member=drift.feature, amount=drift.index)

    def silence(self, since_us: int | None, now_us: int) -> None:
        """Outcomes have stopped arriving at ``since_us``, or (None) arrive again."""
        if since_us is None:
            self.tell("silence_over", None, "outcomes arrive again", at_us=now_us)
            return
        hours = (now_us - since_us) / 3.6e9
        sentence = f"no outcome has arrived for {hours:.1f} hours of event time, since {_at(since_us)}"
        self.tell("silence", None, sentence, at_us=now_us, amount=hours)

    def committee(self, fold: HomeTypeFold, benched: Mapping[str, str], silent_since_us: int | None) -> None:
        """Tell what is new about who votes in a home type."""
        name, at_us = fold.home_type, fold.watermark.value_us
        before = self._benched.get(name, benched)
        for member in sorted({*before, *benched}):
            was, why = before.get(member), benched.get(member)
            if why is None and was is not None:
                self.tell("unbenched", name, f"{member} may vote again, after {was}", at_us=at_us, member=member)
            elif why is not None and why != was:
                sentence = f"{member} is benched: {_reason(why, fold.watch.in_alarm.get(member), silent_since_us)}"
                self.tell("benched", name, sentence, at_us=at_us, member=member)
        self._benched[name] = dict(benched)
        if fold.weights and at_us != NEVER:
            self._champions(fold, at_us)

    def _champions(self, fold: HomeTypeFold, at_us: int) -> None:
        pane, (told_pane, told) = at_us // self._pane_us, self._champion.get(fold.home_type, (0, ""))
        if pane == told_pane:
            return
        best = champion(fold.weights)
        self._champion[fold.home_type] = (pane, best)
        if best != told:
            weight = fold.weights[best]
            instead = f" instead of {told}" if told else ""
            sentence = f"{best} has the most weight, {weight:.0%}{instead}"
            self.tell("champion", fold.home_type, sentence, at_us=at_us, member=best, amount=weight)

    def due(self, due: Iterable[TrainingDue], at_us: int | None) -> None:
        """Tell which trainings are due that were not before."""
        before, self._due = self._due, []
        for training in due:
            self._due.append(training.home_type)
            if training.home_type not in before:
                self.tell("training_due", training.home_type, f"a training is due: {training.why}", at_us=at_us)


def _excess(share: float) -> str:
    return f"{abs(share):.0%} {'above' if share >= 0.0 else 'below'} the base rate's"


def _at(us: int) -> str:
    return utc(us).strftime("%Y-%m-%dT%H:%M:%SZ")


def _reason(why: str, drift: LossDrifted | None, silent_since_us: int | None) -> str:
    if why == ALARM and drift is not None:
        return f"its loss has risen to {_excess(drift.after)}, and that of the others has not"
    if why == SILENCE and silent_since_us is not None:
        return f"no outcome has arrived since {_at(silent_since_us)}"
    return "it has learned too few failures"
