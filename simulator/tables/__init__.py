"""Tables of one's own, replayed: a mapping says which column is what, and what is a failure.

Read in this order: `mapping` (what a user writes; some are `shipped`), `columns`, `instants`, `frames` (reading the
file), `failure_rules` and `failures` (what failed when), and `table` (the stream made of it). The command is
`simulator.commands.replay`.
"""
