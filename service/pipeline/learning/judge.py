"""The judge: draws the conclusions of an event from what the watches say, and puts them into the diary."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from service.pipeline.learning.bench import benched
from service.pipeline.learning.config import LearnSettings
from service.pipeline.learning.diary import Diary
from service.pipeline.learning.fleet import Fleet
from service.pipeline.learning.home_type import HomeTypeFold
from service.pipeline.learning.policy import on_alarm, on_features
from service.pipeline.learning.settle import Drifted
from service.pipeline.publication import TrainingDue


class Judge:
    """Conclusions about home types and the fleet.

    Args:
        settings: The fold's settings.
        fleet: What is known of the fleet; a policy may change it.
        diary: Where decisions are put down.
    """

    def __init__(self, settings: LearnSettings, fleet: Fleet, diary: Diary) -> None:
        self._settings = settings
        self._fleet = fleet
        self._diary = diary

    def features(
        self,
        seq: int,
        fold: HomeTypeFold,
        rows: npt.NDArray[np.float32],
        place: npt.NDArray[np.intp],
        ts: npt.NDArray[np.int64],
    ) -> None:
        """New examples of an event have come: rows (n, f), their places in it and instants (n,)."""
        if not len(rows):
            return
        before, at_us = len(fold.features.away), fold.watermark.value_us
        for drift in fold.features.add(fold.layout, rows, place.astype(np.int32), ts, seq=seq, at_us=at_us):
            self._diary.feature_drifted(fold.home_type, drift)
        on_features(fold, before, self._settings)

    def losses(self, drifts: Iterable[Drifted]) -> None:
        """Losses have changed."""
        for owner, drift, alarmed in drifts:
            home_type = owner.home_type if isinstance(owner, HomeTypeFold) else None
            self._diary.member_drifted(home_type, drift, alarmed=alarmed)
            if alarmed:
                on_alarm(drift, owner, self._settings, self._diary)

    def committees(self, folds: Iterable[HomeTypeFold], due: Iterable[TrainingDue], at_us: int) -> None:
        """Who votes in some home types, and which trainings are due, may have changed."""
        for fold in folds:
            bench = benched(self._fleet, fold, self._settings)
            self._diary.committee(fold, bench, self._fleet.silence.since_us)
        self._diary.due(due, at_us)
