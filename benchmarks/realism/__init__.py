"""Realism: is the simulated fleet worth learning from, and how fast is it made?"""

from benchmarks.realism.questions import measure

__all__ = ["measure"]
