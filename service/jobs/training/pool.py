"""The pool: examples of several home types in one matrix, weighted back to all that matured.

Negatives are sampled, at a rate of its own in each home type. A chosen example therefore stands for as many as matured,
with its label, in the same home type and by the same choice, for each one chosen.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from service.jobs.training.examples import Examples, Flags, Ints, Rows

Floats = npt.NDArray[np.float64]


class Choice(Protocol):
    """Which examples of a home type count."""

    def holds(self, ts: Ints, at_seq: Ints, device: Ints) -> Flags:
        """Whether it holds each example; columns (n,) as in `Examples`, and so is the answer."""
        ...


class Span(Struct, frozen=True):
    """Those with ``since_us <= ts < before_us`` that matured after an event, of all devices."""

    since_us: int = -(2**63)
    before_us: int = 2**63 - 1
    after_seq: int = -1

    def holds(self, ts: Ints, at_seq: Ints, device: Ints) -> Flags:
        """See `Choice.holds`."""
        return (ts >= self.since_us) & (ts < self.before_us) & (at_seq > self.after_seq)


class Pool(Struct, frozen=True, kw_only=True):
    """Examples with features, k rows; attributes as in `Examples`.

    Attributes:
        columns: All feature names of the home types, each once; (f,). A home type has NaN in those that it lacks.
        home_type: Home type of each row; of its name.
        device: Identities of devices, unequal also between home types.
        weights: For how many matured examples each row stands; float64 (k,).
        base_rate: Share of positives among all that matured; 0 if nothing did.
        newest_us: Instant of the newest row in microseconds; 0 without rows.
    """

    columns: list[str]
    rows: Rows
    labels: Flags
    modes: list[str]
    at_seq: Ints
    home_type: npt.NDArray[np.str_]
    device: Ints
    weights: Floats
    base_rate: float
    newest_us: int

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def positives(self) -> int:
        """How many rows are positive."""
        return int(self.labels.sum())

    @property
    def two_sided(self) -> bool:
        """Whether there are positives and negatives."""
        return 0 < self.positives < len(self)

    @property
    def failing_devices(self) -> int:
        """How many devices the positives are of."""
        return len(np.unique(self.device[self.labels]))


def pooled(parts: Sequence[Examples], choices: Sequence[Choice] | None = None) -> Pool:
    """Put examples of one or more home types together; ``choices`` says for each which of them count (default: all)."""
    choices = choices if choices is not None else [Span()] * len(parts)
    columns = list(dict.fromkeys(name for part in parts for name in part.columns))
    place = {name: n for n, name in enumerate(columns)}
    held = [choice.holds(part.ts, part.at_seq, part.device) for part, choice in zip(parts, choices, strict=True)]
    rows = np.full((sum(int(mask.sum()) for mask in held), len(columns)), np.nan, np.float32)
    weights = np.ones(len(rows))
    matured, positive, low = 0, 0, 0
    for part, choice, mask in zip(parts, choices, held, strict=True):
        here = slice(low, low + int(mask.sum()))
        rows[here, [place[name] for name in part.columns]] = part.rows[mask]
        every = part.all_labels[choice.holds(part.all_ts, part.all_at_seq, part.all_device)]
        weights[here] = _weights(part.labels[mask], every)
        matured, positive, low = matured + len(every), positive + int(every.sum()), here.stop
    counts = [int(mask.sum()) for mask in held]
    devices = [(n << 32) | part.device[mask] for n, (part, mask) in enumerate(zip(parts, held, strict=True))]
    return Pool(
        columns=columns,
        rows=rows,
        labels=np.concatenate([np.empty(0, np.bool_), *(p.labels[m] for p, m in zip(parts, held, strict=True))]),
        modes=[part.modes[n] for part, mask in zip(parts, held, strict=True) for n in np.flatnonzero(mask)],
        at_seq=np.concatenate([np.empty(0, np.int64), *(p.at_seq[m] for p, m in zip(parts, held, strict=True))]),
        home_type=np.repeat([part.home_type for part in parts], counts).astype(np.str_),
        device=np.concatenate([np.empty(0, np.int64), *devices]),
        weights=weights,
        base_rate=positive / matured if matured else 0.0,
        newest_us=max((int(p.ts[m].max()) for p, m in zip(parts, held, strict=True) if m.any()), default=0),
    )


def _weights(labels: Flags, every: Flags) -> Floats:
    """For how many of ``every`` that matured each of the chosen stands."""
    out = np.ones(len(labels))
    for label in (False, True):
        chosen = labels == label
        if chosen.any():
            out[chosen] = np.count_nonzero(every == label) / np.count_nonzero(chosen)
    return out
