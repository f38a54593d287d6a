"""The commands: each makes a fleet, or reads a table, and hands it on.

Read in this order: `options` (the flags that ask for a world), `simulate`, `replay`, `scenarios`, `dataset`, and `demo`
with its `board`. The service's command line has them all; ``python -m simulator`` has `simulate`, `replay` and
`scenarios`.
"""
