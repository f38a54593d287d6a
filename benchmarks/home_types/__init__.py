"""Home types: is a model of a home type's own better than one for all, and what fails there, when?"""

from benchmarks.home_types.questions import measure

__all__ = ["measure"]
