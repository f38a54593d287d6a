"""Chance: all that is drawn is a function of the seed and of what it is for.

Read in this order: `purposes` (what is drawn, each purpose with a generator of its own) and `counter` (numbers drawn by
device and instant, in any order, also in compiled loops).
"""
