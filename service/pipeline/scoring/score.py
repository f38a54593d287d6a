"""Scoring: readings become feature rows, rows become risks, and both become one event.

The committee's models are those of the newest publication; scoring never waits for them.
"""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from service.contracts.events import Vote
from service.features.layout import Layout
from service.models.blend import RAW_FLOOR, blend
from service.models.bound import BoundModel, ReadyModel, Rows
from service.models.committee import BASELINE, FALLBACKS, PRIOR, knows
from service.models.compiled import CompiledModel
from service.models.modes import CompiledModes
from service.models.prior import Prior
from service.pipeline.publication import DEFAULT, HomeTypeOut, Member, Publication, TrainingDue
from service.pipeline.scoring.modes import Given, LikelyModes, ranked
from service.pipeline.scoring.seats import is_blend, resolved, weighed
from service.pipeline.versions import Versions


class Answers(msgspec.Struct, frozen=True):
    """The risks of n rows.

    Attributes:
        risk: The blend; float64 (n,).
        votes: The committee, with effective weights.
        member_risk: float64 (n, votes), NaN where a member gave none.
        provisional: Whether only baseline or prior spoke.
    """

    risk: npt.NDArray[np.float64]
    votes: list[Vote]
    member_risk: npt.NDArray[np.float64]
    provisional: bool


class _Seated:
    """A home type's committee, bound to the layout that its rows have now.

    Args:
        members: Those seated, with weights that add up to 1.
        bound: Of each member its bound model, or None where it has none that can speak.
        calibration: Slope and offset of the blend's log odds.
    """

    def __init__(
        self, members: Sequence[Member], bound: Sequence[BoundModel | None], calibration: tuple[float, float]
    ) -> None:
        self._slope, self._offset = calibration
        self._models = [(place, model) for place, model in enumerate(bound) if model is not None]
        self._constants = [(place, m.risk) for place, m in enumerate(members) if m.model is None]
        self._weight = np.array([m.weight for m in members])
        self._floor = np.array([0.0 if m.model is None else RAW_FLOOR for m in members])
        self._shift = np.array([0.0 if m.model is None else m.shift for m in members])
        self._votes = [Vote(m.member, m.version, m.weight, m.benched) for m in members]
        self._provisional = all(vote.member in FALLBACKS for vote in self._votes if vote.weight > 0.0)

    def answer(self, rows: npt.NDArray[np.float32]) -> Answers:
        """The risks of feature rows."""
        risk, member_risk = np.empty(len(rows)), np.full((len(rows), len(self._votes)), np.nan)
        given = Rows(rows)
        for place, constant in self._constants:
            member_risk[:, place] = constant
        for place, model in self._models:
            model.score_into(given, member_risk, place)
        blend(member_risk, self._floor, self._shift, self._weight, self._slope, self._offset, risk)
        return Answers(
            risk=risk,
            votes=self._votes,
            member_risk=member_risk,
            provisional=self._provisional,
        )


class Panel:
    """The models and committees in force, bound to layouts as they are needed."""

    def __init__(self) -> None:
        self.learned_seq = 0
        self.needed_seq = 0
        self.outcomes_waiting = 0
        self.due: list[TrainingDue] = []
        self.standings: dict[str, HomeTypeOut] = {}
        self._versions = Versions()
        self._in_force: set[str] = set()
        self._decided = False
        self._models: dict[str, ReadyModel] = {}
        self._seated: dict[str, tuple[int, _Seated]] = {}
        self._columns: dict[tuple[str, str], tuple[int, list[str], npt.NDArray[np.int32]]] = {}
        self._modes = LikelyModes()

    def install(self, publication: Publication, models: Mapping[str, ReadyModel] | None = None) -> None:
        """Take over what a publication changes. One that is older than the last is a learner catching up; it counts.

        Args:
            publication: The publication.
            models: Its models, if somebody has made them ready already.

        Raises:
            BadModel: A model's arrays do not fit together.
        """
        if models is None:
            models = {key: ReadyModel(model) for key, model in publication.models.items()}
        self.learned_seq = publication.seq
        self.needed_seq = publication.needed_seq
        self.outcomes_waiting = publication.outcomes_waiting
        self.due = publication.due
        self._modes.online = publication.modes or self._modes.online
        self._models.update(models)
        self.standings.update({out.home_type: out for out in publication.home_types})
        self._seated.clear()

    def shelve(self, model: ReadyModel, sha256: str, modes: CompiledModes | None = None) -> None:
        """Have a checkpoint at hand, and its mode forest if it has one; they speak once it serves."""
        self._models[sha256] = model
        if modes is not None:
            self._modes.forests[sha256] = modes

    def has(self, sha256: str) -> bool:
        """Whether a checkpoint is at hand."""
        return sha256 in self._models

    def decided(self, versions: Versions) -> None:
        """Something about what serves, or who may speak, was decided: ``versions`` holds from now on."""
        self._versions = versions
        self._decided = True
        self._seated.clear()

    def let_go(self) -> None:
        """What was decided is durable: checkpoints that served before it and do no longer are not needed."""
        if self._decided:
            in_force = self._versions.in_force()
            gone, self._in_force, self._decided = self._in_force - in_force, in_force, False
            for sha256 in gone:
                self._models.pop(sha256, None)
            self._columns = {key: value for key, value in self._columns.items() if key[1] not in gone}

    def install_baseline(self, model: CompiledModel, member: Member) -> None:
        """The baseline may speak from now on, also where the learner has not published anything yet."""
        self._models[BASELINE] = ReadyModel(model)
        self._seated.clear()
        out = self.standings.get(DEFAULT)
        if out is None:
            alone = [msgspec.structs.replace(member, weight=1.0), _bare_prior()]
            self.standings[DEFAULT] = HomeTypeOut(home_type=DEFAULT, members=alone)

    def standing(self, home_type: str) -> HomeTypeOut:
        """The committee of a home type as published, or the default one."""
        out = self.standings.get(home_type) or self.standings.get(DEFAULT)
        return out or HomeTypeOut(home_type=DEFAULT, members=[_bare_prior()])

    def answer(self, home_type: str, layout: Layout, rows: npt.NDArray[np.float32]) -> Answers:
        """The risks of feature rows, float32 (n, f) in ``layout``'s columns."""
        width, seated = self._seated.get(home_type, (-1, None))
        if seated is None or width != layout.width:
            seated = self._seat(home_type, layout)
            self._seated[home_type] = (layout.width, seated)
        return seated.answer(rows)

    def peek(self, home_type: str, layout: Layout, rows: npt.NDArray[np.float32]) -> Answers:
        """Like `answer`, for a layout made for one question: nothing of it is kept."""
        columns = self._columns
        self._columns = {}
        try:
            return self._seat(home_type, layout).answer(rows)
        finally:
            self._columns = columns

    def members(self, home_type: str, layout: Layout) -> list[Member]:
        """Those who sit in a home type's committee now, with the weights they have for rows of this layout."""
        return self._members(self.standing(home_type), home_type, layout)[0]

    def _members(self, out: HomeTypeOut, home_type: str, layout: Layout) -> tuple[list[Member], bool]:
        """The members, and whether they are the blend that the learner has calibrated."""
        able = self.able(home_type, layout)
        seated = weighed(resolved(out.members, home_type, self._versions), home_type, self._versions, able)
        return seated, is_blend(seated, home_type, self._versions, able)

    def able(self, home_type: str, layout: Layout) -> set[str]:
        """Names of those members that have a model and know the layout's metrics, whether they may speak or not."""
        members = resolved(self.standing(home_type).members, home_type, self._versions)
        return {m.member for m in members if m.model is None or self._able(m, layout)}

    def _seat(self, home_type: str, layout: Layout) -> _Seated:
        out = self.standing(home_type)
        members, blended = self._members(out, home_type, layout)
        bound = [self._bind(home_type, member, layout) for member in members]
        return _Seated(members, bound, (out.slope, out.offset) if blended else (1.0, 0.0))

    def _able(self, member: Member, layout: Layout) -> bool:
        """Whether a member has a model and knows the layout's metrics."""
        return member.model in self._models and knows(member.metrics, layout.metrics)

    def _bind(self, home_type: str, member: Member, layout: Layout) -> BoundModel | None:
        """A member's model bound to a layout, or None where it has none or may not speak."""
        if member.model is None or not self._able(member, layout):
            return None
        model = self._models[member.model]
        width, names, column = self._columns.get((home_type, member.model), (-1, [], None))
        if column is None or width != layout.width or names != model.names:
            column = layout.bind(model.names)
            self._columns[home_type, member.model] = (layout.width, model.names, column)
        return BoundModel(model, column)

    def likely_mode(
        self, home_type: str, device_type: str, risk: float, alert_risk: float, given: Given | None = None
    ) -> str | None:
        """The likeliest failure mode, if the risk is high and one is known; see `modes`."""
        if risk < alert_risk:
            return None
        return next(iter(self.modes(home_type, device_type, given)), None)

    def modes(self, home_type: str, device_type: str, given: Given | None = None) -> dict[str, float]:
        """Probability of each failure mode if the device fails, the likeliest first; empty if none is known.

        Told by the models from its feature row; without the row, or while there is no such model, they are the shares
        of the modes among the positives of its device type.
        """
        if given is not None:
            version = self._versions.serving(home_type)
            able = version is not None and knows(version.metrics, given[0].metrics)
            shares = self._modes.shares(home_type, version.sha256 if version is not None and able else None, given)
            if shares is not None:
                return shares
        seen = self.standing(home_type).modes.get(device_type, {})
        total = sum(seen.values())
        return ranked({mode: count / total for mode, count in seen.items()})


def _bare_prior() -> Member:
    return Member(member=PRIOR, model=None, version=0, risk=Prior().risk(), weight=1.0)
