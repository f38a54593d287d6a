"""Array types and units used throughout."""

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Indices = NDArray[np.int32]
Codes = NDArray[np.int8]
Flags = NDArray[np.bool_]

SECOND = 1_000_000
"""Microseconds in a second: instants are int64 microseconds since the epoch, UTC."""
HOUR_S = 3_600
DAY_S = 86_400


@numba.njit(nogil=True, cache=True)
def latest(times: Ints, low: int, high: int, at: int) -> int:
    """Return the last row of ``low`` to before ``high`` whose time is not after ``at``, or ``low`` if all are."""
    while high - low > 1:
        middle = (low + high) // 2
        if times[middle] <= at:
            low = middle
        else:
            high = middle
    return low
