"""The learner's fold: what becomes of examples, and that it depends on the log alone."""

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from service.contracts.outcomes import Failure
from service.contracts.standing import LabelCounts
from service.evaluation.metrics import roc_auc
from service.pipeline.learning.learn import LearnerFold
from service.pipeline.publication import encode_publication
from service.pipeline.records import decode_record
from service.pipeline.views.home_type_views import scored
from service.storage.memory import MemoryEventLog, MemoryExampleStore
from tests.pipeline.lockstep import LockStep, at
from tests.pipeline.streams import SETTINGS, hourly
from tests.service_process import ROOT


def run(hours: list[Any], *, advance_h: float = 0.0) -> tuple[MemoryEventLog, LearnerFold, MemoryExampleStore]:
    """Log a stream in lock-step with a learner."""
    both = LockStep()
    for readings, outcomes in hours:
        both.tell(*outcomes)
        both.read(readings)
    if advance_h:
        both.advance(max(reading.ts for reading in hours[-1][0]) + timedelta(hours=advance_h))
    return both.log, both.fold, both.store


def total(fold: LearnerFold) -> LabelCounts:
    counts = [of_type.counts() for of_type in fold.home_types.values()]
    return LabelCounts(**{name: sum(getattr(c, name) for c in counts) for name in LabelCounts.__struct_fields__})


def test_every_example_ends_as_positive_negative_or_censored() -> None:
    """After event time is advanced nothing is pending, and the counts add up; the last hours are censored."""
    hours = hourly(72)
    _, fold, store = run(hours, advance_h=24)
    counts = total(fold)
    assert 72 * 12 == counts.matured
    assert 0 == counts.pending
    assert counts.matured == counts.positive + counts.negative + counts.censored
    assert counts.censored > 0
    assert counts.matured == sum(len(block.label) for block in store.blocks())


def test_all_positives_are_learned_and_about_two_negatives_for_each() -> None:
    """Learning sees every positive, and not all of the rest."""
    counts = total(run(hourly(300))[1])
    assert counts.positive == counts.positives_learned > 100
    assert 1.2 < counts.negatives_learned / counts.positives_learned < 2.8
    assert counts.negatives_learned < counts.negative


def learned_modes(store: MemoryExampleStore, *, late: bool) -> list[tuple[int, str]]:
    """Label and mode of each learned example of the studio, or of those that were settled once more."""
    return [
        (int(np.frombuffer(block.label, np.int8)[position]), mode)
        for block in store.blocks("studio")
        if block.late == late
        for position, mode in zip(np.frombuffer(block.chosen, np.int32), block.modes, strict=True)
    ]


def test_learned_positives_keep_their_failure_mode() -> None:
    """Positives by the mode that was told, negatives without one."""
    modes = learned_modes(run(hourly(100))[2], late=False)
    assert {(1, "heat"), (0, "")} == set(modes)


@pytest.mark.parametrize(("told", "kept"), [("heat", "heat"), ("unknown", "")])
def test_late_positives_keep_their_failure_mode(told: str, kept: str) -> None:
    """Also where a failure is reported after maturity; a mode that nobody told is none."""
    both = LockStep()
    both.live(range(12), "lamp", "lock", home_type="studio")
    both.tell(Failure(outcome_id="f", home_id="home-studio", device_id="lamp", ts=at(2.5), mode=told))
    assert [(1, kept)] * 3 == learned_modes(both.store, late=True)


def test_without_failures_nothing_is_learned_and_the_risk_stays() -> None:
    """That nobody reports failures makes nothing healthy."""
    silent: list[Any] = [(readings, []) for readings, _ in hourly(120)]
    _, fold, _ = run(silent)
    assert (0, 0) == (total(fold).learned, total(fold).positive)
    assert total(fold).negative > 500
    for out in fold.publication().home_types:
        assert [0.02] == [member.risk for member in out.members if member.member == "prior"]


def test_same_log_gives_the_same_state() -> None:
    """A second fold of the log publishes the same bytes: models, weights, counts."""
    log, fold, _ = run(hourly(150))
    again = LearnerFold(SETTINGS, log, MemoryExampleStore())
    for record in log.read(0, limit=10_000):
        again.apply(record.seq, decode_record(record))
    assert total(fold) == total(again)
    assert digest(fold) == digest(again)


def digest(fold: LearnerFold) -> bytes:
    """All that the fold would publish, whatever it has published before."""
    fold._published.clear()
    fold._changed.update(fold.home_types, [""])
    return encode_publication(fold.publication())


def test_state_does_not_depend_on_the_hash_seed() -> None:
    """Other processes with other orders of sets and dicts come to the same bytes."""
    code = (
        "import hashlib; from tests.pipeline.learning.test_learn import *; "
        "print(hashlib.sha256(digest(run(hourly(80))[1])).hexdigest())"
    )
    reference, *others = (
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "1", "2")
    )
    assert [reference] * 2 == others


def test_events_must_come_in_order() -> None:
    """A gap in the log is an error, not a silent loss."""
    log, fold, _ = run(hourly(3))
    with pytest.raises(ValueError, match="after"):
        fold.apply(log.last_seq() + 2, decode_record(log.read(0)[0]))


def test_models_learn_something() -> None:
    """On devices that warm up before they fail, the blend soon ranks far better than chance."""
    labels, risks = scored(run(hourly(400))[2].blocks())
    later = slice(len(labels) // 2, None)
    assert (roc_auc(labels[later], risks["blend"][later]) or 0.0) > 0.8
