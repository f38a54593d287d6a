"""Pages of the journal."""

import pytest

from service.contracts.errors import BadQuery
from service.contracts.journal import JournalRecord
from service.pipeline.views.journal_view import journal_page
from service.storage.memory import MemoryExampleStore
from tests.pipeline.streams import NOW_US


def filled() -> MemoryExampleStore:
    store = MemoryExampleStore()
    store.note(
        [
            JournalRecord(
                seq=seq, place=place, kind="champion", home_type="condo", member="forest", at_us=NOW_US, amount=0.5,
                sentence=f"{seq}-{place}",
            )
            for seq in (3, 5)
            for place in range(3)
        ]
    )  # fmt: skip
    return store


def test_pages_hold_every_entry_once() -> None:
    """One after the other; the last page's ``next`` leads to what comes later."""
    store, after, seen = filled(), None, []
    while (page := journal_page(store, None, None, after, 2)).entries:
        seen += [entry.sentence for entry in page.entries]
        after = page.next
    assert ["3-0", "3-1", "3-2", "5-0", "5-1", "5-2"] == seen
    assert "5-2" == after
    assert journal_page(store, None, None, None, 1).entries[0].at is not None


def test_an_empty_journal_has_no_next() -> None:
    """There is nothing to go on from."""
    assert journal_page(MemoryExampleStore(), None, None, None, 10).next is None


@pytest.mark.parametrize("cursor", ["", "5", "5-", "-1-2", "5-2-1", "x-1", "1" * 30 + "-1"])
def test_foreign_cursors_are_refused(cursor: str) -> None:
    """A cursor is one of ours or a bad query."""
    with pytest.raises(BadQuery):
        journal_page(filled(), None, None, cursor, 10)
