"""Ingest: how many readings a second the service takes, scores and makes durable, beside its peers and the wire itself.

    core 0                                         core 1
    service | peers | wire | empty POST   ◄─────   load: bodies made before the time runs
                                                   learner, at its low priority

``questions`` tells what is asked, in its order; ``load`` sends, ``bodies`` makes what is sent, ``warm`` starts a
service whose online members vote, ``contest`` lets contestants take turns on ``cores`` of their own, ``flat`` asks
whether the cost of a reading grows.
"""

from benchmarks.ingest.questions import measure

__all__ = ["measure"]
