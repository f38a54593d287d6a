"""Which matured examples are learned, and which are kept for training: all positives, and some negatives for each.

Online members learn about two negatives for each positive; checkpoints, which are trained in batch, are given about
eight (ADR 0013), those two among them. The hash of (seed, seq, row) makes the choice a function of the log. The rates
follow running counts and never fall below 2 %. Before the first positive of a home type nothing is learned or kept:
that nobody reports failures is no health.
"""

import math

import numpy as np
import numpy.typing as npt
from msgspec import Struct

NEGATIVES_PER_POSITIVE = 2.0
KEPT_PER_POSITIVE = 8.0
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


class Choice(Struct, frozen=True):
    """What is done with a matured example.

    Attributes:
        learned: Whether the online members learn it.
        kept: Whether its features are kept for training; what is learned is.
    """

    learned: bool
    kept: bool


_POSITIVE = Choice(True, True)
_LEFT_OUT = Choice(False, False)


class Sampler(Struct, kw_only=True):
    """The choice of examples for one home type (or, counting only, for the fleet).

    Attributes:
        seed: Seed of the hash.
        positives, negatives: Matured so far.
        learned_positives, learned_negatives: Learned so far.
    """

    seed: int
    positives: int = 0
    negatives: int = 0
    learned_positives: int = 0
    learned_negatives: int = 0

    def choose(self, *, positive: bool, seq: int, row: int) -> Choice:
        """Count a matured example, and say what is to be done with it."""
        choice = _POSITIVE
        if not positive:
            choice = self._of_negative(unit_hash(self.seed, seq, row)) if self.positives > 0 else _LEFT_OUT
        self.count(positive=positive, learned=choice.learned)
        return choice

    def _of_negative(self, drawn: float) -> Choice:
        odds = self.positives / (self.negatives + 1)
        return Choice(
            drawn < max(FLOOR, NEGATIVES_PER_POSITIVE * odds),
            drawn < max(FLOOR, KEPT_PER_POSITIVE * odds),
        )

    def count(self, *, positive: bool, learned: bool) -> None:
        """Count a matured example, and whether it was learned."""
        if positive:
            self.positives += 1
            self.learned_positives += learned
        else:
            self.negatives += 1
            self.learned_negatives += learned

    def correct(self, *, believed: bool, learned: bool) -> None:
        """Count an example as positive after all; ``believed`` says whether it had counted as negative."""
        self.count(positive=True, learned=learned)
        self.negatives -= believed

    def logit_shift(self) -> float:
        """How much too high a model trained on the learned examples sees the log odds of a failure."""
        learned = math.log((self.learned_positives + 0.5) / (self.learned_negatives + 0.5))
        return learned - math.log((self.positives + 0.5) / (self.negatives + 0.5))
