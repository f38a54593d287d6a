"""Chance by counter: a random number is a function of what it is for, so nothing depends on the order of drawing.

What a device reports at an instant is drawn from (seed, device, instant, channel) and from nothing else. So a fleet may
be generated in blocks of any size, or a part of it alone, and every number stays what it was.

Source: the idea is that of J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011); the mixing
function is the finalizer of G. Steele, D. Lea and C. Flood, "Fast splittable pseudorandom number generators" (OOPSLA
2014).
"""

from typing import Final

import numba
import numpy as np
import numpy.typing as npt

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_27, _30, _31, _11 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(11)
_UNIT: Final = 2.0**-53


@numba.njit(nogil=True, cache=True, inline="always")
def mix(key: np.uint64, counter: np.uint64) -> np.uint64:
    """Return 64 random bits for a key and a counter; they may be the key of a further counter."""
    bits = key + (counter + np.uint64(1)) * _GOLDEN
    bits = (bits ^ (bits >> _30)) * _FIRST
    bits = (bits ^ (bits >> _27)) * _SECOND
    return bits ^ (bits >> _31)


@numba.njit(nogil=True, cache=True, inline="always")
def unit(bits: np.uint64) -> float:
    """Return a number in [0, 1) made of random bits."""
    return np.float64(bits >> _11) * _UNIT


def key_of(seed: int, purpose: int) -> np.uint64:
    """Return the key of one purpose of one seed."""
    return np.uint64(np.random.SeedSequence(seed, spawn_key=(purpose,)).generate_state(1, np.uint64)[0])


@numba.njit(nogil=True, cache=True)
def _units(
    key: np.uint64, owner: npt.NDArray[np.int64], at: npt.NDArray[np.int64], channel: int
) -> npt.NDArray[np.float64]:
    out = np.empty(len(owner))
    for i in range(len(owner)):
        bits = mix(mix(mix(key, np.uint64(owner[i])), np.uint64(at[i])), np.uint64(channel))
        out[i] = unit(bits)
    return out


def units(
    key: np.uint64, owner: npt.NDArray[np.integer], at: npt.NDArray[np.integer], channel: int
) -> npt.NDArray[np.float64]:
    """Return numbers in [0, 1), (n,), one for each owner (a device, a home) and instant; channels are independent."""
    return np.asarray(_units(key, owner.astype(np.int64), at.astype(np.int64), channel))


def normals(
    key: np.uint64, owner: npt.NDArray[np.integer], at: npt.NDArray[np.integer], channel: int
) -> npt.NDArray[np.float64]:
    """Return normal numbers of mean 0 and variance 1, (n,), likewise (Box and Muller); takes the next channel too."""
    length = np.sqrt(-2.0 * np.log1p(-units(key, owner, at, channel)))
    return np.asarray(length * np.cos(2.0 * np.pi * units(key, owner, at, channel + 1)))
