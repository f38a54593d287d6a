"""Labels that were final, corrected by a failure reported afterwards."""

import numpy as np

from service.contracts.ports import MaturedExamples
from service.labels.corrected import corrected_labels, late_positives


def block(home_type: str, at_seq: int, seqs: list[int], labels: list[int], *, late: bool = False) -> MaturedExamples:
    n = len(seqs)
    return MaturedExamples(
        home_type=home_type,
        at_seq=at_seq,
        late=late,
        seq=np.array(seqs, np.int64).tobytes(),
        row=np.zeros(n, np.int32).tobytes(),
        device=np.zeros(n, np.int32).tobytes(),
        ts=np.zeros(n, np.int64).tobytes(),
        label=np.array(labels, np.int8).tobytes(),
        blend=np.zeros(n).tobytes(),
        members=[],
        member_risk=b"",
    )


def test_late_failures_turn_labels_positive() -> None:
    """Negative and censored ones, of that home type only; the rest stays."""
    villa, studio = block("villa", 9, [1, 2, 3, 4], [0, -1, 0, 1]), block("studio", 9, [1, 2], [0, 0])
    late = late_positives([villa, studio, block("villa", 12, [1, 2], [1, 1], late=True)])

    assert {("villa", 1, 0), ("villa", 2, 0)} == late
    assert [1, 1, 0, 1] == corrected_labels(villa, late).tolist()
    assert [0, 0] == corrected_labels(studio, late).tolist()
    assert [0, -1, 0, 1] == corrected_labels(villa, set()).tolist()
