"""What the trainer reads from the training store."""

import msgspec
import numpy as np
import pytest

from service.contracts.outcomes import Failure
from service.contracts.ports import MaturedExamples
from service.jobs.training.examples import Examples, read_examples
from service.storage.memory import MemoryExampleStore
from tests.jobs.training.stores import BATTERY, COLUMNS, columns_of, lived, settled_late
from tests.pipeline.lockstep import LockStep, at
from tests.pipeline.streams import hourly


def read(blocks: list[MaturedExamples], *, window: int = 10**6, up_to_seq: int = 10**6) -> Examples:
    store = MemoryExampleStore()
    store.put(blocks)
    return read_examples(store, "villa", COLUMNS, window=window, up_to_seq=up_to_seq)


def test_the_examples_of_a_real_learner() -> None:
    """All that matured uncensored, and the rows that were kept, with their labels and modes; more than was learned."""
    both = LockStep()
    for readings, outcomes in hourly(120):
        both.tell(*outcomes)
        both.read(readings)
    columns, counts = both.fold.home_types["condo"].layout.columns, both.counts("condo")
    found = read_examples(both.store, "condo", columns, window=10**6, up_to_seq=both.log.last_seq())

    assert (counts.positive, counts.negative) == (found.all_labels.sum(), (~found.all_labels).sum())
    assert counts.positives_learned == found.labels.sum()
    assert 2 * counts.negatives_learned < (~found.labels).sum() < counts.negative
    assert counts.learned == sum(int(b.was_learned().sum()) for b in both.store.blocks("condo"))
    assert ["heat" if label else "" for label in found.labels] == found.modes
    kept = [
        np.frombuffer(b.features, np.float32).reshape(-1, b.columns) for b in both.store.blocks("condo") if b.columns
    ]
    np.testing.assert_array_equal(np.concatenate(kept), found.rows)
    assert (np.diff(found.at_seq) >= 0).all()
    assert found.at_seq[-1] <= both.log.last_seq()


def test_late_failures_of_a_real_learner() -> None:
    """Examples that a late failure made positive have their rows, though they were not learned when they were final."""
    both = LockStep()
    both.live(range(12), "lamp", "lock")
    both.tell(Failure(outcome_id="f", home_id="home-condo", device_id="lamp", ts=at(2.5), mode="battery"))
    columns = both.fold.home_types["condo"].layout.columns
    found = read_examples(both.store, "condo", columns, window=10**6, up_to_seq=10**6)

    assert [True] * 3 == found.labels.tolist()
    assert ["battery"] * 3 == found.modes
    assert [20.0] * 3 == found.rows[:, columns.index("temperature_c.raw")].tolist()
    assert (3, 10) == (found.all_labels.sum(), len(found.all_labels))


def test_a_negative_that_turned_out_positive_counts_once() -> None:
    """Learned as a negative first: its row stands there once, as a positive, at the event at which it matured."""
    blocks = lived("villa", hours=20)
    before = read(blocks)
    negative = int(np.flatnonzero(~before.labels)[0])
    at_seq, device = int(before.at_seq[negative]), int(before.device[negative])
    after = read([*blocks, settled_late("villa", 99, at_seq, [device], features=before.rows[negative].tolist())])

    changed = before.labels != after.labels
    assert [negative] == np.flatnonzero(changed).tolist()
    assert "drift" == after.modes[negative]
    np.testing.assert_array_equal(before.rows, after.rows)
    assert before.at_seq.tolist() == after.at_seq.tolist()
    assert int(before.all_labels.sum()) + 1 == after.all_labels.sum()


def test_a_late_positive_without_features() -> None:
    """What had left the log when the failure was told counts among all that matured; a row it never had is not made."""
    blocks = lived("villa", hours=20)
    before = read(blocks)
    left_out = sorted(set(range(24)) - set(before.device[before.at_seq == 5].tolist()))[:2]
    after = read([*blocks, settled_late("villa", 99, 5, left_out, features=None)])

    assert len(before.labels) == len(after.labels)
    assert int(before.all_labels.sum()) + 2 == after.all_labels.sum()


def test_the_window_holds_the_newest() -> None:
    """Exactly so many of all that matured, and the rows among them; late ones of before the window do not count."""
    blocks = lived("villa", hours=40)
    whole = read(blocks)
    part = read([*blocks, settled_late("villa", 99, 2, [3], features=[0.0] * len(COLUMNS))], window=100)

    assert 100 == len(part.all_labels)
    assert whole.all_ts[-100:].tolist() == part.all_ts.tolist()
    inside = whole.ts >= part.all_ts[0]
    assert whole.ts[inside].tolist() == part.ts.tolist()
    np.testing.assert_array_equal(whole.rows[inside], part.rows)


def test_nothing_of_later_events() -> None:
    """As the store was after an event: blocks and corrections of later ones are left out."""
    blocks = lived("villa", hours=40)
    late = settled_late("villa", 99, 5, [3], features=[0.0] * len(COLUMNS))

    assert (
        msgspec.structs.asdict(read(blocks[:30]))["all_ts"].tolist()
        == read([*blocks, late], up_to_seq=30).all_ts.tolist()
    )
    assert read(blocks[:30]).labels.tolist() == read([*blocks, late], up_to_seq=30).labels.tolist()


def test_censored_examples_are_left_out() -> None:
    """Nobody knows what they are."""
    (block,) = lived("villa", hours=1)
    labels = np.frombuffer(block.label, np.int8).copy()
    chosen = np.frombuffer(block.chosen, np.int32)
    censored = sorted(set(range(24)) - set(chosen.tolist()))
    labels[censored] = -1
    found = read([msgspec.structs.replace(block, label=labels.tobytes())])

    assert 24 - len(censored) == len(found.all_labels) == len(found.labels)
    assert chosen.tolist() == found.device.tolist()


def test_rows_from_before_a_column_came() -> None:
    """A device type that came later is not theirs, a metric that came later was missing; what is unknown stays NaN."""
    store = MemoryExampleStore()
    store.put(lived("villa", hours=5))
    columns = [*COLUMNS, *columns_of(("co2_ppm",), ("lock",))[7:]]
    found = read_examples(store, "villa", columns, window=100, up_to_seq=100)
    later = dict(zip(columns[len(COLUMNS) :], found.rows[0, len(COLUMNS) :].tolist(), strict=True))

    assert {0.0} == set(found.rows[:, -1].tolist()) == {later["device_type=lock"]}
    assert (1.0, 0.0, 0.0) == (later["co2_ppm.missing"], later["co2_ppm.deviation"], later["co2_ppm.trend"])
    assert np.isnan([later["co2_ppm.raw"], later["co2_ppm.fast"], later["co2_ppm.slow"]]).all()
    assert np.isnan(found.rows[:, BATTERY]).any()
    with pytest.raises(ValueError, match="14 are known"):
        read_examples(store, "villa", COLUMNS[:14], window=100, up_to_seq=100)


def test_a_home_type_without_examples() -> None:
    """Nothing matured yet, or nothing was learned."""
    found = read([])
    assert (0, len(COLUMNS)) == found.rows.shape
    assert 0 == len(found.all_labels)
