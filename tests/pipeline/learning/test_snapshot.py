"""Snapshots of the learner: a fold restored goes on as if it had never stopped."""

import pickle
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.pipeline.learning.learn import LearnerFold
from service.pipeline.learning.snapshot import dump_fold, dump_models, load_fold, load_models
from service.pipeline.records import decode_record
from service.storage.memory import MemoryEventLog, MemoryExampleStore
from tests.pipeline.learning.test_learn import digest, run
from tests.pipeline.streams import SETTINGS, hourly


def folded(log: MemoryEventLog, up_to: int, fold: LearnerFold) -> LearnerFold:
    for record in log.read(fold.seq, limit=up_to - fold.seq):
        fold.apply(record.seq, decode_record(record))
    return fold


@pytest.fixture(scope="module")
def logged() -> tuple[MemoryEventLog, bytes]:
    log, fold, store = run(hourly(160), advance_h=3)
    return log, digest(fold) + journal_of(store)


def journal_of(store: MemoryExampleStore) -> bytes:
    return msgspec.json.encode(store.journal())


@settings(max_examples=8)
@given(cut=st.integers(1, 170), models=st.booleans())
def test_snapshot_and_tail_are_the_whole_fold(logged: tuple[MemoryEventLog, bytes], cut: int, models: bool) -> None:
    """Cut anywhere; with the models, or without them, when they learn again from the training store."""
    log, whole = logged
    cut = min(cut, log.last_seq())
    store = MemoryExampleStore()
    first = folded(log, cut, LearnerFold(SETTINGS, log, store))
    fold_part, models_part = b"".join(dump_fold(first)), b"".join(dump_models(first))
    heir = load_fold(fold_part, load_models(models_part) if models else None, SETTINGS, log, store)
    assert cut == heir.seq
    assert digest(first) == digest(heir)
    assert whole == digest(folded(log, log.last_seq(), heir)) + journal_of(store)


@settings(max_examples=5)
@given(sizes=st.lists(st.integers(1, 12), min_size=1, max_size=5), share=st.floats(0.05, 0.95))
def test_however_requests_are_cut(sizes: list[int], share: float) -> None:
    """The promise holds for any batching of the stream: requests of any sizes, in turn."""
    requests: list[Any] = []
    for n, (readings, outcomes) in enumerate(hourly(70)):
        size = sizes[n % len(sizes)]
        parts = [readings[k : k + size] for k in range(0, len(readings), size)]
        requests += [(part, outcomes if not k else []) for k, part in enumerate(parts)]
    log, fold, _ = run(requests)
    store = MemoryExampleStore()
    first = folded(log, max(1, int(share * log.last_seq())), LearnerFold(SETTINGS, log, store))
    heir = load_fold(b"".join(dump_fold(first)), load_models(b"".join(dump_models(first))), SETTINGS, log, store)
    assert digest(fold) == digest(folded(log, log.last_seq(), heir))


def test_a_store_from_the_future_does_no_harm(logged: tuple[MemoryEventLog, bytes]) -> None:
    """After a crash the store may be ahead of the snapshot: what it holds beyond is not used, and written again."""
    log, whole = logged
    store = MemoryExampleStore()
    early = folded(log, 90, LearnerFold(SETTINGS, log, store))
    parts = b"".join(dump_fold(early)), b"".join(dump_models(early))
    folded(log, log.last_seq(), early)
    for models in (load_models(parts[1]), None):
        heir = load_fold(parts[0], models, SETTINGS, log, store)
        assert whole == digest(folded(log, log.last_seq(), heir)) + journal_of(store)


class _Evil:
    def __reduce__(self) -> Any:
        return print, ("it ran",)


@pytest.mark.parametrize("blob", [b"", b"nonsense", pickle.dumps(_Evil()), pickle.dumps(5)])
def test_foreign_bytes_are_refused(blob: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    """No name outside the list is resolved, and nothing of the bytes' choosing runs."""
    with pytest.raises(ValueError, match="not a"):
        load_fold(blob, None, SETTINGS, MemoryEventLog(), MemoryExampleStore())
    if blob != pickle.dumps(5):
        with pytest.raises(ValueError, match="not a"):
            load_models(blob)
    assert "" == capsys.readouterr().out
