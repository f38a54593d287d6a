"""The keeper of the learner's snapshots: takes them between two chunks of the log, recovers from them."""

import logging
import time
from pathlib import Path

from service.contracts.errors import LogDamaged
from service.contracts.ports import EventLog, ExampleStore
from service.pipeline.learning.config import LearnSettings
from service.pipeline.learning.learn import LearnerFold
from service.pipeline.learning.snapshot import (
    FOLD_MADE_WITH,
    MODELS_MADE_WITH,
    dump_fold,
    dump_models,
    load_fold,
    load_models,
)
from service.storage.snapshots import SnapshotStore, folder_key

_LOG = logging.getLogger("hearthbeat.snapshots")


class LearnerKeeper:
    """Snapshots of the learner's fold.

    Args:
        folder: The data folder.
        every_s: Least time between two, in seconds.
    """

    def __init__(self, folder: Path, every_s: float) -> None:
        key = folder_key(folder)
        self._folds = SnapshotStore(folder / "snapshots", "learner", key=key, made_with=FOLD_MADE_WITH)
        self._models = SnapshotStore(folder / "snapshots", "models", key=key, made_with=MODELS_MADE_WITH)
        self._every_s = every_s
        self._taken_at = time.monotonic()
        self._taken_seq = 0
        self._needed: dict[int, int] = {}

    @property
    def needed_seq(self) -> int:
        """The first event needed, whichever of the kept snapshots is recovered from; 0 if that is not known."""
        kept = self._folds.seqs()
        if any(seq not in self._needed for seq in kept):
            return 0
        return min((self._needed[seq] for seq in kept), default=0)

    def recover(self, settings: LearnSettings, log: EventLog, examples: ExampleStore) -> LearnerFold:
        """The fold of the newest good snapshot, or an empty one if the log goes back to its beginning.

        Raises:
            LogDamaged: There is no good snapshot, and the log begins later.
        """
        for seq, blob in self._folds.newest_first(log.last_seq()):
            parts = (state for at_seq, state in self._models.newest_first() if at_seq == seq)
            try:
                models_blob = next(parts, None)
                models = load_models(models_blob) if models_blob is not None else None
                if models is None:
                    _LOG.warning("the models of snapshot %d cannot be used; they learn again from the store", seq)
                fold = load_fold(blob, models, settings, log, examples)
            except ValueError as error:
                _LOG.warning("snapshot %d of the learner is skipped: %s", seq, error)
                continue
            self._taken_seq = seq
            return fold
        if log.first_seq() > 1:
            raise LogDamaged("the log does not begin at event 1, and no snapshot of the learner can be read", seq=1)
        return LearnerFold(settings, log, examples)

    def pass_by(self, fold: LearnerFold) -> bool:
        """Take a snapshot if it is time; says whether it was."""
        due = fold.seq > self._taken_seq and time.monotonic() - self._taken_at >= self._every_s
        if due:
            self._take(fold)
        return due

    def forget(self, fold: LearnerFold, forget_seq: int) -> None:
        """Take a snapshot of a fold that has forgotten something, and remove those from before it."""
        if self._take(fold):
            self._models.drop_before(forget_seq)
            self._folds.drop_before(forget_seq)

    def close(self, fold: LearnerFold) -> None:
        """Keep the last state."""
        if fold.seq > self._taken_seq:
            self._take(fold)

    def _take(self, fold: LearnerFold) -> bool:
        try:
            self._models.save(fold.seq, dump_models(fold))  # first, so that no fold part is without its models
            self._folds.save(fold.seq, dump_fold(fold))
            self._needed[fold.seq] = fold.needed_seq()
        except OSError as error:
            _LOG.warning("no snapshot could be written: %s", error)
            return False
        finally:
            self._taken_at, self._taken_seq = time.monotonic(), fold.seq
        return True
