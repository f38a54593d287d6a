"""Training examples: what the training store holds of a home type, with labels as they are known by now.

Only those that are kept have features: all positives, and a sample of the negatives. So beside them stands everything
that matured, which says for how many each of them stands.
"""

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from service.contracts.ports import ExampleStore, MaturedExamples
from service.features.layout import absent_values
from service.labels.corrected import corrected_labels, late_positives
from service.labels.join import CENSORED, POSITIVE

Rows = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_Key = tuple[int, int]
"""Event and row of an example."""


class Examples(Struct, frozen=True, kw_only=True):
    """Examples of one home type in order of maturity, censored ones left out: k with features, among n that matured.

    Attributes:
        home_type: Whose examples.
        columns: Feature names; (f,).
        rows: Feature rows, NaN where unknown; float32 (k, f).
        labels: Whether the device failed within the horizon; bool (k,).
        modes: In which mode, empty where it did not or nobody told; of length k.
        ts: Instants in microseconds; int64 (k,).
        at_seq: The events at which they matured; int64 (k,).
        device: Device numbers; int64 (k,).
        all_labels, all_ts, all_at_seq, all_device: The same of everything that matured; (n,).
    """

    home_type: str
    columns: list[str]
    rows: Rows
    labels: Flags
    modes: list[str]
    ts: Ints
    at_seq: Ints
    device: Ints
    all_labels: Flags
    all_ts: Ints
    all_at_seq: Ints
    all_device: Ints


def read_examples(store: ExampleStore, home_type: str, columns: list[str], *, window: int, up_to_seq: int) -> Examples:
    """The newest examples of a home type, as the store was after an event.

    Args:
        store: The training store.
        home_type: Whose examples.
        columns: Its feature columns by now. Rows logged before one of them came are filled up.
        window: How many of the newest examples that matured uncensored count.
        up_to_seq: The event.

    Raises:
        ValueError: The store has more columns than were given.
    """
    blocks = store.latest(home_type, window, up_to_seq=up_to_seq)
    late = late_positives(blocks)
    told = _told_late(blocks, len(columns))
    taken = _Taken(len(columns))
    for block in blocks:
        if not block.late:
            taken.add(block, corrected_labels(block, late), told)
    return taken.newest(window, home_type, columns)


def _features(block: MaturedExamples, width: int) -> Rows:
    """The feature rows of a block, filled up to ``width`` columns with NaN."""
    if block.columns > width:
        raise ValueError(f"{block.home_type} has rows of {block.columns} columns, but only {width} are known")
    rows = np.frombuffer(block.features, np.float32).reshape(-1, block.columns) if block.columns else np.empty((0, 0))
    out = np.full((len(rows), width), np.nan, np.float32)
    out[:, : block.columns] = rows
    return out


def _modes(block: MaturedExamples, chosen: int) -> list[str]:
    return block.modes or [""] * chosen


def _told_late(blocks: list[MaturedExamples], width: int) -> dict[_Key, tuple[Rows, str]]:
    """Row and mode of the examples that a failure reported afterwards made positive, where they could be learned."""
    out: dict[_Key, tuple[Rows, str]] = {}
    for block in blocks:
        if block.late:
            chosen = np.frombuffer(block.chosen, np.int32)
            seqs, rows = np.frombuffer(block.seq, np.int64)[chosen], np.frombuffer(block.row, np.int32)[chosen]
            features = _features(block, width)
            for n, mode in enumerate(_modes(block, len(chosen))):
                out[int(seqs[n]), int(rows[n])] = (features[n], mode)
    return out


class _Taken:
    """Columns that grow block by block. A chosen example knows its number among all that matured."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._rows = [np.empty((0, width), np.float32)]
        self._number = [np.empty(0, np.int64)]
        self._device = [np.empty(0, np.int64)]
        self._labels = [np.empty(0, np.bool_)]
        self._ts = [np.empty(0, np.int64)]
        self._at_seq = [np.empty(0, np.int64)]
        self._all_device = [np.empty(0, np.int64)]
        self._modes: list[str] = []
        self._count = 0

    def add(self, block: MaturedExamples, labels: npt.NDArray[np.int8], told: dict[_Key, tuple[Rows, str]]) -> None:
        kept = labels > CENSORED
        number = self._count + np.cumsum(kept) - 1
        chosen = np.frombuffer(block.chosen, np.int32)
        rows, modes = _features(block, self._width), _modes(block, len(chosen))
        device = np.frombuffer(block.device, np.int32).astype(np.int64)
        if told:
            place = {int(position): n for n, position in enumerate(chosen)}
            seqs, numbers = np.frombuffer(block.seq, np.int64).tolist(), np.frombuffer(block.row, np.int32).tolist()
            modes, added, extra = list(modes), [rows], []
            for position, key in enumerate(zip(seqs, numbers, strict=True)):
                if (late := told.get(key)) is None:
                    continue
                if position in place:  # was learned as a negative before
                    modes[place[position]] = late[1]
                else:
                    extra.append(position)
                    modes.append(late[1])
                    added.append(late[0][None])
            rows, chosen = np.concatenate(added), np.append(chosen, np.array(extra, np.int32))
        self._rows.append(rows)
        self._modes += modes
        self._number.append(number[chosen])
        self._device.append(device[chosen])
        self._labels.append((labels == POSITIVE)[kept])
        self._ts.append(np.frombuffer(block.ts, np.int64)[kept])
        self._at_seq.append(np.full(int(kept.sum()), block.at_seq, np.int64))
        self._all_device.append(device[kept])
        self._count += int(kept.sum())

    def newest(self, window: int, home_type: str, columns: list[str]) -> Examples:
        first = max(0, self._count - window)
        number = np.concatenate(self._number)
        order = np.argsort(number, kind="stable")
        order = order[number[order] >= first]
        rows = np.concatenate(self._rows)[order]
        absent = absent_values(columns)
        for column in np.flatnonzero(~np.isnan(absent)):
            values = rows[:, column]
            values[np.isnan(values)] = absent[column]
        labels, ts, at_seq = np.concatenate(self._labels), np.concatenate(self._ts), np.concatenate(self._at_seq)
        chosen = number[order]
        return Examples(
            home_type=home_type,
            columns=columns,
            rows=rows,
            labels=labels[chosen],
            modes=[self._modes[n] for n in order],
            ts=ts[chosen],
            at_seq=at_seq[chosen],
            device=np.concatenate(self._device)[order],
            all_labels=labels[first:],
            all_ts=ts[first:],
            all_at_seq=at_seq[first:],
            all_device=np.concatenate(self._all_device)[first:],
        )
