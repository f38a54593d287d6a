"""Scoring: readings become feature rows, rows become risks, and both become one event.

The committee's models are those of the newest publication; scoring never waits for them.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
import numpy as np
import numpy.typing as npt

from service.contracts.events import Vote
from service.features.layout import Layout
from service.models.committee import BASELINE, FALLBACKS, PRIOR, blend, corrected, knows
from service.models.compiled import BoundModel, CompiledModel
from service.models.prior import Prior
from service.pipeline.publication import DEFAULT, HomeTypeOut, Member, Publication


def utc_offset_s(ts: datetime) -> int:
    """Offset of an aware instant's local time from UTC, in seconds."""
    if ts.tzinfo is UTC:
        return 0
    offset = ts.utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


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


class Panel:
    """The models and committees in force, bound to layouts as they are needed."""

    def __init__(self) -> None:
        self.learned_seq = 0
        self.needed_seq = 0
        self.outcomes_waiting = 0
        self.standings: dict[str, HomeTypeOut] = {}
        self._models: dict[str, CompiledModel] = {}
        self._bound: dict[tuple[str, str], tuple[CompiledModel, int, BoundModel]] = {}

    def install(self, publication: Publication) -> None:
        """Take over what a publication changes. One that is older than the last is a learner catching up; it counts."""
        self.learned_seq = publication.seq
        self.needed_seq = publication.needed_seq
        self.outcomes_waiting = publication.outcomes_waiting
        self._models.update(publication.models)
        self.standings.update({out.home_type: out for out in publication.home_types})

    def install_baseline(self, model: CompiledModel, member: Member) -> None:
        """The baseline speaks from now on, also where the learner has not published anything yet."""
        self._models[BASELINE] = model
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
        members = self.standing(home_type).members
        member_risk = np.full((len(rows), len(members)), np.nan)
        weights = [0.0] * len(members)
        for k, member in enumerate(members):
            if member.model is None:
                member_risk[:, k] = member.risk
                continue
            model = self._models.get(member.model)
            if model is None or not knows(member.metrics, layout.metrics):
                continue
            bound = self._bind(home_type, member.model, model, layout)
            member_risk[:, k] = corrected(bound.score(rows), member.shift)
            weights[k] = member.weight
        if not any(weights):
            weights = [1.0 if member.member == PRIOR else 0.0 for member in members]
        total = sum(weights)
        votes = [Vote(m.member, m.version, weight / total) for m, weight in zip(members, weights, strict=True)]
        return Answers(
            risk=blend(member_risk, weights),
            votes=votes,
            member_risk=member_risk,
            provisional=all(vote.member in FALLBACKS for vote in votes if vote.weight > 0.0),
        )

    def peek(self, home_type: str, layout: Layout, rows: npt.NDArray[np.float32]) -> Answers:
        """Like `answer`, for a layout made for one question: nothing of it is kept."""
        kept = self._bound
        self._bound = {}
        try:
            return self.answer(home_type, layout, rows)
        finally:
            self._bound = kept

    def _bind(self, home_type: str, key: str, model: CompiledModel, layout: Layout) -> BoundModel:
        cached = self._bound.get((home_type, key))
        if cached is not None and cached[0] is model and cached[1] == layout.width:
            return cached[2]
        bound = BoundModel(model, layout.bind(model.names))
        self._bound[home_type, key] = (model, layout.width, bound)
        return bound

    def likely_mode(self, home_type: str, device_type: str, risk: float, alert_risk: float) -> str | None:
        """The commonest failure mode of such devices, if the risk is high and one is known."""
        if risk < alert_risk:
            return None
        shares = self.modes(home_type, device_type)
        return next(iter(shares), None)

    def modes(self, home_type: str, device_type: str) -> dict[str, float]:
        """Shares of the failure modes of such devices among the positives learned, the likeliest first."""
        seen = self.standing(home_type).modes.get(device_type, {})
        total = sum(seen.values())
        ranked: Sequence[tuple[str, int]] = sorted(seen.items(), key=lambda item: (-item[1], item[0]))
        return {mode: count / total for mode, count in ranked}


def _bare_prior() -> Member:
    return Member(member=PRIOR, model=None, version=0, risk=Prior().risk(), weight=1.0)
