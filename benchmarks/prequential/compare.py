"""Compare: one model's PR-AUC minus another's with an interval, and how much of a drift's loss was won back."""

from collections.abc import Mapping

import numpy as np

from benchmarks.prequential.history import Hindsight, questions
from benchmarks.prequential.played import DAY_US, Bools, Floats, Ints, Played
from benchmarks.prequential.resampled import Resampled
from benchmarks.prequential.rivals import oracle
from benchmarks.report import Row
from service.evaluation.bootstrap import draws
from service.evaluation.metrics import pr_auc

_RESAMPLES = 200
_TAIL = 0.05
SETTLED_US = 3 * DAY_US
"""After a drift is through, so long passes until it is asked how much of the gap is closed."""


def differences(labels: Bools, device: Ints, ours: Floats, theirs: Mapping[str, Floats], seed: int) -> list[Row]:
    """PR-AUC of one minus that of each other, with the 90 % interval of a paired bootstrap over devices.

    Args:
        labels: Of the examples; (n,).
        device: Whose they are; (n,).
        ours: Risks of the one, none of them NaN; (n,).
        theirs: Risks of the others by the ids of the rows; each (n,).
        seed: Of the bootstrap.
    """
    if not len(labels):
        return [Row(f"{name}{part}", None, "", "higher") for name in theirs for part in ("", ".low", ".high")]
    devices, number = np.unique(device, return_inverse=True)
    one = Resampled(labels, ours, number)
    others = {name: Resampled(labels, risks, number) for name, risks in theirs.items()}
    drawn: dict[str, list[float]] = {name: [] for name in theirs}
    for times in draws(len(devices), seed=seed, resamples=_RESAMPLES):
        a = one.pr_auc(times)
        for name, other in others.items():
            b = other.pr_auc(times)
            if a is not None and b is not None:
                drawn[name].append(a - b)
    out = []
    once = np.ones(len(devices), np.int64)
    a = one.pr_auc(once)
    for name, other in others.items():
        b = other.pr_auc(once)
        low, high = np.quantile(drawn[name], [_TAIL, 1.0 - _TAIL]).tolist() if drawn[name] else (None, None)
        out += [
            Row(name, a - b if a is not None and b is not None else None, "", "higher"),
            Row(f"{name}.low", low, "", "higher"),
            Row(f"{name}.high", high, "", "higher"),
        ]
    return out


def drift_us(begins: float, through: float, played: Played) -> tuple[int, int]:
    """When a drift begins and when it is through, of shares of the span, in microseconds."""
    first, last = int(played.ts[0]), int(played.ts[-1] + played.horizon_us)
    return int(first + begins * (last - first)), int(first + max(begins, through) * (last - first))


def gap_rows(name: str, begins: float, through: float, played: Played, frozen: Floats, seed: int) -> list[Row]:
    """How much of what was lost by a drift has been won back some days after it was through.

    Args:
        name: Of the stream, in the ids.
        begins, through: Where the drift begins and is through, as shares of the span.
        played: The stream.
        frozen: Risks of the model that knows only what was before; (n,).
        seed: Of the oracle.
    """
    _, since_us = drift_us(begins, through, played)
    risks = oracle(questions(played), Hindsight(played), since_us, seed)
    asked = (played.ts >= since_us + SETTLED_US) & ~np.isnan(risks)
    labels = played.labels[asked]
    before, knowing = pr_auc(labels, np.nan_to_num(frozen[asked])), pr_auc(labels, risks[asked])
    blend = pr_auc(labels, played.blend[asked])
    if before is None or knowing is None or blend is None:
        return [Row(f"{name}.gap_closed", None, "", "higher")]
    return [
        Row(f"{name}.after.frozen.pr_auc", before, "", "higher"),
        Row(f"{name}.after.oracle.pr_auc", knowing, "", "higher"),
        Row(f"{name}.after.blend.pr_auc", blend, "", "higher"),
        Row(f"{name}.gap", knowing - before, "", "higher"),
        Row(f"{name}.gap_closed", (blend - before) / (knowing - before) if knowing > before else None, "", "higher"),
    ]
