"""Feature rows for tests of models: float32 matrices with unknown values, and the same rows as River takes them."""

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.float32]
NAMES = [f"f{k}" for k in range(8)]
CONSTANT = 6
HUGE = 7


def some_rows(n: int, seed: int, missing: float = 0.25) -> Rows:
    """Normal, skewed, binary, rounded, constant and huge columns; a share of the values is NaN."""
    rng = np.random.default_rng(seed)
    rows = np.column_stack(
        [
            rng.normal(size=n),
            rng.normal(size=n),
            rng.exponential(size=n) * 1e3,
            rng.integers(0, 2, n),
            np.round(rng.normal(size=n), 1),
            rng.normal(size=n) * 1e-4,
            np.full(n, 3.0),
            rng.choice([-1e30, -1e12, 0.0, 1e12, 1e30], n) * rng.random(n),
        ]
    )
    rows[rng.random(rows.shape) < missing] = np.nan
    return rows.astype(np.float32)


def labels_of(rows: Rows, seed: int, *, flipped: bool = False) -> npt.NDArray[np.bool_]:
    """Failures that depend on several columns, with noise; ``flipped`` is the opposite world."""
    filled = np.nan_to_num(rows.astype(np.float64))
    score = filled[:, 0] + (filled[:, 2] > 700.0) + 0.5 * filled[:, 3] + filled[:, 4]
    noise = np.random.default_rng(seed).normal(scale=0.3, size=len(rows))
    return np.asarray((score + noise > 1.0) != flipped)


def as_dicts(rows: Rows, names: list[str] = NAMES) -> list[dict[str, float]]:
    """Each row as a dict without its unknown values."""
    return [{name: v for name, v in zip(names, row, strict=True) if v == v} for row in rows.tolist()]
