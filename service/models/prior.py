"""The prior: the member of last resort, the decayed base rate of failures. It makes sure that a risk is never null."""

from msgspec import Struct

_FIRST_GUESS = 0.02
_GUESS_MASS = 50.0
_HALF_LIFE_EXAMPLES = 20_000.0


class Prior(Struct):
    """Decayed share of positives among matured examples, by count of examples, begun from a guess of 2 %.

    Until a first positive it stays at the guess: that nobody reports failures does not mean that there are none.
    """

    positives: float = _FIRST_GUESS * _GUESS_MASS
    examples: float = _GUESS_MASS
    version: int = 0
    any_positive: bool = False

    def learn(self, positive: bool) -> None:
        """Count one matured example."""
        keep = 2.0 ** (-1.0 / _HALF_LIFE_EXAMPLES)
        self.positives = keep * self.positives + positive
        self.examples = keep * self.examples + 1.0
        self.version += 1
        self.any_positive |= positive

    def correct(self, *, believed: bool) -> None:
        """Count an example as positive after all; ``believed`` says whether it had been counted as negative."""
        self.positives += 1.0
        self.examples += not believed
        self.version += 1
        self.any_positive = True

    def risk(self) -> float:
        """The base rate, kept within [1e-4, 0.999]."""
        return min(max(self.positives / self.examples, 1e-4), 0.999) if self.any_positive else _FIRST_GUESS
