"""The journal's entries, counted as they come."""

from service.contracts.journal import JournalKind, JournalRecord
from service.observe.decisions import Decisions
from service.storage.memory import MemoryExampleStore


def _record(seq: int, kind: JournalKind, home_type: str | None = "villa") -> JournalRecord:
    sentence = f"{kind} at {seq}"
    return JournalRecord(
        seq=seq, place=0, kind=kind, home_type=home_type, member="", at_us=None, amount=None, sentence=sentence
    )


def test_counts_begin_at_the_start_and_what_is_shown_does_not() -> None:
    """Entries from before are shown, later ones are counted once each, by kind and home type."""
    store = MemoryExampleStore()
    store.note([_record(1, "member_drift"), _record(2, "champion")])
    decisions = Decisions(store)
    first = decisions.state()
    assert ([], "member_drift at 1") == (first.counts, first.last_drift.sentence if first.last_drift else None)
    assert ["champion", "member_drift"] == [entry.kind for entry in first.last]
    store.note([_record(3, "silence", None), _record(4, "feature_drift"), _record(5, "feature_drift")])
    decisions.state()
    second = decisions.state()
    assert {("silence", None): 1, ("feature_drift", "villa"): 2} == {
        (each.kind, each.home_type): each.count for each in second.counts
    }
    assert "feature_drift at 5" == (second.last_drift.sentence if second.last_drift else None)
