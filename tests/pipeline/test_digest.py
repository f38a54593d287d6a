"""Digests of the learner's state: they tell states apart, and looking changes nothing."""

from service.pipeline.digest import fold_digest, published_digest
from service.pipeline.learning.learn import LearnerFold
from service.pipeline.publication import encode_publication
from service.pipeline.records import decode_record
from service.storage.memory import MemoryExampleStore
from tests.pipeline.learning.test_learn import run
from tests.pipeline.streams import SETTINGS, hourly


def test_equal_folds_have_equal_digests_and_others_do_not() -> None:
    """A second fold of the log has the same digests; one event less changes some."""
    log, fold, _ = run(hourly(80))
    again = LearnerFold(SETTINGS, log, MemoryExampleStore())
    records = log.read(0, limit=10_000)
    for record in records[:-1]:
        again.apply(record.seq, decode_record(record))
    assert fold_digest(fold) != fold_digest(again)
    again.apply(records[-1].seq, decode_record(records[-1]))
    assert fold_digest(fold) == fold_digest(again)
    assert {"model forest@condo", "weights studio", "counts condo", "scales of the fleet"} <= fold_digest(fold).keys()


def test_digest_leaves_the_next_publication_as_it_is() -> None:
    """A fold whose digests were taken publishes the same bytes as one whose were not."""
    log, _, _ = run(hourly(80))
    watched, alone = (LearnerFold(SETTINGS, log, MemoryExampleStore()) for _ in range(2))
    for record in log.read(0, limit=10_000):
        for fold in (watched, alone):
            fold.apply(record.seq, decode_record(record))
        fold_digest(watched)
        assert encode_publication(alone.publication()) == encode_publication(watched.publication())


def test_publications_add_up_to_the_fold() -> None:
    """Whatever was published when: in the end it is the state, part by part."""
    log, _, _ = run(hourly(80))
    fold = LearnerFold(SETTINGS, log, MemoryExampleStore())
    published = []
    for record in log.read(0, limit=10_000):
        fold.apply(record.seq, decode_record(record))
        if record.seq % 7 == 0:
            published.append(fold.publication())
    published.append(fold.publication())
    theirs, ours = published_digest(published), fold_digest(fold)
    assert {name: digest for name, digest in ours.items() if not name.startswith("scales")} == theirs
