"""Which matured examples are learned: all positives, and about two negatives for each, chosen by a hash.

The hash of (seed, seq, row) makes the choice a function of the log. The rate follows running counts and never falls
below 2 %. Before the first positive of a home type nothing is learned: that nobody reports failures is no health.
"""

import math

import numpy as np
import numpy.typing as npt
from msgspec import Struct

NEGATIVES_PER_POSITIVE = 2.0
FLOOR = 0.02
_MASK = (1 << 64) - 1


def _mixed(value: int) -> int:
    """Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014 (SplitMix64)."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def unit_hash(seed: int, seq: int, row: int) -> float:
    """A number in [0, 1) that is fixed by its arguments and looks uniform over them."""
    return _mixed(_mixed(_mixed(seed) ^ seq) ^ row) / 2.0**64


def unit_hashes(seed: int, seq: int, rows: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """`unit_hash` of some rows of one event; (n,)."""
    value = np.uint64(_mixed(_mixed(seed) ^ seq)) ^ rows.astype(np.uint64)
    value += np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    value ^= value >> np.uint64(31)
    return np.asarray(value / 2.0**64)


class Sampler(Struct, kw_only=True):
    """The choice of examples for one home type (or, counting only, for the fleet).

    Attributes:
        seed: Seed of the hash.
        positives, negatives: Matured so far.
        learned_positives, learned_negatives: Chosen so far.
    """

    seed: int
    positives: int = 0
    negatives: int = 0
    learned_positives: int = 0
    learned_negatives: int = 0

    def choose(self, *, positive: bool, seq: int, row: int) -> bool:
        """Count a matured example, and say whether it is to be learned."""
        rate = min(1.0, NEGATIVES_PER_POSITIVE * self.positives / (self.negatives + 1))
        chosen = positive or (self.positives > 0 and unit_hash(self.seed, seq, row) < max(FLOOR, rate))
        self.count(positive=positive, chosen=chosen)
        return chosen

    def count(self, *, positive: bool, chosen: bool) -> None:
        """Count a matured example, and whether it was chosen."""
        if positive:
            self.positives += 1
            self.learned_positives += chosen
        else:
            self.negatives += 1
            self.learned_negatives += chosen

    def logit_shift(self) -> float:
        """How much too high a model trained on the chosen examples sees the log odds of a failure."""
        learned = math.log((self.learned_positives + 0.5) / (self.learned_negatives + 0.5))
        return learned - math.log((self.positives + 0.5) / (self.negatives + 0.5))
