"""Views of home types: who votes, how well, how the labels come in; and the exact prequential evaluation."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from service.contracts.errors import NotKnown
from service.contracts.ports import ExampleStore, MaturedExamples
from service.contracts.standing import (
    Evaluation,
    HomeTypeDetail,
    HomeTypeList,
    HomeTypeSummary,
    LabelCounts,
    MemberQuality,
    MemberState,
    Quality,
)
from service.evaluation.metrics import quality
from service.features.windows import NEVER
from service.labels.corrected import corrected_labels, late_positives
from service.labels.join import CENSORED, POSITIVE
from service.models.committee import FALLBACKS, champion
from service.pipeline.instants import utc
from service.pipeline.publication import Member
from service.pipeline.scoring.fleet import FleetState
from service.pipeline.scoring.score import Panel

WINDOW = 20_000
"""How many of the latest matured examples the live quality is computed over."""

BLEND = "blend"
_SKIPPED = 0.3


def scored(blocks: Sequence[MaturedExamples]) -> tuple[npt.NDArray[np.bool_], dict[str, npt.NDArray[np.float64]]]:
    """Labels, and risks by member and of the blend, of matured examples in order, censored ones left out."""
    late = late_positives(blocks)
    blocks = [block for block in blocks if not block.late]
    labels = [corrected_labels(block, late) for block in blocks]
    kept = [label > CENSORED for label in labels]
    members = sorted({name for block in blocks for name in block.members})
    risks: dict[str, list[npt.NDArray[np.float64]]] = {name: [] for name in (BLEND, *members)}
    for block, keep in zip(blocks, kept, strict=True):
        risks[BLEND].append(np.frombuffer(block.blend)[keep])
        given = np.frombuffer(block.member_risk, np.float32).reshape(len(keep), -1)[keep].astype(np.float64)
        for name in members:
            place = block.members.index(name) if name in block.members else None
            risks[name].append(given[:, place] if place is not None else np.full(len(given), np.nan))
    if not blocks:
        return np.zeros(0, np.bool_), {BLEND: np.zeros(0)}
    positive = np.concatenate([label[keep] == POSITIVE for label, keep in zip(labels, kept, strict=True)])
    return positive, {name: np.concatenate(parts) for name, parts in risks.items()}


def evaluate(store: ExampleStore, home_type: str | None, up_to_seq: int, weights: dict[str, float]) -> Evaluation:
    """Exact quality over all matured examples kept, and over those after the first 30 %."""
    labels, risks = scored(store.blocks(home_type, up_to_seq=up_to_seq))
    rest = slice(int(_SKIPPED * len(labels)), None)
    return Evaluation(
        up_to_seq=up_to_seq,
        examples=len(labels),
        positives=int(labels.sum()),
        risk={
            name: MemberQuality(all=quality(labels, column), last70=quality(labels[rest], column[rest]))
            for name, column in risks.items()
        },
        weights=weights,
    )


def live_quality(store: ExampleStore, home_type: str, up_to_seq: int) -> dict[str, Quality]:
    """Quality by member, and of the blend, over the latest matured examples of a home type."""
    labels, risks = scored(store.latest(home_type, WINDOW, up_to_seq=up_to_seq))
    window = slice(-WINDOW, None)
    return {name: quality(labels[window], column[window]) for name, column in risks.items()}


class HomeTypeViews:
    """Questions about home types. Each call needs the ingest lock.

    Args:
        fleet, panel: The state as it stands.
        grace_us: For the answer.
    """

    def __init__(self, fleet: FleetState, panel: Panel, grace_us: int) -> None:
        self._fleet = fleet
        self._panel = panel
        self._grace_us = grace_us

    def names(self) -> list[str]:
        """All home types seen, by name."""
        return sorted(self._fleet.home_types)

    def check(self, name: str) -> None:
        """Raises `NotKnown` if no reading of a home type has come."""
        if name not in self._fleet.home_types:
            raise NotKnown(f"no reading from a home of type {name!r} has come yet")

    def _members(self, name: str) -> list[Member]:
        """Those who sit in the committee now."""
        return self._panel.members(name, self._fleet.home_types[name].windows.layout)

    def every(self, pr_auc: dict[str, float | None]) -> HomeTypeList:
        """One row each, with the live PR-AUC of the blend as given."""
        rows = []
        for name in self.names():
            state, out, members = self._fleet.home_types[name], self._panel.standing(name), self._members(name)
            rows.append(
                HomeTypeSummary(
                    home_type=name,
                    devices=len(state.devices) - len(state.buried),
                    readings=state.readings,
                    champion=_champion(members),
                    provisional=_provisional(members),
                    watermark=_instant(out.watermark_us),
                    positives_learned=out.counts.positives_learned,
                    pr_auc=pr_auc.get(name),
                )
            )
        return HomeTypeList(home_types=rows, outcomes_waiting=self._panel.outcomes_waiting)

    def weights(self, home_type: str | None) -> dict[str, float]:
        """Weights in force, of one home type, or the mean over all (by examples matured) for the fleet."""
        names = self.names() if home_type is None else [home_type]
        total: dict[str, float] = {}
        mass = 0.0
        for name in names:
            examples = max(self._panel.standing(name).counts.matured, 1)
            mass += examples
            for member in self._members(name):
                total[member.member] = total.get(member.member, 0.0) + examples * member.weight
        return {member: weight / mass for member, weight in sorted(total.items())}

    def detail(self, name: str, qualities: dict[str, Quality]) -> HomeTypeDetail:
        """All that is known of a home type, with the live qualities as given.

        Raises:
            NotKnown: No reading of it has come.
        """
        self.check(name)
        state = self._fleet.home_types[name]
        out, members = self._panel.standing(name), self._members(name)
        counts: LabelCounts = out.counts
        newest = int(state.windows.last_ts[: len(state.devices)].max(initial=NEVER))
        lag_s = None if out.watermark_us is None or newest == NEVER else max(0.0, (newest - out.watermark_us) / 1e6)
        wait_us = self._fleet.horizon_us + self._grace_us
        modes: dict[str, int] = {}
        for seen in out.modes.values():
            for mode, count in seen.items():
                modes[mode] = modes.get(mode, 0) + count
        return HomeTypeDetail(
            home_type=name,
            devices=len(state.devices) - len(state.buried),
            readings=state.readings,
            champion=_champion(members),
            provisional=_provisional(members),
            horizon_s=self._fleet.horizon_us / 1e6,
            grace_s=self._grace_us / 1e6,
            watermark=_instant(out.watermark_us),
            lag_events=max(0, self._fleet.seq - self._panel.learned_seq),
            lag_s=lag_s,
            first_label_due=_instant(None if out.oldest_pending_us is None else out.oldest_pending_us + wait_us),
            counts=counts,
            outcomes=out.outcomes,
            modes=dict(sorted(modes.items())),
            metrics=list(state.windows.layout.metrics),
            metrics_dropped=state.dropped,
            members=[
                MemberState(
                    member=member.member,
                    version=member.version,
                    weight=member.weight,
                    votes=member.weight > 0.0,
                    benched=member.benched,
                    log_loss=member.log_loss,
                    quality=qualities.get(member.member),
                )
                for member in members
            ],
            quality=qualities.get(BLEND),
        )


def _champion(members: Sequence[Member]) -> str:
    return champion({member.member: member.weight for member in members})


def _provisional(members: Sequence[Member]) -> bool:
    return all(member.member in FALLBACKS for member in members if member.weight > 0.0)


def _instant(us: int | None) -> datetime | None:
    return None if us is None else utc(us)
