"""A training store that somebody else still holds: waited for, not taken for damaged."""

import subprocess
import sys
from pathlib import Path

import apsw

from service.storage.examples import SqliteExampleStore

_HOLD = """
import sys, time, apsw
db = apsw.Connection(sys.argv[1])
db.execute("PRAGMA locking_mode=EXCLUSIVE")
db.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
time.sleep(1.0)
"""


def test_a_store_held_for_a_moment_is_waited_for(tmp_path: Path) -> None:
    """The learner of a service that was killed may hold it a moment longer."""
    path = tmp_path / "examples.db"
    SqliteExampleStore(path).close()
    db = apsw.Connection(str(path))
    db.execute("PRAGMA journal_mode=DELETE")
    db.close()
    with subprocess.Popen([sys.executable, "-c", _HOLD, str(path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert "held\n" == holder.stdout.readline()
        store = SqliteExampleStore(path)
        assert [] == store.blocks()
        store.close()
    assert not path.with_suffix(".damaged").exists()
