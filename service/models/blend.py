"""The blend: what the members' raw probabilities become together, the live risk."""

from typing import Final

import numba
import numpy as np
import numpy.typing as npt

RAW_FLOOR: Final = 1e-3
"""Raw probabilities are kept this far from 0 and 1: a forest of pure leaves knows no doubt."""


@numba.njit(nogil=True, cache=True)
def blend(
    risk: npt.NDArray[np.float64],
    floor: npt.NDArray[np.float64],
    shift: npt.NDArray[np.float64],
    weight: npt.NDArray[np.float64],
    slope: float,
    offset: float,
    out: npt.NDArray[np.float64],
) -> None:
    """Members' risks of their raw probabilities, and the blend: the weighted mean of log odds, as probability.

    A member's log odds are lowered by the shift of its sampling prior; those of the blend are calibrated.

    Args:
        risk: Raw probabilities by member, NaN where it gave none; (n, k). They become risks in place.
        floor: How far from 0 and 1 they are kept, at least; (k,).
        shift: Log odds by which they are too high; (k,).
        weight: Adding up to 1; where it is 0 the member is left out of the blend; (k,).
        slope, offset: Calibration of the blend: slope times its log odds, plus offset; (1, 0) changes nothing.
        out: The blend; (n,).
    """
    for i in range(risk.shape[0]):
        mean = 0.0
        for k in range(risk.shape[1]):
            p = risk[i, k]
            if p != p:
                continue
            p = min(max(p, floor[k]), 1.0 - floor[k])
            z = np.log(p) - np.log1p(-p) - shift[k]
            e = np.exp(-abs(z))
            risk[i, k] = (1.0 if z >= 0.0 else e) / (1.0 + e)
            if weight[k] > 0.0:
                mean += weight[k] * z
        mean = slope * mean + offset
        e = np.exp(-abs(mean))
        out[i] = (1.0 if mean >= 0.0 else e) / (1.0 + e)
