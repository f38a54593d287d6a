"""Lot: exactly so many out of a stream, each as likely as any other, with no memory of what went by.

It has to be known how many there will be; then each one is taken with the chance (still wanted) / (still to come).
The chance of each is drawn by counter, so it does not matter in which portions they come.

Source: algorithm S in D. Knuth, "The Art of Computer Programming", volume 2, section 3.4.2.
"""

import numba
import numpy as np
import numpy.typing as npt

from simulator.arrays import Flags, Indices, Ints
from simulator.chance.counter import key_of, units
from simulator.chance.purposes import Purpose


@numba.njit(nogil=True, cache=True)
def _draw(
    chance: npt.NDArray[np.float64],
    group: npt.NDArray[np.int8],
    wanted: npt.NDArray[np.int64],
    to_come: npt.NDArray[np.int64],
) -> npt.NDArray[np.bool_]:
    taken = np.zeros(len(chance), np.bool_)
    for i in range(len(chance)):
        k = group[i]
        # The first condition would follow from the second, but for rounding.
        if wanted[k] >= to_come[k] or chance[i] * to_come[k] < wanted[k]:
            taken[i] = wanted[k] > 0
            wanted[k] -= taken[i]
        to_come[k] -= 1
    return taken


class Lot:
    """Draws, in each of k groups, exactly as many as are wanted.

    Args:
        seed: Seed of the draw.
        wanted: How many to take of each group, (k,).
        offered: How many of each will come, no fewer, (k,).
    """

    def __init__(self, seed: int, wanted: Ints, offered: Ints) -> None:
        self._key = key_of(seed, Purpose.SAMPLES)
        self._wanted = wanted.copy()
        self._to_come = offered.copy()

    def draw(self, group: npt.NDArray[np.int8], device: Indices, ts: Ints) -> Flags:
        """Say which of the next n candidates are taken, (n,); the stream must come in the same order always."""
        return np.asarray(_draw(units(self._key, device, ts, 0), group, self._wanted, self._to_come))
