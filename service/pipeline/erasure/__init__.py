"""Erasure: what an event forgot leaves the disk behind it.

`rewrite` makes of a logged event the same one without what was forgotten, such that a fold of it comes to the same
state; `eraser` has it done, step by step, beside the stream.
"""
