"""The live stream: risks above a threshold and what the learner decided, told as they come and again on request.

Everything told has a place in the log or in the journal, so that a listener can go on from where it was, also after
the service was started anew. A listener that falls behind is served from the log; nobody waits for it.

`risks` picks what is told, `ring` keeps the newest of it, `place` says how far a listener has come, `feed` what it is
told next.
"""
