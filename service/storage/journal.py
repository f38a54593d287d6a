"""The journal's table, in the database of the matured examples: written by the learner, read by the service."""

from collections.abc import Sequence

import apsw
from msgspec.structs import astuple

from service.contracts.journal import JournalRecord

KEPT = 100_000
"""Records kept, the newest; up to `SLACK` more stand there until they are dropped together."""
SLACK = 1_000


def create_journal(db: apsw.Connection) -> None:
    """Make the table, if it is not there."""
    db.execute(
        "CREATE TABLE IF NOT EXISTS journal("
        "seq INTEGER, place INTEGER, kind TEXT, home_type TEXT, member TEXT, "
        "at_us INTEGER, amount REAL, sentence TEXT, PRIMARY KEY(seq, place)) WITHOUT ROWID"
    )


def write_journal(db: apsw.Connection, records: Sequence[JournalRecord]) -> None:
    """Store records, the later of the same (seq, place) instead of the former."""
    db.executemany("INSERT OR REPLACE INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", map(astuple, records))


def trim_journal(db: apsw.Connection) -> None:
    """Drop all but the newest records."""
    db.execute(
        "DELETE FROM journal WHERE (seq, place) < "
        "(SELECT seq, place FROM journal ORDER BY seq DESC, place DESC LIMIT 1 OFFSET ?)",
        (KEPT - 1,),
    )


def journal_back(db: apsw.Connection, records: int) -> tuple[int, int]:
    """See `ExampleStore.journal_back`."""
    place: tuple[int, int] | None = db.execute(
        "SELECT seq, place FROM journal ORDER BY seq DESC, place DESC LIMIT 1 OFFSET ?", (records,)
    ).fetchone()
    return place or (0, -1)


def read_journal(
    db: apsw.Connection, home_type: str | None, kind: str | None, after: tuple[int, int], limit: int
) -> list[JournalRecord]:
    """See `ExampleStore.journal`."""
    rows = db.execute(
        "SELECT * FROM journal WHERE (seq, place) > (?1, ?2) AND (?3 IS NULL OR home_type = ?3) "
        "AND (?4 IS NULL OR kind = ?4) ORDER BY seq, place LIMIT ?5",
        (*after, home_type, kind, limit),
    ).fetchall()
    return [JournalRecord(**dict(zip(JournalRecord.__struct_fields__, row, strict=True))) for row in rows]  # type: ignore[arg-type]  # columns of the table
