"""Example stores: one suite for every backend."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.contracts.journal import JournalKind, JournalRecord
from service.contracts.ports import ExampleStore, MaturedExamples
from service.storage import journal as journal_table
from service.storage import memory
from service.storage.examples import SqliteExampleStore
from service.storage.memory import MemoryExampleStore


def block(home_type: str, at_seq: int, n: int = 2, risk: float = 0.5) -> MaturedExamples:
    return MaturedExamples(
        home_type=home_type,
        at_seq=at_seq,
        seq=np.arange(n, dtype=np.int64).tobytes(),
        row=np.arange(n, dtype=np.int32).tobytes(),
        device=np.zeros(n, np.int32).tobytes(),
        ts=np.arange(n, dtype=np.int64).tobytes(),
        label=np.ones(n, np.int8).tobytes(),
        blend=np.full(n, risk).tobytes(),
        members=["forest", "prior"],
        member_risk=np.full((n, 2), risk, np.float32).tobytes(),
    )


@pytest.fixture(params=["sqlite", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ExampleStore]:
    opened: ExampleStore = (
        SqliteExampleStore(tmp_path / "examples.db") if request.param == "sqlite" else MemoryExampleStore()
    )
    yield opened
    opened.close()


def names(blocks: list[MaturedExamples]) -> list[tuple[int, str]]:
    return [(found.at_seq, found.home_type) for found in blocks]


def test_blocks_come_back_in_order(store: ExampleStore) -> None:
    """In order of event, then home type, whole and unchanged, however they were put."""
    store.put([block("villa", 7), block("apartment", 7)])
    store.put([])
    store.put([block("apartment", 10, n=0), block("apartment", 3)])

    assert names(store.blocks()) == [(3, "apartment"), (7, "apartment"), (7, "villa"), (10, "apartment")]
    assert store.blocks("villa") == [block("villa", 7)]
    assert names(store.blocks(up_to_seq=7)) == [(3, "apartment"), (7, "apartment"), (7, "villa")]
    assert names(store.blocks("apartment", up_to_seq=6)) == [(3, "apartment")]
    assert store.blocks("castle") == []


def test_learned_examples_keep_their_rows_and_modes(store: ExampleStore) -> None:
    """What was learned comes back with its features and its failure modes."""
    learned = msgspec.structs.replace(
        block("villa", 7),
        chosen=np.array([1], np.int32).tobytes(),
        columns=2,
        features=np.array([1.5, np.nan], np.float32).tobytes(),
        modes=["battery"],
    )
    store.put([learned])

    assert store.blocks() == [learned]


def test_a_block_from_before_more_was_kept(tmp_path: Path) -> None:
    """It is read as one that knows no modes, and of which all that was kept was learned."""
    path = tmp_path / "examples.db"
    store = SqliteExampleStore(path)
    store.put([block("villa", 7)])
    fields = msgspec.to_builtins(block("villa", 7), builtin_types=(bytes,))
    del fields["modes"], fields["learned"]
    database = apsw.Connection(str(path))
    database.execute("UPDATE matured SET blob = ?", (msgspec.msgpack.encode(fields),))
    database.close()

    assert store.blocks() == [block("villa", 7)]
    kept = msgspec.structs.replace(several(1, [7, 8, 9]), learned=b"")
    assert kept.was_learned().tolist() == [True, True]
    store.close()


def test_a_replay_is_harmless(store: ExampleStore) -> None:
    """A block of the same home type and event takes the place of the former."""
    store.put([block("villa", 7, n=5, risk=0.1), block("villa", 8)])
    store.put([block("villa", 7, n=3, risk=0.9)])

    assert store.blocks() == [block("villa", 7, n=3, risk=0.9), block("villa", 8)]


@given(sizes=st.lists(st.integers(0, 5), max_size=8), wanted=st.integers(0, 25), up_to=st.none() | st.integers(0, 10))
def test_latest_holds_what_was_asked_for_and_no_more(sizes: list[int], wanted: int, up_to: int | None) -> None:
    """The newest blocks that hold at least so many examples, or all; one block less would be too few."""
    for opened in (MemoryExampleStore(), SqliteExampleStore(Path(":memory:"))):
        opened.put([block("villa", seq, n) for seq, n in enumerate(sizes, 1)] + [block("castle", 9, 50)])
        found = opened.latest("villa", wanted, up_to_seq=up_to)
        everything = opened.blocks("villa", up_to_seq=up_to)
        counts = [len(one.label) for one in found]
        opened.close()

        assert everything[len(everything) - len(found) :] == found
        assert sum(counts) >= wanted or found == everything
        assert not found or sum(counts[1:]) < wanted


def test_reopened_store_has_everything(tmp_path: Path) -> None:
    """After a restart the blocks are there."""
    store = SqliteExampleStore(tmp_path / "examples.db")
    store.put([block("villa", 7)])
    store.close()
    store = SqliteExampleStore(tmp_path / "examples.db")

    assert store.blocks() == [block("villa", 7)]
    store.close()


def test_one_writes_while_another_reads(tmp_path: Path) -> None:
    """The learner puts, the service sees it, without a restart."""
    learner, service = SqliteExampleStore(tmp_path / "examples.db"), SqliteExampleStore(tmp_path / "examples.db")
    learner.put([block("villa", 7)])

    assert service.blocks() == [block("villa", 7)]
    learner.close()
    service.close()


def test_reading_beside_the_writer_changes_nothing(tmp_path: Path) -> None:
    """A reader sees what the writer puts; it makes no file, and leaves one alone that is damaged."""
    path = tmp_path / "examples.db"
    with pytest.raises(OSError, match=r"examples\.db"):
        SqliteExampleStore(path, read_only=True)
    assert [] == list(tmp_path.iterdir())

    store = SqliteExampleStore(path)
    reader = SqliteExampleStore(path, read_only=True)
    store.put([block("villa", 7)])
    assert reader.blocks() == [block("villa", 7)]
    with pytest.raises(apsw.ReadOnlyError):
        reader.put([block("villa", 8)])
    reader.close()
    store.close()

    path.write_bytes(b"no database at all, but long enough to be looked at" * 100)
    with pytest.raises(OSError, match="not a database"):
        SqliteExampleStore(path, read_only=True)
    assert path.exists()


def decision(seq: int, place: int = 0, kind: JournalKind = "benched", home_type: str | None = "villa") -> JournalRecord:
    return JournalRecord(
        seq=seq, place=place, kind=kind, home_type=home_type, member="forest", at_us=None, amount=0.5, sentence="so"
    )


def test_the_journal_comes_back_in_order(store: ExampleStore) -> None:
    """By event and place, from behind any of them, of one home type or kind, a page at a time."""
    records = [decision(3), decision(3, 1, "silence", None), decision(12), decision(20, 0, "champion", "condo")]
    store.note(records[2:])
    store.note(records[:2])

    assert store.journal() == records
    assert store.journal(after=(3, 0)) == records[1:]
    assert store.journal(after=(3, 0), limit=2) == records[1:3]
    assert store.journal(home_type="villa") == [records[0], records[2]]
    assert store.journal(kind="silence") == [records[1]]
    assert store.journal(home_type="condo", kind="silence") == []


def test_the_end_of_the_journal_is_found(store: ExampleStore) -> None:
    """Behind which place the newest records stand; behind none where there are not so many."""
    assert store.journal_back(0) == (0, -1)
    store.note([decision(2), decision(2, 1), decision(9)])
    assert [store.journal_back(n) for n in range(4)] == [(9, 0), (2, 1), (2, 0), (0, -1)]


def test_a_replayed_journal_is_harmless(store: ExampleStore) -> None:
    """The same records again replace themselves."""
    store.note([decision(3), decision(3, 1)])
    store.note([msgspec.structs.replace(decision(3), sentence="otherwise"), decision(3, 1)])

    assert [record.sentence for record in store.journal()] == ["otherwise", "so"]


def test_the_journal_keeps_the_newest(store: ExampleStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound the oldest go."""
    for module in (journal_table, memory):
        monkeypatch.setattr(module, "KEPT", 3)
    store.note([decision(seq) for seq in range(1_100)])

    assert [record.seq for record in store.journal()] == [1097, 1098, 1099]


def several(at_seq: int, devices: list[int], *, late: bool = False) -> MaturedExamples:
    """A block with one example of each device, of which every second was kept and every fourth learned."""
    n, chosen = len(devices), np.arange(0, len(devices), 2, dtype=np.int32)
    plain = block("villa", at_seq, n)
    return msgspec.structs.replace(
        plain,
        late=late,
        device=np.array(devices, np.int32).tobytes(),
        chosen=chosen.tobytes(),
        learned=(chosen % 4 == 0).tobytes(),
        columns=3,
        features=np.repeat(np.array(devices, np.float32)[chosen], 3).tobytes(),
        modes=[f"mode-{devices[k]}" for k in chosen],
        members=[] if late else plain.members,
        member_risk=b"" if late else plain.member_risk,
    )


def test_devices_are_forgotten(store: ExampleStore) -> None:
    """Their examples go, of one home type and up to an event; what is left keeps risks, rows and modes in step."""
    store.put([several(1, [7, 8, 9, 8, 5]), several(2, [8, 8]), several(3, [8, 9], late=True), several(4, [8])])
    store.put([block("condo", 1)])
    assert 5 == store.forget("villa", {8}, up_to_seq=3)
    first, late, after = store.blocks("villa")
    assert [7, 9, 5] == np.frombuffer(first.device, np.int32).tolist()
    assert [0, 1, 2] == np.frombuffer(first.chosen, np.int32).tolist()
    assert [True, False, True] == first.was_learned().tolist()
    assert [7.0] * 3 + [9.0] * 3 + [5.0] * 3 == np.frombuffer(first.features, np.float32).tolist()
    assert ["mode-7", "mode-9", "mode-5"] == first.modes
    assert (3, 2) == np.frombuffer(first.member_risk, np.float32).reshape(3, -1).shape
    assert ([9], [], b"") == (np.frombuffer(late.device, np.int32).tolist(), late.modes, late.member_risk)
    assert [several(4, [8])] == [after]
    assert [block("condo", 1)] == store.blocks("condo")
    assert 0 == store.forget("villa", {8}, up_to_seq=3)
