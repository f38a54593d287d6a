"""Once: in a report, what several benchmarks need alike is made by the first of them."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from benchmarks.prequential import rivals
from benchmarks.prequential.once import FOLDER, fingerprint, once
from benchmarks.prequential.played import DAY_US
from benchmarks.prequential.rivals import retrained_beside
from tests.benchmarks.lived import lived


def test_a_rival_is_trained_once_in_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked again it says the same, though nobody could train it any more; beside other labels it is another."""
    played = lived(days=6, devices=40)
    monkeypatch.delenv(FOLDER, raising=False)
    alone = retrained_beside(played, DAY_US, 1)
    monkeypatch.setenv(FOLDER, str(tmp_path))
    first = retrained_beside(played, DAY_US, 1)

    def never(*_: object) -> object:
        raise AssertionError("it was trained again")

    monkeypatch.setattr(rivals, "retrained", never)
    again = retrained_beside(played, DAY_US, 1)

    assert np.array_equal(alone.risks, first.risks, equal_nan=True)
    assert np.array_equal(first.risks, again.risks, equal_nan=True)
    with pytest.raises(AssertionError, match="trained again"):
        retrained_beside(msgspec.structs.replace(played, labels=~played.labels), DAY_US, 1)


def test_all_that_it_depends_on_tells_one_from_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kind and parts; and nothing is kept where no report asks for it."""
    made: list[int] = []

    def make() -> int:
        made.append(len(made))
        return made[-1]

    monkeypatch.setenv(FOLDER, str(tmp_path))
    assert [once(make, "a", 1), once(make, "a", 2), once(make, "b", 1), once(make, "a", 1)] == [0, 1, 2, 0]
    monkeypatch.delenv(FOLDER)
    assert [once(make, "a", 1), once(make, "a", 1)] == [3, 4]


@pytest.mark.parametrize("part", ["rows", "ts", "labels", "device"])
def test_a_fingerprint_knows_every_part(part: str) -> None:
    """What a rival sees or learns is in it."""
    played = lived(turn=False)
    column = np.array(getattr(played, part))
    column[:1] = ~column[:1] if column.dtype == bool else column[:1] + 1
    assert fingerprint(played) != fingerprint(msgspec.structs.replace(played, **{part: column}))
