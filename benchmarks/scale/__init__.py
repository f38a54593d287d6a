"""Scale: what do more samples bring, and what do they cost?"""

from benchmarks.scale.questions import measure

__all__ = ["measure"]
