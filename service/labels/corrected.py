"""Corrected labels: what a failure reported late makes of labels that were final in the training store."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from service.contracts.ports import MaturedExamples
from service.labels.join import POSITIVE

Late = set[tuple[str, int, int]]
"""Examples by home type, event and row."""


def late_positives(blocks: Sequence[MaturedExamples]) -> Late:
    """Examples that a failure reported afterwards made positive."""
    out: Late = set()
    for block in blocks:
        if block.late:
            seqs, rows = np.frombuffer(block.seq, np.int64), np.frombuffer(block.row, np.int32)
            out.update((block.home_type, seq, row) for seq, row in zip(seqs.tolist(), rows.tolist(), strict=True))
    return out


def corrected_labels(block: MaturedExamples, late: Late) -> npt.NDArray[np.int8]:
    """The labels of a block, corrected."""
    labels = np.frombuffer(block.label, np.int8)
    if not late:
        return labels
    seqs, rows = np.frombuffer(block.seq, np.int64).tolist(), np.frombuffer(block.row, np.int32).tolist()
    corrected = [(block.home_type, seq, row) in late for seq, row in zip(seqs, rows, strict=True)]
    return np.where(corrected, np.int8(POSITIVE), labels)
